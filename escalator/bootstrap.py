"""The composition root: settings in, a wired process out. Nothing is opened before something is asked of it."""

import logging
import sys
from collections.abc import Callable, Mapping

import structlog

from escalator.channels.contract import Channel
from escalator.channels.jira.api import Flavour, JiraApi
from escalator.channels.jira.channel import JiraChannel
from escalator.channels.jira.rest import JiraRest
from escalator.channels.mail.channel import MailChannel
from escalator.channels.mail.smtp import SmtpMailer
from escalator.channels.pagerduty.api import Events
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.pagerduty.events import PagerDutyEvents
from escalator.channels.pagerduty.rest import PagerDutyRest
from escalator.channels.slack.api import SlackApi
from escalator.channels.slack.channel import SlackChannel
from escalator.channels.slack.pacing import shared_pace
from escalator.channels.slack.web_api import SlackWebApi
from escalator.channels.webhook.channel import WebhookChannel
from escalator.channels.webhook.client import HttpWebhook
from escalator.channels.webhook.guard import guard_of
from escalator.clock import Clock, SystemClock
from escalator.model.policy import DestinationKind
from escalator.model.ranks import Mode
from escalator.ports import NullQueue, TaskQueue
from escalator.sealing import Seal
from escalator.services.core import Core
from escalator.services.inbox.jira import InboxJira
from escalator.services.inbox.mail import InboxMail
from escalator.services.inbox.pagerduty import InboxPagerDuty
from escalator.services.inbox.shelf import Shelf
from escalator.services.inbox.slack import InboxSlack
from escalator.services.inbox.webhook import InboxWebhook
from escalator.services.policies import PolicyShelf
from escalator.settings import Settings
from escalator.store import Database
from escalator.store.database import PATIENCE_S

_SANDBOX_SENDER = "Escalator <escalator@sandbox.invalid>"
"""Who mails come from in a sandbox that has no sender yet."""


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    queue: TaskQueue | None = None,
    slack: Callable[[Mode], SlackApi] | None = None,
    pool_size: int = 4,
    patience_s: float | None = PATIENCE_S,
) -> Core:
    """Return the parts of one process, wired. Tests put their own clock, queue or Slack in.

    `patience_s` is how long one answer of the database may take.
    """
    clock = clock or SystemClock()
    seal = Seal(settings.content_keys)
    database = Database(settings.database_url, pool_size=pool_size, patience_s=patience_s)
    shelf = Shelf(database, seal, clock)
    slack = slack or _slack(settings, InboxSlack(shelf))
    return Core(
        settings=settings,
        database=database,
        clock=clock,
        seal=seal,
        queue=queue or NullQueue(),
        policies=PolicyShelf(settings, clock),
        slack=slack,
        channels=_channels(settings, slack, shelf, clock),
        jira_account=JiraRest(settings.jira_url, settings.jira_email, settings.jira_token).myself,
        alert_keys=PagerDutyRest(settings.pagerduty_api_url, settings.pagerduty_api_token).alert_keys,
    )


def _slack(settings: Settings, inbox: SlackApi) -> Callable[[Mode], SlackApi]:
    real = SlackWebApi(settings.slack_bot_token, settings.slack_api_url)

    def of_mode(mode: Mode) -> SlackApi:
        return inbox if mode is Mode.SANDBOX else real

    return of_mode


def _channels(
    settings: Settings, slack: Callable[[Mode], SlackApi], shelf: Shelf, clock: Clock
) -> Callable[[Mode], Mapping[DestinationKind, Channel]]:
    """Return the ways out in each mode; in the sandbox everything ends in its inbox."""
    webhook = WebhookChannel(HttpWebhook(guard_of(settings.webhook_allowed)), clock)
    jira = JiraRest(settings.jira_url, settings.jira_email, settings.jira_token)
    paced = SlackChannel(slack(Mode.PRODUCTION), shared_pace(settings.redis_client_url))
    mail = MailChannel(SmtpMailer(settings.smtp_url), settings.mail_from)
    real = _ways_out(paced, PagerDutyEvents(settings.pagerduty_events_url), mail, webhook, jira)
    webhook = WebhookChannel(InboxWebhook(shelf), clock, spare_secret=settings.sandbox_signing_secret)
    inbox_jira = InboxJira(shelf, jira.flavour if settings.jira_url else Flavour.CLOUD)
    mail = MailChannel(InboxMail(shelf), settings.mail_from or _SANDBOX_SENDER)
    sandbox = _ways_out(SlackChannel(slack(Mode.SANDBOX)), InboxPagerDuty(shelf), mail, webhook, inbox_jira)

    def of_mode(mode: Mode) -> Mapping[DestinationKind, Channel]:
        return sandbox if mode is Mode.SANDBOX else real

    return of_mode


def _ways_out(
    slack: SlackChannel, pagerduty: Events, mail: MailChannel, webhook: WebhookChannel, jira: JiraApi
) -> Mapping[DestinationKind, Channel]:
    return {
        DestinationKind.SLACK: slack,
        DestinationKind.PAGERDUTY: PagerDutyChannel(pagerduty),
        DestinationKind.EMAIL: mail,
        DestinationKind.JIRA: JiraChannel(jira),
        DestinationKind.WEBHOOK: webhook,
    }


def configure_logging(level: int = logging.INFO) -> None:
    """Log one line an event to stderr: static names, ids beside them, never content."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
            ),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
