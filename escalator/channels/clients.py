"""The clients of the vendors, configured for this installation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escalator.lazy_imports import LazyImport
from escalator.settings import Settings

if TYPE_CHECKING:
    from escalator.channels.email.smtp import SmtpMailer
    from escalator.channels.guarded_http import GuardedHttp
    from escalator.channels.jira.rest import JiraRest
    from escalator.channels.pagerduty.events import PagerDutyEvents
    from escalator.channels.pagerduty.rest import PagerDutyRest
    from escalator.channels.slack.api import SlackApi
    from escalator.channels.webhook.client import HttpWebhook


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients that are used outside their own channel; their libraries are imported and connections opened on use."""

    slack: "SlackApi"
    pagerduty: "PagerDutyEvents"
    pagerduty_rest: "PagerDutyRest"
    mail: "SmtpMailer"
    jira: "JiraRest"
    webhooks: "HttpWebhook"
    sns: "GuardedHttp"
    media: "GuardedHttp"


def clients_of(settings: Settings) -> Clients:
    """Return the clients of the vendors for these settings."""

    def lazy(module: str, name: str, *arguments: object) -> Any:
        return LazyImport(f"escalator.channels.{module}", name, *arguments)

    return Clients(
        slack=lazy("slack.web_api", "SlackWebApi", settings.slack_bot_token, settings.slack_api_url),
        pagerduty=lazy("pagerduty.events", "PagerDutyEvents", settings.pagerduty_events_url),
        pagerduty_rest=lazy(
            "pagerduty.rest", "PagerDutyRest", settings.pagerduty_api_url, settings.pagerduty_api_token
        ),
        mail=lazy("email.smtp", "SmtpMailer", settings.smtp_url),
        jira=lazy("jira.rest", "JiraRest", settings.jira_url, settings.jira_email, settings.jira_token),
        webhooks=lazy("webhook.client", "http_webhook", settings.webhook_allowed),
        sns=lazy("guarded_http", "brief_http"),
        media=lazy("guarded_http", "media_http"),
    )
