"""The product watches itself: who is missed, what is late, and who says so when those who would are gone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from uuid6 import uuid7

from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.process_liveness import QUEUE_READER, SWEEPER, WEB
from escalator.services.delivery.sender import send_operator_alerts
from escalator.services.monitoring.health import metrics_text
from escalator.services.monitoring.problems import QUEUE_READERS_GONE, WEB_GONE, WORKERS_GONE, health_problems
from escalator.services.monitoring.watchdog import (
    QUEUE_READERS_EXPECTED,
    WEB_EXPECTED,
    WORKERS_EXPECTED,
    Watchdog,
)
from escalator.services.views.health import health_summary
from escalator.store import health, processes
from escalator.store.deliveries import DeliveryState
from escalator.store.processes import Process
from escalator.store.tables import deliveries, events, incidents, sandbox_inbox
from tests.sandboxes import a_core, alert
from tests.services.clocks import go_by


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    yield core
    core.database.close()


@pytest.fixture
def each(database_url, tmp_path):
    """A core on each database, for what is asked in SQL."""
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def beats(core, kind):
    """Let one process of this kind say that it lives."""
    now = core.clock.now()
    with core.database.writing() as connection:
        processes.beat(connection, Process(uuid7(), kind, "here", 1, now, now))


def troubles(core):
    with core.database.reading() as connection:
        return [key for key, _detail in OperatorAlerts(connection, core.clock.now()).list_open()]


def told(core):
    """What has come to somebody, in the sandbox's inbox."""
    with core.database.reading() as connection:
        messages = (
            select(sandbox_inbox.c.destination).where(sandbox_inbox.c.type == "message").order_by(sandbox_inbox.c.id)
        )
        return list(connection.scalars(messages))


def found(core):
    now = core.clock.now()
    with core.database.reading() as connection:
        return [str(one) for one in health_problems(health.read_health(connection, now), now)]


@pytest.mark.parametrize(
    ("expected", "patience_s"),
    [
        pytest.param(WORKERS_EXPECTED, 30, id="workers"),
        pytest.param(WEB_EXPECTED, 60, id="web"),
        pytest.param(replace(QUEUE_READERS_EXPECTED, is_needed=lambda _core, _policy: True), 60, id="queue readers"),
    ],
)
def test_who_was_there_and_is_silent_for_longer_than_a_deployment_takes_is_missed(core, expected, patience_s):
    beats(core, expected.kind)
    watchdog = Watchdog(expected)
    go_by(core, patience_s, watchdog.check)
    assert (watchdog.is_missed, troubles(core)) == (False, [])
    go_by(core, 2, watchdog.check)
    assert (watchdog.is_missed, troubles(core)) == (True, [expected.key])


def test_who_is_back_is_missed_no_more(core):
    beats(core, SWEEPER)
    watchdog = Watchdog(WORKERS_EXPECTED)
    go_by(core, 40, watchdog.check)
    beats(core, SWEEPER)
    go_by(core, 2, watchdog.check)
    assert (watchdog.is_missed, troubles(core)) == (False, [])


def test_who_reads_queues_is_missed_only_while_the_policy_has_a_queue(core):
    beats(core, QUEUE_READER)
    needed = [True]
    watchdog = Watchdog(replace(QUEUE_READERS_EXPECTED, is_needed=lambda _core, _policy: needed[0]))
    go_by(core, 62, watchdog.check)
    assert troubles(core) == [QUEUE_READERS_GONE]
    needed[0] = False
    go_by(core, 2, watchdog.check)
    assert (watchdog.is_missed, troubles(core)) == (False, [])
    with core.database.reading() as connection:
        assert not QUEUE_READERS_EXPECTED.is_needed(core, core.policies.required(connection).policy)


def test_nobody_is_missed_who_was_never_there(core):
    watchdog = Watchdog(WORKERS_EXPECTED)
    go_by(core, 120, watchdog.check)
    assert (watchdog.is_missed, troubles(core)) == (False, [])


@pytest.mark.parametrize(
    "away",
    [pytest.param(None, id="as one part starts before the other"), pytest.param(8, id="as the machine sleeps")],
)
def test_nobody_is_missed_for_a_time_in_which_nobody_looked(core, away):
    beats(core, SWEEPER)
    watchdog = Watchdog(WORKERS_EXPECTED)
    if away is not None:
        go_by(core, 4, watchdog.check)
    core.clock.move(hours=8)
    go_by(core, 28, watchdog.check)
    assert (watchdog.is_missed, troubles(core)) == (False, [])


def test_who_starts_while_others_are_known_to_be_gone_goes_on_where_it_stands(core):
    beats(core, SWEEPER)
    go_by(core, 40, Watchdog(WORKERS_EXPECTED).check)
    another = Watchdog(WORKERS_EXPECTED)
    another.check(core)
    assert (another.is_missed, troubles(core)) == (True, [WORKERS_GONE])


def test_the_last_of_each_kind_is_remembered_however_long_ago_it_was(each):
    for kind in (SWEEPER, SWEEPER, WEB):
        beats(each, kind)
        each.clock.move(seconds=1)
    each.clock.move(days=30)
    with each.database.writing() as connection:
        processes.delete_old(connection, each.clock.now() - timedelta(hours=1))
        left = processes.alive_since(connection, each.clock.now() - timedelta(days=60))
        assert processes.last_beat(connection, SWEEPER) is not None
    assert sorted(one.kind for one in left) == [SWEEPER, WEB]


def test_without_workers_the_web_tells_of_our_trouble_and_of_nothing_else(each):
    alert(each)
    with each.database.writing() as connection:
        connection.execute(update(deliveries).values(state=DeliveryState.PENDING, next_attempt_at=each.clock.now()))
    before = told(each)
    beats(each, SWEEPER)
    go_by(each, 40, Watchdog(WORKERS_EXPECTED).check)
    send_operator_alerts(each)
    assert told(each)[len(before) :] == ["critical-alerts", "person:eli"]
    send_operator_alerts(each)
    assert len(told(each)) == len(before) + 2


def test_what_another_process_has_claimed_is_not_sent_twice(each):
    beats(each, SWEEPER)
    go_by(each, 40, Watchdog(WORKERS_EXPECTED).check)
    sending = {"state": DeliveryState.SENDING, "claimed_by": uuid7(), "claimed_at": each.clock.now(), "claim_number": 1}
    with each.database.writing() as connection:
        connection.execute(update(deliveries).values(sending))
    send_operator_alerts(each)
    assert told(each) == []


def test_what_is_late_parked_stuck_or_gone_is_said(core):
    alert(core)
    core.clock.move(seconds=50)
    now = core.clock.now()
    with core.database.writing() as connection:
        connection.execute(update(events).values(state="parked"))
        stuck = {"state": DeliveryState.SENDING, "claimed_at": now - timedelta(seconds=61)}
        connection.execute(update(deliveries).values(stuck))
        connection.execute(update(incidents).values(due_at=now - timedelta(seconds=11)))
        running = core.policies.required(connection)
        for key in (WORKERS_GONE, WEB_GONE):
            OperatorAlerts(connection, now).raise_alert(key, "since a while", running.policy, core.settings)
    assert found(core) == [
        "workers: none is running; nothing is sent or escalated",
        "deadlines: the oldest is 11 s late",
        "sending: 4 in progress for longer than a minute",
        "events: 1 parked",
        "web_gone: since a while",
    ]


def test_all_is_well_while_somebody_works_in_time(core):
    beats(core, SWEEPER)
    beats(core, WEB)
    alert(core)
    assert found(core) == []
    shown = health_summary(core)
    assert (shown.concerns, shown.workers, shown.last_event) == ((), 1, core.clock.now())


def test_the_metrics_say_what_the_first_page_says(core):
    text = metrics_text(core).decode()
    assert "escalator_concerns 1.0" in text
    beats(core, SWEEPER)
    text = metrics_text(core).decode()
    for line in ("escalator_concerns 0.0", "escalator_workers 1.0", "escalator_stuck_deliveries 0.0"):
        assert line in text.splitlines()
