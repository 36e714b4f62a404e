"""How soon an answer given in one place shows in all the others, with every vendor's double beside the product."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from escalator.store.migrate import migrate
from tests.doubles.everybody import BASE_URL, LINK, POLICY, Vendors, ana_in_jira, form_in, vendors
from tests.doubles.slack import SlackDouble
from tests.live.installation import PREFORK, STREAM_KEY, STREAM_SECRET, Installation, event, wait_until
from tests.servers import PostgresServer, RedisServer

ROUNDS = 8
CHANNEL = "CCRITICALALERTS"
Answer = Callable[[Installation, Vendors], None]


def everywhere() -> list[str]:
    """Return, for each place, how long its answers took to show in all others: the middle and the slowest."""
    rows = []
    with PostgresServer() as postgres, RedisServer() as redis, SlackDouble() as slack, vendors() as everybody:
        postgres.create_database("everywhere")
        url = postgres.url("everywhere")
        migrate(url.replace("postgresql://", "postgresql+psycopg://"))
        installed = Installation(url, redis, slack, Path(tempfile.mkdtemp(prefix="bench-")))
        known = {"STREAM_API_KEY": STREAM_KEY, "STREAM_API_SECRET": STREAM_SECRET}
        installed.use(POLICY, **everybody.environment, **known)
        try:
            installed.start(*PREFORK)
            for place, answer in _PLACES.items():
                took = sorted(_measured(installed, everybody, answer) for _ in range(ROUNDS))
                middle, slowest = took[ROUNDS // 2], took[-1]
                rows.append(
                    f"| an answer by {place} shows everywhere | {middle:.2f} s, slowest {slowest:.2f} s | | 2 s |"
                )
        finally:
            installed.close()
    return rows


def _measured(installed: Installation, everybody: Vendors, answer: Answer) -> float:
    before = len(everybody.feed.types)
    installed.deliver(event("SELF_HARM"))
    wait_until(lambda: len(everybody.feed.types) > before, "the feed is told")
    installed.wait_until_idle()
    mails = len(everybody.mail.mails)
    started = time.monotonic()
    answer(installed, everybody)
    wait_until(lambda: _shows(installed, everybody, mails), "every place shows it")
    return time.monotonic() - started


def _shows(installed: Installation, everybody: Vendors, mails: int) -> bool:
    newest = installed.messages(CHANNEL)[-1]
    issue = list(everybody.jira.issues)[-1]
    return (
        "taken by" in newest.text
        and everybody.pagerduty.alerts[-1].status == "acknowledged"
        and any("taken by" in comment for comment in everybody.jira.comments(issue))
        and any("taken by" in mail.lead for mail in everybody.mail.mails[mails:])
        and everybody.feed.types[-1] == "incident.acknowledged"
    )


def _in_slack(installed: Installation, _everybody: Vendors) -> None:
    installed.click("ana", "Acknowledge", installed.messages(CHANNEL)[-1])


def _in_pagerduty(installed: Installation, everybody: Vendors) -> None:
    _say(installed, "pagerduty", everybody.pagerduty.acknowledge(everybody.pagerduty.alerts[-1], "PANA001"))


def _in_jira(installed: Installation, everybody: Vendors) -> None:
    issue = list(everybody.jira.issues)[-1]
    _say(installed, "jira", everybody.jira.move(issue, "indeterminate", ana_in_jira()))


def _by_mail(installed: Installation, everybody: Vendors) -> None:
    found = [LINK.search(mail.text) for mail in everybody.mail.to("ana@example.com")]
    path = next(one[0] for one in reversed(found) if one).removeprefix(BASE_URL)
    place, said = form_in(requests.get(installed.url(path), timeout=20).text)
    requests.post(installed.url(place), data=said, timeout=20)


def _say(installed: Installation, vendor: str, told: tuple[bytes, dict[str, str]]) -> None:
    body, headers = told
    requests.post(installed.url(f"/webhooks/{vendor}"), data=body, headers=headers, timeout=20)


_PLACES: dict[str, Answer] = {
    "Slack": _in_slack,
    "PagerDuty": _in_pagerduty,
    "Jira": _in_jira,
    "mail": _by_mail,
}
