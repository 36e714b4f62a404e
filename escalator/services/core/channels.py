"""The vendors as this installation reaches them, and the ways out that lead to them, or to the sandbox's inbox."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from escalator.channels.clients import Clients
from escalator.channels.contract import Channel
from escalator.channels.email.channel import MailChannel
from escalator.channels.jira.api import Flavour
from escalator.channels.jira.channel import JiraChannel
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.registry import VENDORS
from escalator.channels.slack.api import SlackApi
from escalator.channels.slack.channel import SlackChannel
from escalator.channels.webhook.channel import WebhookChannel
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.services.sandbox_vendors.inbox import Shelf
from escalator.services.sandbox_vendors.jira import InboxJira
from escalator.services.sandbox_vendors.mail import InboxMail
from escalator.services.sandbox_vendors.pagerduty import InboxPagerDuty
from escalator.services.sandbox_vendors.webhook import InboxWebhook
from escalator.settings import Settings

WaysOut = Mapping[DestinationKind, Channel]

_SANDBOX_SENDER = "Escalator <escalator@sandbox.invalid>"
"""Who mails come from in a sandbox that has no sender yet."""


def ways_out(
    settings: Settings, vendors: Clients, slack: Callable[[Mode], SlackApi], shelf: Shelf, clock: Clock
) -> Callable[[Mode], WaysOut]:
    """Return the ways out in each mode; in the sandbox everything ends in its inbox."""
    real = _real(settings, vendors, slack(Mode.PRODUCTION), clock)
    flavour = vendors.jira.flavour if settings.jira_url else Flavour.CLOUD
    sandbox = _sandbox(settings, slack(Mode.SANDBOX), shelf, clock, flavour)

    def of_mode(mode: Mode) -> WaysOut:
        return sandbox if mode is Mode.SANDBOX else real

    return of_mode


def _real(settings: Settings, vendors: Clients, slack: SlackApi, clock: Clock) -> WaysOut:
    clients = replace(vendors, slack=slack)
    return {kind: vendor.make_channel(clients, settings, clock) for kind, vendor in VENDORS.items()}


def _sandbox(settings: Settings, slack: SlackApi, shelf: Shelf, clock: Clock, flavour: Flavour) -> WaysOut:
    spare_secret = settings.sandbox_signing_secret
    return {
        DestinationKind.SLACK: SlackChannel(slack),
        DestinationKind.PAGERDUTY: PagerDutyChannel(InboxPagerDuty(shelf)),
        DestinationKind.EMAIL: MailChannel(InboxMail(shelf), settings.mail_from or _SANDBOX_SENDER),
        DestinationKind.JIRA: JiraChannel(InboxJira(shelf, flavour)),
        DestinationKind.WEBHOOK: WebhookChannel(InboxWebhook(shelf), clock, spare_secret=spare_secret),
    }
