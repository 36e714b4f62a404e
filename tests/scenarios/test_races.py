"""Everybody at once: acknowledgements against deadlines, claims against claims, events against events."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import Connection, select, text

from escalator.bootstrap import build
from escalator.model.incident import Verb
from escalator.rendering.buttons import ButtonValue
from escalator.services.core.context import Core
from escalator.services.delivery import claim_deliveries
from escalator.services.incidents import escalation
from escalator.services.incidents.actions import SlackRequest, perform_action
from escalator.services.intake import process
from escalator.store import events
from escalator.store import incident_keys as store_keys
from escalator.store import incidents as store_incidents
from escalator.store.tables import deliveries, incident_keys, incidents
from escalator.store.tables import events as table_of_events
from tests.live.installation import wait_until
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM
from tests.scenarios.together import bodies, once_available, patiently, store, together

pytestmark = pytest.mark.every_database

TRIES = 1000
IDLE_S = 0.01


def opened(h: Harness, count: int) -> list[UUID]:
    """Return so many incidents whose first page has been claimed and whose second step is due now."""
    store(h, bodies(h, count))
    while process.process_events(h.core) == process.BATCH:
        pass
    while claim_deliveries.claim_calls(h.core, 200).calls:
        pass
    h.clock.move(minutes=5)
    with h.core.database.reading() as connection:
        return list(connection.scalars(select(incidents.c.id)))


def click_on(incident_id: UUID) -> SlackRequest:
    return SlackRequest("U0ANA", "T0DOUBLE", Verb.ACKNOWLEDGE, ButtonValue(incident_id, 1, 1))


@pytest.mark.live
@pytest.mark.long
def test_after_an_acknowledgement_no_step_fires_and_no_page_is_claimed(h: Harness) -> None:
    """1,000 incidents are due and acknowledged at the same moment, while other threads fire and claim."""
    ids = opened(h, TRIES)
    random.Random(3).shuffle(ids)  # noqa: S311  # not a secret
    taken_at_step: dict[UUID, int] = {}
    claimed_too_late: list[UUID] = []
    is_over = Event()

    def acknowledge() -> None:
        try:
            for incident_id in ids:
                once_available(partial(perform_action, h.core, click_on(incident_id)))
                with h.core.database.reading() as connection:
                    step = select(incidents.c.step).where(incidents.c.id == incident_id)
                    taken_at_step[incident_id] = connection.scalar(step)
        finally:
            is_over.set()

    def fire() -> None:
        patiently(lambda: escalation.fire_due(h.core))

    def claim() -> None:
        while not is_over.is_set():
            answered = set(taken_at_step)
            found = once_available(lambda: claim_deliveries.claim_calls(h.core, 50)).calls
            claimed_too_late.extend(
                one.context.incident_id for one in found if one.delivery and one.context.incident_id in answered
            )
            if not found:
                time.sleep(IDLE_S)

    together(acknowledge, fire, claim)
    assert claimed_too_late == []
    with h.core.database.reading() as connection:
        rows = connection.execute(select(incidents)).all()
        states = Counter(connection.scalars(select(deliveries.c.state)))
    assert {row.state for row in rows} == {"acknowledged"}
    assert {row.due_kind for row in rows} == {"remind"}
    assert [row.id for row in rows if row.step != taken_at_step[row.id]] == []
    assert len(h.records("incident.acknowledged")) == TRIES
    assert states["pending"] == 0


def test_a_step_fires_once_however_many_workers_fire_it(h: Harness) -> None:
    opened(h, 200)
    others = [build(h.core.settings, clock=h.clock, queue=h.queue) for _ in range(3)]
    together(*[lambda core=core: patiently(lambda: escalation.fire_due(core)) for core in (h.core, *others)])
    for core in others:
        core.database.close()
    fired = [row["incident_id"] for row in h.records("step.fired") if row["after"]["step"] == "2"]
    assert len(fired) == len(set(fired)) == 200


def test_events_of_one_item_processed_by_several_workers_make_one_incident(h: Harness) -> None:
    base = h.sample(SELF_HARM)
    store(h, [base.replace(b'"custom": {}', b'"custom": {"n": %d}' % one, 1) for one in range(40)])
    others = [build(h.core.settings, clock=h.clock, queue=h.queue) for _ in range(3)]

    together(*[lambda core=core: patiently(lambda: process.process_events(core, 3)) for core in (h.core, *others)])
    for core in others:
        core.database.close()
    assert h.count(incidents) == 1
    assert h.count(incident_keys) == 2
    assert h.count(events.events, state="done") == 40
    h.sweep()
    h.forget_seen()


def test_a_delivery_is_claimed_once_however_many_processes_claim(h: Harness) -> None:
    store(h, bodies(h, 100))
    while process.process_events(h.core) == process.BATCH:
        pass
    others = [build(h.core.settings, clock=h.clock, queue=h.queue) for _ in range(3)]
    found: list[UUID] = []

    def claim(core: Core) -> int:
        claimed = claim_deliveries.claim_calls(core, 7).calls
        found.extend(one.delivery.id for one in claimed if one.delivery)
        return len(claimed)

    together(*[lambda core=core: patiently(lambda: claim(core)) for core in (h.core, *others)])
    for core in others:
        core.database.close()
    assert len(found) == len(set(found)) == 300


ASKS_FOR_A_LOCK = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_an_event_whose_incident_is_merged_while_it_waits_for_it_goes_where_its_key_has_gone(h: Harness) -> None:
    """On SQLite nobody waits for a lock: whoever writes sees all that was written before."""
    h.post(SELF_HARM)
    h.post(SELF_HARM, item=2)
    h.forget_seen()
    gone, kept = h.incident(1001), h.incident(1002)
    h.send(h.sample("message.flagged__user_report"), is_working=False)
    h.queue.take()
    with ThreadPoolExecutor(1) as other:
        with h.core.database.writing() as merging:
            store_incidents.lock(merging, [gone["id"], kept["id"]], h.core.seal)
            processed = other.submit(process.process_events, h.core)
            with h.core.database.reading() as asking:
                wait_until(lambda: _waits(asking), "the event's processing waits for the lock")
            store_keys.move_keys(merging, gone["id"], kept["id"])
        assert processed.result() == 1
    assert [line["event"] for line in h.log.lines("info") if line["event"].endswith("_raced")] == ["batch_raced"]
    assert h.count(table_of_events, incident_id=kept["id"]) == 2
    assert h.incident(1001) == gone
    h.work()
    h.forget_seen()


def _waits(connection: Connection) -> bool:
    waiting = connection.scalar(ASKS_FOR_A_LOCK)
    connection.rollback()
    return bool(waiting)
