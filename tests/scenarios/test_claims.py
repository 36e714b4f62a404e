"""Who may send what: claims that fail apart, claims that are shared out fairly, and claims of those who seem dead."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from escalator.bootstrap import build
from escalator.errors import Unavailable
from escalator.services.core.context import Core
from escalator.services.delivery import claim_deliveries, outcomes, sender
from escalator.services.intake.process import process_events
from escalator.services.outbound.call import CallOutcome, OutboundCall
from escalator.store import delivery_claims, posted_message_updates
from escalator.store.leases import HEARTBEAT_TIMEOUT, MAX_LEASE
from escalator.store.tables import posted_messages as table_of_posts
from tests.fakes import START
from tests.scenarios.harness import Harness
from tests.scenarios.stories import PAGE, SELF_HARM, paged

pytestmark = [pytest.mark.every_database, pytest.mark.long]

TAKEN = "#1001 taken by Ana Ruiz after 0 s"


def claim(core: Core, limit: int) -> tuple[OutboundCall, ...]:
    return claim_deliveries.claim_calls(core, limit).calls


def send(core: Core, claimed: tuple[OutboundCall, ...]) -> None:
    outcomes.record_outcomes(core, [CallOutcome(one, sender.send_call(core, one)) for one in claimed])


def pages_and_updates(claimed: tuple[OutboundCall, ...]) -> tuple[int, int]:
    pages = sum(one.delivery is not None for one in claimed)
    return pages, len(claimed) - pages


@pytest.mark.parametrize("error", [Unavailable("away"), ValueError("whatever")])
def test_messages_that_are_claimed_are_not_lost_when_claiming_pages_then_fails(
    h: Harness, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    messages = paged(h)
    h.click("ana", "Acknowledge", on=messages[0], is_working=False)

    def fail(*_arguments: object, **_named: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(delivery_claims, "candidates", fail)
        claimed = claim(h.core, 16)
        assert pages_and_updates(claimed) == (0, 3)
        with pytest.raises(type(error)):
            claim(h.core, 16)
    send(h.core, claimed)
    h.expect_updates(*messages, text=TAKEN)


def test_no_page_is_claimed_and_then_lost_when_claiming_messages_fails(
    h: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    process_events(h.core)

    def fail(*_arguments: object) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(posted_message_updates, "lock_outdated", fail)
        with pytest.raises(Unavailable):
            claim(h.core, 16)
    assert pages_and_updates(claimed := claim(h.core, 16)) == (3, 0)
    send(h.core, claimed)
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)


def test_updates_take_half_of_the_threads_at_most_so_that_pages_need_not_wait_for_them(h: Harness) -> None:
    for item in (1, 2, 3):
        h.post(SELF_HARM, item=item)
    stale = list(h.slack.messages)
    assert len(stale) == 9
    for message in stale[::3]:
        h.click("ana", "Acknowledge", on=message, is_working=False)
    h.send(h.sample(SELF_HARM, item=4), is_working=False)
    process_events(h.core)
    first = claim(h.core, 6)
    assert pages_and_updates(first) == (3, 3)
    rest = claim(h.core, 6)
    assert pages_and_updates(rest) == (0, 3)
    send(h.core, first + rest)
    h.fast_forward(seconds=1)
    assert all(len(message.updates) == 1 for message in stale)
    h.forget_seen()


def test_threads_that_come_free_one_by_one_go_to_pages_and_to_updates(h: Harness) -> None:
    for item in range(1, 17):
        h.post(SELF_HARM, item=item)
    stale = list(h.slack.messages)
    for message in stale[::3]:
        h.click("ana", "Acknowledge", on=message, is_working=False)
    for item in range(17, 33):
        h.send(h.sample(SELF_HARM, item=item), is_working=False)
    process_events(h.core)
    process_events(h.core)
    taken = [claim(h.core, 1) for _ in range(48)]
    assert all(len(claimed) == 1 for claimed in taken)
    pages, updates = pages_and_updates(tuple(one for claimed in taken for one in claimed))
    assert pages > 0
    assert updates > 0
    for claimed in taken:
        send(h.core, claimed)
    h.fast_forward(seconds=1)
    assert all(len(message.updates) == 1 for message in stale)
    h.forget_seen()


def test_one_free_thread_is_enough_for_an_update(h: Harness) -> None:
    messages = paged(h)
    h.click("ana", "Acknowledge", on=messages[0], is_working=False)
    while claimed := claim(h.core, 1):
        assert pages_and_updates(claimed) == (0, 1)
        send(h.core, claimed)
    h.expect_updates(*messages, text=TAKEN)


def test_a_message_that_wants_to_show_what_no_incident_has_reached_is_updated_once_and_then_as_ever(h: Harness) -> None:
    messages = paged(h)
    with h.core.database.writing() as connection:
        connection.execute(update(table_of_posts).values(wanted_revision=100))
    for _ in range(3):
        send(h.core, claim(h.core, 16))
    h.expect_updates(*messages, text=PAGE)
    h.expect_nothing()
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, text=TAKEN)


@pytest.mark.parametrize(
    ("failed", "patience"),
    [
        pytest.param(None, HEARTBEAT_TIMEOUT, id="who never missed a beat takes silence for death after 6 s"),
        pytest.param(timedelta(0), MAX_LEASE, id="whose own beat has just failed waits for the lease"),
        pytest.param(timedelta(seconds=11.999), MAX_LEASE, id="still, as the others need time to beat again"),
        pytest.param(timedelta(seconds=12), HEARTBEAT_TIMEOUT, id="twelve seconds later all is as before"),
    ],
)
def test_whoever_could_not_beat_for_the_database_has_more_patience_with_the_silence_of_others(
    h: Harness, failed: timedelta | None, patience: timedelta
) -> None:
    h.core.beat_failed_at = None if failed is None else START - failed
    assert h.core.heartbeat_timeout(START) == patience


@pytest.fixture
def other(h: Harness) -> Iterator[Core]:
    """Another process, which has claimed three pages and then been silent for 7 s."""
    h.send(h.sample(SELF_HARM), is_working=False)
    made = build(h.core.settings, clock=h.clock, queue=h.queue)
    process_events(made)
    h.queue.take()
    assert len(claim(made, 8)) == 3
    h.clock.move(seconds=7)
    yield made
    made.database.close()


@pytest.mark.usefixtures("other")
def test_after_an_outage_of_the_database_nobody_takes_over_what_a_silent_process_is_sending(h: Harness) -> None:
    h.core.beat_failed_at = h.clock.now()
    assert claim(h.core, 8) == ()
    h.clock.move(seconds=12)
    assert pages_and_updates(claimed := claim(h.core, 8)) == (3, 0)
    send(h.core, claimed)
    h.forget_seen()


@pytest.mark.usefixtures("other")
def test_without_an_outage_what_a_silent_process_was_sending_is_taken_over(h: Harness) -> None:
    assert pages_and_updates(claimed := claim(h.core, 8)) == (3, 0)
    send(h.core, claimed)
    h.forget_seen()
