"""What is answered in one place shows in all the others, each exactly once, with the right name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from escalator.store.tables import posted_messages
from tests.doubles.everybody import POLICY, Vendors, ana_in_jira, vendors
from tests.doubles.slack_state import Message
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, labelled

PAGE = "CRITICAL · Self-harm · acknowledge within 5 min · #1001"


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


@pytest.fixture
def everybody(bare: Harness) -> Iterator[Vendors]:
    with vendors(bare.clock) as found:
        yield found


@pytest.fixture
def h(bare: Harness, everybody: Vendors) -> Harness:
    return bare.start(POLICY, **everybody.environment)


@pytest.fixture
def told(h: Harness, everybody: Vendors) -> Told:
    """A goodbye note has come; everybody has been told, and 57 s have passed."""
    h.post(SELF_HARM)
    message = h.expect_message("#critical-alerts", PAGE)
    h.fast_forward(seconds=57)
    return Told(message, everybody)


def in_slack(h: Harness, told: Told) -> None:
    h.click("ana", "Acknowledge", on=told.message)


def in_pagerduty(h: Harness, told: Told) -> None:
    h.hear("pagerduty", told.vendors.pagerduty.acknowledge(told.vendors.alert, "PANA001"))


def in_jira(h: Harness, told: Told) -> None:
    h.hear("jira", told.vendors.jira.move(told.vendors.issue, "indeterminate", ana_in_jira()))


def by_mail(h: Harness, told: Told) -> None:
    h.answer_link(told.vendors.answer_path)


def echo(h: Harness, told: Told) -> None:
    """Every webhook that the vendors have sent since comes in, also those that our own calls have caused."""
    for sent in told.vendors.pagerduty.outbox:
        h.hear("pagerduty", sent)
    for sent in told.vendors.jira.emitted:
        h.hear("jira", sent)


PLACES = [in_slack, in_pagerduty, by_mail, in_jira]


def test_everybody_is_told_at_once(told: Told) -> None:
    everybody = told.vendors
    assert everybody.alert.status == "triggered"
    assert everybody.jira.issues[everybody.issue].fields["summary"].endswith("#1001")
    assert [len(everybody.mail.to(one)) for one in ("ana@example.com", "desk@example.com")] == [1, 1]
    assert everybody.feed.types == ["incident.opened"]


@pytest.mark.parametrize("answer", PLACES)
def test_an_acknowledgement_given_anywhere_shows_everywhere_once_with_the_right_name(
    h: Harness, told: Told, answer: Callable[[Harness, Told], None]
) -> None:
    answer(h, told)
    h.expect_update(told.message, "#1001 taken by Ana Ruiz after 57 s")
    echo(h, told)
    echo(h, told)
    h.fast_forward(minutes=9)
    everybody = told.vendors
    assert told.everywhere("#1001 taken by ana after 57 s") == {"mail": 2, "jira": 1}
    assert everybody.alert.status == "acknowledged"
    assert [event["event_action"] for event in everybody.alert.events].count("acknowledge") == (
        0 if answer is in_pagerduty else 1
    )
    assert everybody.jira.issues[everybody.issue].status.category == "indeterminate"
    assert everybody.feed.types == ["incident.opened", "incident.acknowledged"]
    assert everybody.feed.received[-1].data["actor"] == "ana"
    assert [row["actor_key"] for row in h.records("incident.acknowledged")] == ["ana"]
    assert not h.records("step.fired")[1:]


def resolve_in_slack(h: Harness, told: Told) -> None:
    h.click("ana", "False alarm", on=told.message)


def resolve_in_pagerduty(h: Harness, told: Told) -> None:
    h.hear("pagerduty", told.vendors.pagerduty.resolve(told.vendors.alert, "PANA001"))


def resolve_in_jira(h: Harness, told: Told) -> None:
    h.hear("jira", told.vendors.jira.move(told.vendors.issue, "done", ana_in_jira()))


@pytest.mark.parametrize("resolve", [resolve_in_slack, resolve_in_pagerduty, resolve_in_jira])
def test_a_resolution_given_anywhere_shows_everywhere(
    h: Harness, told: Told, resolve: Callable[[Harness, Told], None]
) -> None:
    in_slack(h, told)
    h.expect_update(told.message, "#1001 taken by Ana Ruiz after 57 s")
    resolve(h, told)
    outcome = "no violation" if resolve is resolve_in_slack else "action taken"
    h.expect_update(told.message, f"#1001 resolved by Ana Ruiz: {outcome}")
    echo(h, told)
    h.fast_forward(minutes=30)
    everybody = told.vendors
    assert told.everywhere(f"#1001 resolved by ana: {outcome}") == {"mail": 2, "jira": 1}
    assert everybody.alert.status == "resolved"
    assert everybody.jira.issues[everybody.issue].status.category == "done"
    assert everybody.feed.types[-1] == "incident.resolved"
    assert len(h.records("incident.resolved")) == 1


@pytest.mark.parametrize("category", ["new", "indeterminate"])
def test_a_senior_who_moves_an_issue_back_from_done_opens_it_again(h: Harness, told: Told, category: str) -> None:
    resolve_in_jira(h, told)
    h.expect_update(told.message, "#1001 resolved by Ana Ruiz: action taken")
    dana = ana_in_jira() | {"accountId": "u-dana", "emailAddress": "dana@example.com"}
    h.hear("jira", told.vendors.jira.move(told.vendors.issue, category, dana))
    h.forget_seen()
    assert h.incident()["state"] == "triggered"
    assert [row["actor_key"] for row in h.records("incident.reopened")] == ["dana"]
    assert told.vendors.jira.issues[told.vendors.issue].status.category != "done"


def test_an_issue_whose_key_we_do_not_know_yet_is_known_by_its_label(h: Harness, told: Told) -> None:
    """A worker was killed between Jira's answer and our note of it."""
    with h.core.database.writing() as connection:
        connection.execute(
            update(posted_messages).where(posted_messages.c.channel == "jira").values(vendor_ref=None, shown_revision=0)
        )
    in_jira(h, told)
    h.expect_update(told.message, "#1001 taken by Ana Ruiz after 57 s")
    assert len(told.vendors.jira.issues) == 1


def test_a_stranger_without_an_address_is_nobody_of_the_policy(bare: Harness, everybody: Vendors) -> None:
    text = POLICY.read_text().replace("email: dana@example.com", 'email: "${DANA_MAIL:-}@"').replace('}@"', '}"')
    h = bare.start(text, **everybody.environment)
    h.post(SELF_HARM, **labelled("CSAM"))
    nobody_known = {"accountId": "u-stranger", "accountType": "atlassian", "displayName": "Somebody", "active": True}
    h.hear("jira", everybody.jira.move(everybody.issue, "indeterminate", nobody_known))
    h.forget_seen()
    assert h.incident()["state"] == "triggered"
    assert [row["actor_key"] for row in h.records("incident.act_refused")] == ["jira:u-stranger"]


def test_a_drill_says_so_first_in_every_place(bare: Harness, everybody: Vendors) -> None:
    route = "{name: Rehearsed, when: {category: self_harm}, assign: moderators, path: everywhere}"
    drill = "{name: Fire drill, route: Rehearsed, at: thu 15:00, expect_acknowledged_within: 2m}"
    text = POLICY.read_text().replace("routes:\n", f"routes:\n  - {route}\n")
    h = bare.start(f"{text}\ndrills: [{drill}]\n", **everybody.environment)
    h.tidy()
    h.clock.move_to(datetime(2026, 8, 20, 15, 0, tzinfo=UTC))
    h.tidy()
    h.work()
    message = h.expect_message("#critical-alerts", f"DRILL · {PAGE}", says="DRILL · CRITICAL · Self-harm")
    summary = everybody.jira.issues[everybody.issue].fields["summary"]
    subject = everybody.mail.to("ana@example.com")[0].subject
    said = everybody.alert.events[0]["payload"]["summary"]
    assert [text[:8] for text in (summary, subject, said)] == ["DRILL · "] * 3
    page = h.app.test_client().get(everybody.answer_path).text
    assert "<h1>DRILL · CRITICAL · Self-harm</h1>" in page
    assert everybody.feed.received[0].data["is_drill"] is True
    h.fast_forward(minutes=2, seconds=1)
    h.tidy()
    h.fast_forward(seconds=30)
    h.expect_update(message, "DRILL · #1001 resolved by automation: test")
    assert everybody.alert.status == "resolved"
    assert everybody.jira.issues[everybody.issue].status.category == "done"
    assert everybody.feed.types == ["incident.opened", "incident.resolved"]
    h.forget_seen()


def test_nobody_answers_and_every_place_says_so(h: Harness, told: Told) -> None:
    h.fast_forward(minutes=5)
    again = "Nobody answered for 5 min: CRITICAL · Self-harm is now with you · #1001"
    h.expect_reply("#critical-alerts", again)
    h.forget_seen()
    assert told.vendors.feed.types == ["incident.opened", "incident.escalated"]
    assert again in told.vendors.jira.comments(told.vendors.issue)[0]
    assert again in told.vendors.mail.to("eli@example.com")[0].lead
    assert told.vendors.alert.status == "triggered"
