"""The vendors as this installation reaches them, and the ways out that lead to them, or to the sandbox's inbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escalator.channels.contract import Channel
from escalator.channels.jira.api import Flavour
from escalator.channels.jira.channel import JiraChannel
from escalator.channels.jira.rest import JiraRest
from escalator.channels.mail.channel import MailChannel
from escalator.channels.mail.smtp import SmtpMailer
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.slack.api import SlackApi
from escalator.channels.slack.channel import SlackChannel
from escalator.channels.slack.rate_limit import UNPACED, Pacer, shared_pace
from escalator.channels.webhook.channel import WebhookChannel
from escalator.clock import Clock
from escalator.lazy_imports import LazyImport
from escalator.model.levels import Mode
from escalator.model.policy import DestinationKind
from escalator.services.sandbox_vendors.inbox import Shelf
from escalator.services.sandbox_vendors.jira import InboxJira
from escalator.services.sandbox_vendors.mail import InboxMail
from escalator.services.sandbox_vendors.pagerduty import InboxPagerDuty
from escalator.services.sandbox_vendors.webhook import InboxWebhook
from escalator.settings import Settings

if TYPE_CHECKING:
    from escalator.channels.pagerduty.events import PagerDutyEvents
    from escalator.channels.pagerduty.rest import PagerDutyRest
    from escalator.channels.webhook.client import HttpWebhook

WaysOut = Mapping[DestinationKind, Channel]

_SANDBOX_SENDER = "Escalator <escalator@sandbox.invalid>"
"""Who mails come from in a sandbox that has no sender yet."""


@dataclass(frozen=True, slots=True)
class Vendors:
    """The clients of the real vendors: none imports its library or opens anything before something is asked of it."""

    slack: SlackApi
    pagerduty: "PagerDutyEvents"
    pagerduty_rest: "PagerDutyRest"
    mail: SmtpMailer
    jira: JiraRest
    webhooks: "HttpWebhook"


def vendors_of(settings: Settings) -> Vendors:
    """Return the vendors where the environment says that they are."""

    def lazy(module: str, name: str, *arguments: object) -> Any:
        return LazyImport(f"escalator.channels.{module}", name, *arguments)

    return Vendors(
        slack=lazy("slack.web_api", "SlackWebApi", settings.slack_bot_token, settings.slack_api_url),
        pagerduty=lazy("pagerduty.events", "PagerDutyEvents", settings.pagerduty_events_url),
        pagerduty_rest=lazy(
            "pagerduty.rest", "PagerDutyRest", settings.pagerduty_api_url, settings.pagerduty_api_token
        ),
        mail=SmtpMailer(settings.smtp_url),
        jira=JiraRest(settings.jira_url, settings.jira_email, settings.jira_token),
        webhooks=lazy("webhook.client", "http_webhook", settings.webhook_allowed),
    )


def ways_out(
    settings: Settings, vendors: Vendors, slack: Callable[[Mode], SlackApi], shelf: Shelf, clock: Clock
) -> Callable[[Mode], WaysOut]:
    """Return the ways out in each mode; in the sandbox everything ends in its inbox."""
    real = _real(settings, vendors, slack(Mode.PRODUCTION), clock)
    flavour = vendors.jira.flavour if settings.jira_url else Flavour.CLOUD
    sandbox = _sandbox(settings, slack(Mode.SANDBOX), shelf, clock, flavour)

    def of_mode(mode: Mode) -> WaysOut:
        return sandbox if mode is Mode.SANDBOX else real

    return of_mode


def _real(settings: Settings, vendors: Vendors, slack: SlackApi, clock: Clock) -> WaysOut:
    return {
        DestinationKind.SLACK: SlackChannel(slack, _pacer(settings)),
        DestinationKind.PAGERDUTY: PagerDutyChannel(vendors.pagerduty),
        DestinationKind.EMAIL: MailChannel(vendors.mail, settings.mail_from),
        DestinationKind.JIRA: JiraChannel(vendors.jira),
        DestinationKind.WEBHOOK: WebhookChannel(vendors.webhooks, clock),
    }


def _pacer(settings: Settings) -> Pacer:
    return shared_pace(settings.redis_client_url, settings.slack_pace) if settings.slack_pace else UNPACED


def _sandbox(settings: Settings, slack: SlackApi, shelf: Shelf, clock: Clock, flavour: Flavour) -> WaysOut:
    spare_secret = settings.sandbox_signing_secret
    return {
        DestinationKind.SLACK: SlackChannel(slack),
        DestinationKind.PAGERDUTY: PagerDutyChannel(InboxPagerDuty(shelf)),
        DestinationKind.EMAIL: MailChannel(InboxMail(shelf), settings.mail_from or _SANDBOX_SENDER),
        DestinationKind.JIRA: JiraChannel(InboxJira(shelf, flavour)),
        DestinationKind.WEBHOOK: WebhookChannel(InboxWebhook(shelf), clock, spare_secret=spare_secret),
    }
