"""A crash of the database forgets the last claims; what became of them is known all the same, and counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, delete, select, update
from uuid6 import uuid7

from escalator.bootstrap import build
from escalator.services.core.context import Core
from escalator.services.delivery import claim_deliveries, outcomes, sender
from escalator.services.intake.process import process_events
from escalator.services.outbound.call import CallOutcome, OutboundCall
from escalator.store.tables import deliveries, posted_messages
from tests.scenarios.harness import Harness
from tests.scenarios.stories import PAGE, SELF_HARM, paged

pytestmark = pytest.mark.every_database

TAKEN = "#1001 taken by Ana Ruiz after 0 s"
Rows = Mapping[UUID, Mapping[str, Any]]


def rows(h: Harness, table: Table) -> Rows:
    with h.core.database.reading() as connection:
        return {row.id: dict(row._mapping) for row in connection.execute(select(table))}


class Crash:
    """Remembers what is on the disk, and makes the database forget everything that was written since."""

    def __init__(self, h: Harness) -> None:
        self._h = h
        self._kept = {table: rows(h, table) for table in (deliveries, posted_messages)}

    def happen(self) -> None:
        with self._h.core.database.writing() as connection:
            for table, kept in self._kept.items():
                connection.execute(delete(table).where(table.c.id.not_in(kept)))
                for key, values in kept.items():
                    connection.execute(update(table).where(table.c.id == key).values(values))


def claim(core: Core) -> tuple[OutboundCall, ...]:
    return claim_deliveries.claim_calls(core, 16).calls


def sent(core: Core, claimed: Sequence[OutboundCall]) -> list[CallOutcome]:
    return [CallOutcome(one, sender.send_call(core, one)) for one in claimed]


def known(h: Harness) -> list[str]:
    """Return where the messages stand that are known."""
    return [row["vendor_ref"] for row in rows(h, posted_messages).values() if row["vendor_ref"]]


def expect_page(h: Harness) -> None:
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)


@pytest.fixture
def waiting(h: Harness) -> Harness:
    """Three pages that nobody has claimed yet."""
    h.send(h.sample(SELF_HARM), is_working=False)
    process_events(h.core)
    return h


@pytest.fixture
def other(h: Harness) -> Iterator[Core]:
    """Another process."""
    made = build(h.core.settings, clock=h.clock, queue=h.queue)
    yield made
    made.database.close()


def test_a_page_whose_claim_was_forgotten_is_not_sent_again_and_its_message_is_known(waiting: Harness) -> None:
    h, crash = waiting, Crash(waiting)
    told = sent(h.core, claim(h.core))
    crash.happen()
    outcomes.record_outcomes(h.core, told)
    expect_page(h)
    assert {(row["state"], row["claim_number"], row["claimed_by"]) for row in rows(h, deliveries).values()} == {
        ("delivered", 1, h.core.id)
    }
    assert len(h.records("delivery.delivered")) == 3
    h.fast_forward(seconds=70)
    h.click("ana", "Acknowledge", on=h.slack.messages[0])
    h.expect_updates(*h.slack.messages[:3], text="#1001 taken by Ana Ruiz after 1 min")


def test_a_message_whose_claim_was_forgotten_shows_what_was_done_before_it_was_known(waiting: Harness) -> None:
    h, crash = waiting, Crash(waiting)
    told = sent(h.core, claim(h.core))
    crash.happen()
    page = h.slack.messages[0]
    h.click("ana", "Acknowledge", on=page, is_working=False)
    outcomes.record_outcomes(h.core, told)
    expect_page(h)
    h.fast_forward(seconds=2)
    h.expect_updates(*h.slack.messages[:3], text=TAKEN)


def test_an_outcome_that_was_written_already_is_not_written_again(waiting: Harness) -> None:
    told = sent(waiting.core, claim(waiting.core))
    outcomes.record_outcomes(waiting.core, told)
    before = rows(waiting, deliveries), rows(waiting, posted_messages), len(waiting.records())
    outcomes.record_outcomes(waiting.core, told)
    assert (rows(waiting, deliveries), rows(waiting, posted_messages), len(waiting.records())) == before
    expect_page(waiting)


def test_a_page_that_failed_before_its_claim_was_forgotten_has_been_tried(waiting: Harness) -> None:
    h, crash = waiting, Crash(waiting)
    with h.slack_down():
        told = sent(h.core, claim(h.core))
    crash.happen()
    outcomes.record_outcomes(h.core, told)
    assert {(row["state"], row["claim_number"], row["attempts"]) for row in rows(h, deliveries).values()} == {
        ("pending", 1, 1)
    }
    assert claim(h.core) == ()
    h.fast_forward(seconds=2)
    expect_page(h)


def test_a_page_that_has_failed_for_good_goes_another_way_once(waiting: Harness) -> None:
    h, crash = waiting, Crash(waiting)
    with h.slack_down(status=200, error="channel_not_found"):
        told = sent(h.core, claim(h.core))
    crash.happen()
    outcomes.record_outcomes(h.core, told)
    outcomes.record_outcomes(h.core, told)
    failed = [row for row in rows(h, deliveries).values() if row["state"] == "failed"]
    assert len(failed) == len(h.records("delivery.failed")) == 3
    h.forget_seen()


def test_an_update_whose_claim_was_forgotten_is_not_made_again(h: Harness) -> None:
    messages = paged(h)
    h.click("ana", "Acknowledge", on=messages[0], is_working=False)
    crash = Crash(h)
    told = sent(h.core, claim(h.core))
    crash.happen()
    outcomes.record_outcomes(h.core, told)
    h.expect_updates(*messages, text=TAKEN)
    h.fast_forward(seconds=70)
    assert all(len(message.updates) == 1 for message in messages)


def test_who_has_claimed_the_page_anew_meanwhile_decides_about_it_though_the_number_is_the_same(
    waiting: Harness, other: Core
) -> None:
    h, crash = waiting, Crash(waiting)
    late = sent(h.core, claim(h.core))
    crash.happen()
    theirs = claim(other)
    assert len(theirs) == len(late) == 3
    outcomes.record_outcomes(h.core, late)
    assert {(row["state"], row["claimed_by"]) for row in rows(h, deliveries).values()} == {("sending", other.id)}
    assert known(h) == []
    outcomes.record_outcomes(other, sent(other, theirs))
    assert {row["state"] for row in rows(h, deliveries).values()} == {"delivered"}
    mine = h.slack.messages[3:]
    h.click("ana", "Acknowledge", on=mine[0])
    assert all(len(message.updates) == 1 for message in mine)
    h.forget_seen()


@pytest.mark.parametrize("state", ["listed", "suppressed"])
def test_a_page_that_was_told_has_been_told_whatever_was_decided_meanwhile(waiting: Harness, state: str) -> None:
    h, crash = waiting, Crash(waiting)
    told = sent(h.core, claim(h.core))
    crash.happen()
    with h.core.database.writing() as connection:
        connection.execute(update(deliveries).values(state=state))
    outcomes.record_outcomes(h.core, told)
    assert {row["state"] for row in rows(h, deliveries).values()} == {"delivered"}
    assert len(known(h)) == 3
    expect_page(h)


def test_what_is_gone_altogether_keeps_no_other_outcome_from_being_written(waiting: Harness) -> None:
    first, *others = sent(waiting.core, claim(waiting.core))
    assert first.sent.delivery is not None
    nobodys = replace(first.sent.delivery, id=uuid7(), incident_id=uuid7())
    gone = replace(first, sent=replace(first.sent, delivery=nobodys, post=None))
    outcomes.record_outcomes(waiting.core, [gone, *others])
    assert sorted(row["state"] for row in rows(waiting, deliveries).values()) == ["delivered", "delivered", "sending"]
    outcomes.record_outcomes(waiting.core, [first])
    expect_page(waiting)


@pytest.mark.parametrize("forgets", [1, 2], ids=["the last claim", "both"])
def test_the_claim_of_who_took_over_from_a_dead_process_may_be_forgotten_too(
    waiting: Harness, other: Core, forgets: int
) -> None:
    h, before = waiting, Crash(waiting)
    assert len(claim(other)) == 3
    h.clock.move(seconds=7)
    crash = Crash(h) if forgets == 1 else before
    told = sent(h.core, claim(h.core))
    crash.happen()
    outcomes.record_outcomes(h.core, told)
    expect_page(h)
    assert {(row["state"], row["claim_number"]) for row in rows(h, deliveries).values()} == {("delivered", 2)}
    assert len(known(h)) == 3
    h.fast_forward(seconds=70)
