"""Every vendor besides Slack at once: their doubles, and the environment in which an installation finds them."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.doubles import jira_webhooks
from tests.doubles.jira import JiraDouble
from tests.doubles.mail import MailDouble
from tests.doubles.mattermost import MattermostDouble
from tests.doubles.pagerduty import SECRET as PAGERDUTY_SECRET
from tests.doubles.pagerduty import Alert, PagerDutyDouble
from tests.doubles.webhook import WebhookDouble
from tests.fakes import FakeClock

POLICY = Path(__file__).with_name("everywhere.yml")
BASE_URL = "https://escalator.example.com"
LINK = re.compile(r"https?://\S+/answer/\S+")


@dataclass(frozen=True)
class Vendors:
    """The doubles, and what has come to them of the one incident there is."""

    pagerduty: PagerDutyDouble
    jira: JiraDouble
    mail: MailDouble
    feed: WebhookDouble
    mattermost: MattermostDouble

    @property
    def environment(self) -> dict[str, str]:
        return {
            "ROUTING_KEY": self.pagerduty.routing_key,
            "PAGERDUTY_EVENTS_URL": self.pagerduty.origin,
            "PAGERDUTY_API_URL": self.pagerduty.origin,
            "PAGERDUTY_API_TOKEN": self.pagerduty.token,
            "PAGERDUTY_WEBHOOK_SECRET": PAGERDUTY_SECRET,
            "JIRA_URL": self.jira.origin,
            "JIRA_EMAIL": self.jira.email,
            "JIRA_TOKEN": self.jira.token,
            "JIRA_WEBHOOK_SECRET": self.jira.secret,
            "SMTP_URL": self.mail.url,
            "MAIL_FROM": "Escalator <alerts@example.com>",
            "MATTERMOST_URL": self.mattermost.url,
            "WEBHOOK_URL": self.feed.url,
            "WEBHOOK_SECRET": self.feed.secret,
            "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1",
            "ESCALATOR_BASE_URL": BASE_URL,
        }

    @property
    def alert(self) -> Alert:
        (alert,) = self.pagerduty.alerts
        return alert

    @property
    def issue(self) -> str:
        (key,) = self.jira.issues
        return key

    @property
    def answer_path(self) -> str:
        """Return where the link in Ana's first mail leads."""
        found = LINK.search(self.mail.to("ana@example.com")[0].text)
        assert found is not None
        return found[0].removeprefix(BASE_URL)


def form_in(page: str) -> tuple[str, dict[str, str]]:
    """Return where the form of a page is sent, and what it sends."""
    (form,) = re.findall(r'<form[^>]* action="([^"]*)"', page)
    inputs = (dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", page))
    return html.unescape(form), {html.unescape(one["name"]): html.unescape(one["value"]) for one in inputs}


@contextmanager
def vendors(clock: FakeClock | None = None) -> Iterator[Vendors]:
    """Let all of them be there; `clock` is whose time the webhook's receiver goes by."""
    with (
        PagerDutyDouble() as pagerduty,
        JiraDouble() as jira,
        MailDouble() as mail,
        WebhookDouble(now=clock.now if clock else None) as feed,
        MattermostDouble() as mattermost,
    ):
        yield Vendors(pagerduty, jira, mail, feed, mattermost)


def ana_in_jira() -> dict[str, object]:
    """Return Ana as Jira knows her."""
    return jira_webhooks.person(is_cloud=True) | {"emailAddress": "ana@example.com", "displayName": "Ana"}
