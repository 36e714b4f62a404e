"""Every vendor at once, with real processes: an answer given anywhere shows everywhere, and nothing grave gets out."""

import json
from collections.abc import Callable, Iterator

import pytest
import requests

from escalator.store.tables import deliveries, incidents, posted_messages, vendor_callbacks
from tests.doubles.everybody import BASE_URL, POLICY, Vendors, ana_in_jira, form_in, vendors
from tests.live.grave import grave, has_mark
from tests.live.installation import PREFORK, STREAM_KEY, STREAM_SECRET, Installation, event, wait_until
from tests.servers import PostgresServer

CHANNEL = "CCRITICALALERTS"
MAILED = ("ana@example.com", "desk@example.com")


@pytest.fixture
def everybody() -> Iterator[Vendors]:
    with vendors() as found:
        yield found


@pytest.fixture
def installed(on_postgres: Installation, everybody: Vendors) -> Installation:
    """An installation that tells everybody, with its processes running."""
    known = {"STREAM_API_KEY": STREAM_KEY, "STREAM_API_SECRET": STREAM_SECRET}
    on_postgres.use(POLICY, **everybody.environment, **known)
    on_postgres.start("--loglevel=DEBUG", *PREFORK)
    return on_postgres


def say(installed: Installation, vendor: str, told: tuple[bytes, dict[str, str]]) -> int:
    """Let a vendor tell what was done there, and return the status."""
    body, headers = told
    return requests.post(installed.url(f"/webhooks/{vendor}"), data=body, headers=headers, timeout=20).status_code


def in_slack(installed: Installation, _everybody: Vendors) -> None:
    (message,) = installed.messages(CHANNEL)
    assert installed.click("ana", "Acknowledge", message) == 200


def in_pagerduty(installed: Installation, everybody: Vendors) -> None:
    assert say(installed, "pagerduty", everybody.pagerduty.acknowledge(everybody.alert, "PANA001")) == 202


def in_jira(installed: Installation, everybody: Vendors) -> None:
    assert say(installed, "jira", everybody.jira.move(everybody.issue, "indeterminate", ana_in_jira())) == 202


def by_mail(installed: Installation, everybody: Vendors) -> None:
    with requests.Session() as browser:
        page = browser.get(installed.url(everybody.answer_path), timeout=20)
        assert page.status_code == 200
        assert installed.incident()["state"] == "triggered", "looking at it changes nothing"
        place, said = form_in(page.text)
        assert browser.post(installed.url(place), data=said, timeout=20).status_code == 200


def told_everywhere(installed: Installation, everybody: Vendors) -> bool:
    """Whether the first page has come everywhere."""
    has_mails = all(everybody.mail.to(address) for address in MAILED)
    has_others = bool(everybody.pagerduty.alerts and everybody.jira.issues and everybody.feed.received)
    return bool(installed.messages(CHANNEL)) and has_mails and has_others


def shown_everywhere(installed: Installation, everybody: Vendors) -> bool:
    """Whether every place says that Ana has it."""
    (message,) = installed.messages(CHANNEL)
    mails = [mail.lead for address in MAILED for mail in everybody.mail.to(address)]
    return (
        "taken by Ana Ruiz" in message.text
        and everybody.alert.status == "acknowledged"
        and sum("taken by ana" in lead for lead in mails) == len(MAILED)
        and any("taken by ana" in comment for comment in everybody.jira.comments(everybody.issue))
        and "incident.acknowledged" in everybody.feed.types
    )


@pytest.mark.parametrize("answer", [in_slack, in_pagerduty, in_jira, by_mail])
def test_an_answer_given_anywhere_shows_everywhere_once(
    installed: Installation, everybody: Vendors, answer: Callable[[Installation, Vendors], None]
) -> None:
    installed.deliver(event("SELF_HARM"))
    wait_until(lambda: told_everywhere(installed, everybody), "everybody is told")
    installed.wait_until_idle()
    answer(installed, everybody)
    wait_until(lambda: shown_everywhere(installed, everybody), "every place shows it")
    for vendor, outbox in (("pagerduty", everybody.pagerduty.outbox), ("jira", everybody.jira.emitted)):
        assert {say(installed, vendor, told) for told in list(outbox)} <= {202}
    wait_until(lambda: not installed.count(vendor_callbacks, state="new"), "what the vendors told is done")
    installed.wait_until_idle()
    (message,) = installed.messages(CHANNEL)
    mails = [mail.lead for address in MAILED for mail in everybody.mail.to(address)]
    assert sum("taken by" in update["text"] for update in message.updates) == 1
    assert sum("taken by ana" in lead for lead in mails) == len(MAILED)
    assert sum("taken by ana" in comment for comment in everybody.jira.comments(everybody.issue)) == 1
    assert everybody.feed.types == ["incident.opened", "incident.acknowledged"]
    assert len(installed.records("incident.acknowledged")) == 1


def test_nothing_of_what_is_withheld_gets_to_any_vendor_log_or_column(
    installed: Installation, everybody: Vendors, postgres_server: PostgresServer
) -> None:
    del postgres_server
    installed.deliver(grave())
    wait_until(lambda: told_everywhere(installed, everybody), "everybody is told")
    in_pagerduty(installed, everybody)
    in_jira(installed, everybody)
    installed.bring_near(0)
    wait_until(lambda: len(installed.firings()) == 2, "the next step has fired")
    installed.wait_until_idle()
    assert not everybody.mail.to("eli@example.com"), "the step names him, and he may not know of it"

    assert {row["content_rule"] for row in installed.rows(incidents)} == {"withhold"}
    for double in (everybody.pagerduty, everybody.jira, everybody.feed):
        assert double.requests
        assert not has_mark(b"".join(_bytes(request) for request in double.requests))
    assert not has_mark(b"".join(mail.raw for mail in everybody.mail.mails))
    assert not has_mark(json.dumps(installed.slack.log()).encode())
    assert not has_mark(installed.logs().encode())
    for table in (incidents, deliveries, posted_messages, vendor_callbacks):
        assert not has_mark(repr(installed.rows(table)).encode())
    assert not has_mark(requests.get(installed.url("/metrics"), timeout=20).content)


def _bytes(request: object) -> bytes:
    return repr(request.path).encode() + repr(request.headers).encode() + request.body


def test_the_link_in_a_mail_leads_to_this_installation(installed: Installation, everybody: Vendors) -> None:
    installed.deliver(event("SELF_HARM"))
    wait_until(lambda: everybody.mail.to("ana@example.com"), "Ana has her mail")
    assert f"{BASE_URL}/answer/" in everybody.mail.to("ana@example.com")[0].text
