"""A destination that hangs: others are told meanwhile, it is tried by one call at a time, and nobody waits for it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from escalator.bootstrap import build
from escalator.clock import SystemClock
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.delivery import claim_deliveries
from escalator.services.delivery import sender as sending
from escalator.services.delivery.outcomes import record_outcomes
from escalator.services.delivery.sender import SENDER_THREADS, Sender
from escalator.services.intake import process
from escalator.services.outbound.bulkheads import SenderThreads
from escalator.services.outbound.call import CallOutcome, OutboundCall
from escalator.store import endpoint_health
from escalator.store.deliveries import DeliveryKind
from escalator.store.delivery_claims import candidates
from escalator.store.endpoint_health import EndpointState, HealthUpdates
from escalator.store.tables import deliveries, operator_alerts, posted_messages
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import SELF_HARM, labelled

HATE = labelled("HATE", "high", 60)
MANY = 40
PATIENCE_S = 60
HOOK = 'hook: {webhook: "https://hook.example.com/in", secret: "whsec_aGVsbG8taGVsbG8taGVsbG8="}'
TOLD_BY_BOTH = (
    POLICY.read_text()
    .replace("destinations:\n", f"destinations:\n  {HOOK}\n")
    .replace("    - {notify: [hate-room]}", "    - {notify: [hook, hate-room, person:ana]}")
)
WITHOUT_FALLBACK = POLICY.read_text().replace('{slack: "#hate", fallback: leads}', '{slack: "#hate"}')
TIMEOUT = Failed(FailureReason.TIMEOUT)
Sent = Callable[[Core, OutboundCall], Delivered | Failed]


def alerts(h: Harness, count: int, first: int = 20) -> None:
    """So many alerts come, and nobody sends anything yet."""
    for item in range(first, first + count):
        h.send(h.sample(SELF_HARM, item=item, **HATE), is_working=False)
    while process.process_events(h.core):
        pass
    h.queue.take()


def claim(core: Core, threads: SenderThreads | None = None) -> tuple[OutboundCall, ...]:
    threads = threads or SenderThreads(SENDER_THREADS)
    return claim_deliveries.claim_calls(core, threads.free, threads).calls


def told(calls: tuple[OutboundCall, ...]) -> Counter[str]:
    return Counter(call.context.destination for call in calls)


def end(h: Harness, calls: tuple[OutboundCall, ...], result: Delivered | Failed) -> None:
    record_outcomes(h.core, [CallOutcome(call, call.refused or result) for call in calls])


def health(h: Harness) -> dict[str, EndpointState]:
    with h.core.database.reading() as connection:
        known = endpoint_health.unwell(connection, h.clock.now())
    states = {name: replace(state, paused_until=None) for name, state in known.items()}
    return {name: state for name, state in states.items() if state != EndpointState()}


def hanging(h: Harness, count: int = 6) -> None:
    """Alerts come, and the calls about them to their only destination time out."""
    alerts(h, count)
    calls = claim(h.core)
    assert told(calls) == {"hate-room": count}
    end(h, calls, TIMEOUT)
    h.clock.move(seconds=10)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    opened = threading.Event()
    yield opened
    opened.set()


def until(question: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not question():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_all_that_goes_elsewhere_arrives_while_one_destination_hangs(
    bare: Harness, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    h = bare.start(TOLD_BY_BOTH)
    alerts(h, MANY)

    def answered(_core: Core, one: OutboundCall) -> Delivered | Failed:
        if one.context.destination == "hook":
            assert gate.wait(PATIENCE_S)
        return Delivered(f"C1/{one.notification.key}", "seen")

    monkeypatch.setattr(sending, "send_call", answered)
    sender = Sender(h.core, SystemClock())
    sender.wake()
    try:
        for destination in ("hate-room", "person:ana"):
            until(lambda name=destination: h.count(deliveries, destination=name, state="delivered") == MANY)
        assert h.count(deliveries, destination="hook", state="delivered") == 0
        assert 0 < h.count(deliveries, destination="hook", state="sending") <= SENDER_THREADS // 2
        gate.set()
        until(lambda: h.count(deliveries, destination="hook", state="delivered") == MANY)
    finally:
        gate.set()
        sender.stop(PATIENCE_S)


def test_what_is_born_takes_no_more_than_its_share(bare: Harness) -> None:
    h = bare.start(TOLD_BY_BOTH)
    sender = Sender(h.core, SystemClock())
    sent: list[OutboundCall] = []
    sender._loops = (threading.current_thread(),)
    sender.send = sent.extend  # type: ignore[method-assign]
    h.core.sender_pool = sender
    alerts(h, 12)
    assert told(tuple(sent))["hook"] <= SENDER_THREADS // 2
    assert told(tuple(sent)).total() < SENDER_THREADS
    assert told(tuple(sent)).keys() == {"hook", "hate-room", "person:ana"}


def test_a_full_queue_of_one_destination_hides_nobody_behind_it(bare: Harness) -> None:
    h = bare.start(TOLD_BY_BOTH)
    alerts(h, MANY)
    with h.core.database.writing() as connection:
        late = update(deliveries).where(deliveries.c.destination != "hook")
        connection.execute(late.values(urgency=0))
    threads = SenderThreads(SENDER_THREADS)
    calls = claim(h.core, threads)
    for _ in range(3):
        calls += claim(h.core, threads)
    assert told(calls)["hook"] == SENDER_THREADS // 2
    assert told(calls).keys() == {"hook", "hate-room", "person:ana"}


def test_updates_that_hang_leave_room_for_pages(h: Harness) -> None:
    for item in range(20, 40):
        h.post(SELF_HARM, item=item, **HATE)
    h.forget_seen()
    with h.core.database.writing() as connection:
        connection.execute(update(posted_messages).values(wanted_revision=posted_messages.c.wanted_revision + 1))
    threads = SenderThreads(SENDER_THREADS)
    updates = tuple(call for _ in range(4) for call in claim(h.core, threads))
    assert [call.delivery for call in updates] == [None] * 11
    alerts(h, 4, first=70)
    assert told(claim(h.core, threads))["hate-room"] > 0


def test_retries_wait_for_what_has_not_been_tried(bare: Harness) -> None:
    h = bare.start(WITHOUT_FALLBACK)
    alerts(h, 4)
    end(h, claim(h.core), Failed(FailureReason.VENDOR_ERROR))
    alerts(h, 2, first=70)
    h.clock.move(seconds=10)
    calls = claim(h.core)
    # The first alert of its category goes before all.
    assert [call.delivery.attempts for call in calls if call.delivery] == [1, 0, 0, 1, 1, 1]


def test_a_destination_that_times_out_is_tried_by_one_call_of_all_processes_until_it_answers(bare: Harness) -> None:
    h = bare.start(WITHOUT_FALLBACK)
    hanging(h)
    another = build(h.core.settings, clock=h.clock, queue=h.queue)
    [probe] = claim(h.core)
    assert probe.is_probe
    assert claim(another) == claim(h.core) == ()
    end(h, (probe,), TIMEOUT)
    assert health(h)["hate-room"] == EndpointState(consecutive_timeouts=7)
    [probe] = claim(another)
    another.database.close()
    end(h, (probe,), Delivered("C1/1"))
    assert health(h) == {}
    assert told(claim(h.core)) == {"hate-room": 4}
    h.forget_seen()


def test_a_probe_whose_process_has_died_is_followed_by_another(bare: Harness) -> None:
    h = bare.start(WITHOUT_FALLBACK)
    hanging(h)
    assert len(claim(h.core)) == 1
    h.clock.move(seconds=36)
    assert len(claim(h.core)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Failed(FailureReason.VENDOR_ERROR), id="an error is an answer"),
        pytest.param(Failed(FailureReason.BAD_TARGET), id="so is a refusal"),
        pytest.param(Delivered("C1/1"), id="so is a message"),
    ],
)
def test_whoever_answers_does_not_hang(bare: Harness, answer: Delivered | Failed) -> None:
    h = bare.start(WITHOUT_FALLBACK)
    hanging(h)
    end(h, claim(h.core), answer)
    assert health(h) == {}


@pytest.mark.parametrize(
    "silence",
    [
        pytest.param(Failed(FailureReason.UNREACHABLE), id="nobody is there"),
        pytest.param(Failed(FailureReason.PACED, "paced"), id="it was not called"),
    ],
)
def test_what_says_nothing_of_it_ends_the_probe_and_no_more(bare: Harness, silence: Failed) -> None:
    h = bare.start(WITHOUT_FALLBACK)
    hanging(h)
    end(h, claim(h.core), silence)
    assert health(h)["hate-room"] == EndpointState(consecutive_timeouts=6)


def test_nobody_waits_for_a_destination_that_hangs_who_can_be_told_another_way(h: Harness) -> None:
    hanging(h)
    alerts(h, 4, first=70)
    calls = claim(h.core)
    [probe] = [call for call in calls if not call.refused]
    assert (probe.is_probe, probe.context.destination) == (True, "hate-room")
    calls = tuple(call for call in calls if call is not probe)
    while calls:
        record_outcomes(
            h.core, [CallOutcome(call, call.refused or Delivered(f"C2/{call.notification.key}")) for call in calls]
        )
        calls = claim(h.core)
    assert h.count(deliveries, kind="page", destination="leads", state="delivered") == 10
    assert h.count(deliveries, destination="hate-room", state="sending") == 1


def test_a_page_that_was_the_probe_goes_another_way_at_once_and_once(h: Harness) -> None:
    hanging(h, 3)
    calls = claim(h.core)
    end(h, calls, TIMEOUT)
    with h.core.database.reading() as connection:
        found = connection.scalars(select(deliveries.c.destination).where(deliveries.c.kind == "page")).all()
    assert Counter(found) == {"hate-room": 3, "leads": 3}
    assert h.count(deliveries, destination="hate-room", state="failed") == 3
    assert h.records("step.failed") == []


def test_a_person_who_cannot_be_told_by_one_channel_is_told_by_the_next(bare: Harness) -> None:
    ana = "ana:  {name: Ana Ruiz,   slack: U0ANA,  stream: mod-1}"
    both = "ana:  {name: Ana Ruiz, slack: U0ANA, stream: mod-1, email: ana@example.com, contact: [slack, email]}"
    policy = POLICY.read_text().replace(ana, both).replace("notify: [hate-room]", "notify: [person:ana]")
    h = bare.start(policy)
    alerts(h, 4)
    end(h, claim(h.core), TIMEOUT)
    h.clock.move(seconds=10)
    assert health(h)["person:ana:slack"] == EndpointState(consecutive_timeouts=4)
    end(h, claim(h.core), TIMEOUT)
    mails = [call for call in claim(h.core) if call.delivery.kind is DeliveryKind.PAGE]
    assert {call.channel.value for call in mails} == {"email"}
    assert len(mails) == 4


def test_an_alarm_to_whoever_hangs_goes_to_another_vendor_at_once_and_once(bare: Harness) -> None:
    eli = "eli:  {name: Eli Stone,  slack: U0ELI,  role: admin}"
    mail = "eli:  {name: Eli Stone,  slack: U0ELI,  role: admin, email: eli@example.com, contact: [slack, email]}"
    policy = WITHOUT_FALLBACK.replace(eli, mail).replace("notify: [leads, person:eli]", "notify: [hate-room]")
    h = bare.start(policy)
    hanging(h)
    with h.core.database.writing() as connection:
        known = h.core.policies.required(connection).policy
        OperatorAlerts(connection, h.clock.now()).raise_alert("test:one", "", known, h.core.settings)
    for _time in range(3):
        end(h, claim(h.core), TIMEOUT)
    with h.core.database.reading() as connection:
        about = select(deliveries.c.endpoint).join(
            operator_alerts, operator_alerts.c.id == deliveries.c.operator_alert_id
        )
        found = connection.scalars(about.where(operator_alerts.c.key == "test:one")).all()
    assert Counter(found) == {"hate-room": 1, "person:eli:email": 1}


@pytest.mark.parametrize("result", [TIMEOUT, Failed(FailureReason.BAD_TARGET)], ids=["time-out", "refused for good"])
def test_the_sandbox_neither_opens_a_circuit_nor_heeds_one_nor_makes_a_trouble(h: Harness, result: Failed) -> None:
    hanging(h)
    before = health(h)
    alerts(h, 3, first=70)
    with h.core.database.writing() as connection:
        connection.execute(update(deliveries).values(mode="sandbox"))
    calls = claim(h.core)
    assert calls
    assert not any(call.is_probe or call.refused for call in calls)
    end(h, calls, result)
    assert health(h) == before
    assert h.records("trouble.found") == []


def test_a_person_who_has_to_wait_on_one_channel_does_not_on_another(h: Harness) -> None:
    alerts(h, 1)
    person = {"destination": "person:ana", "urgency": 1}
    for channel in ("slack", "email"):
        notes = HealthUpdates()
        notes.of("person:ana:slack").paused_until = h.clock.now() + timedelta(minutes=1)
        with h.core.database.writing() as connection:
            notes.write(connection, h.clock.now())
            told_by = person | {"channel": channel, "endpoint": f"person:ana:{channel}"}
            connection.execute(update(deliveries).values(told_by))
            waiting = candidates(connection, h.clock.now(), 5)
        assert len(waiting) == (channel == "email")


def test_an_alarm_to_whoever_hangs_keeps_no_other_alarm_waiting(
    h: Harness, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    with h.core.database.writing() as connection:
        policy = h.core.policies.required(connection).policy
        OperatorAlerts(connection, h.clock.now()).raise_alert("test:one", "", policy, h.core.settings)

    def answered(_core: Core, one: OutboundCall) -> Delivered | Failed:
        if one.context.destination == "person:eli":
            gate.set()
            return Delivered("C1/1")
        assert gate.wait(PATIENCE_S), "the other alarm has not been sent"
        return Delivered("C1/2")

    monkeypatch.setattr(sending, "send_call", answered)
    sending.send_operator_alerts(h.core)
    assert h.count(deliveries, kind="alarm", state="delivered") == 2
