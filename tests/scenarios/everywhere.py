"""An installation with every vendor there: what has come to each, and what somebody does at each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.doubles import jira_webhooks
from tests.doubles.jira import JiraDouble
from tests.doubles.mail import MailDouble
from tests.doubles.pagerduty import SECRET as PAGERDUTY_SECRET
from tests.doubles.pagerduty import Alert, PagerDutyDouble
from tests.doubles.slack_state import Message
from tests.doubles.webhook import WebhookDouble
from tests.fakes import FakeClock

LINK = re.compile(r"https?://\S+/answer/\S+")


@dataclass(frozen=True)
class Vendors:
    """The doubles, and the environment in which an installation finds them."""

    pagerduty: PagerDutyDouble
    jira: JiraDouble
    mail: MailDouble
    feed: WebhookDouble

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
            "WEBHOOK_URL": self.feed.url,
            "WEBHOOK_SECRET": self.feed.secret,
            "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1",
            "ESCALATOR_BASE_URL": "https://escalator.example.com",
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
        return found[0].removeprefix("https://escalator.example.com")


@contextmanager
def vendors(clock: FakeClock | None = None) -> Iterator[Vendors]:
    """Let all of them be there; `clock` is whose time the webhook's receiver goes by."""
    with (
        PagerDutyDouble() as pagerduty,
        JiraDouble() as jira,
        MailDouble() as mail,
        WebhookDouble(now=clock.now if clock else None) as feed,
    ):
        yield Vendors(pagerduty, jira, mail, feed)


def ana_in_jira() -> dict[str, object]:
    """Return Ana as Jira knows her."""
    return jira_webhooks.person(is_cloud=True) | {"emailAddress": "ana@example.com", "displayName": "Ana"}


@dataclass(frozen=True)
class Told:
    """What has come to Slack's channel, and what the places that keep a story say of the first incident."""

    message: Message
    vendors: Vendors

    def everywhere(self, words: str) -> dict[str, int]:
        """Return how often each place says these words; a mailbox for each mail that begins with them."""
        mailed = [mail.lead for one in ("ana@example.com", "desk@example.com") for mail in self.vendors.mail.to(one)]
        return {
            "mail": sum(words in lead for lead in mailed),
            "jira": sum(words in comment for comment in self.vendors.jira.comments(self.vendors.issue)),
        }
