"""What monitors see: ready unless nothing can be stored, and everything else that is wrong by its name."""

from redis.exceptions import ReadOnlyError
from sqlalchemy import update

from escalator.broker_state import BrokerState
from escalator.services.core.process_liveness import SWEEPER, record_heartbeat
from escalator.store.tables import posted_messages
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, paged, taken_by_ana

NAMES = (
    "escalator_events_total",
    "escalator_deliveries_total",
    "escalator_escalation_lateness_seconds",
    "escalator_webhook_to_send_seconds",
    "escalator_incidents",
    "escalator_unrouted_total",
)


def readyz(h: Harness, query: str = "") -> tuple[int, dict[str, object]]:
    answer = h.app.test_client().get(f"/readyz{query}")
    return answer.status_code, answer.json


def metrics(h: Harness) -> str:
    h.clock.move(seconds=5)
    h.tidy()
    return h.app.test_client().get("/metrics").text


def test_a_healthy_installation_is_ready_and_says_nothing_else(h: Harness) -> None:
    record_heartbeat(h.core, SWEEPER, h.clock.now())
    assert readyz(h) == (200, {"ready": True, "mode": "production", "degraded": [], "notes": []})
    assert readyz(h, "?strict=1")[0] == 200
    assert h.app.test_client().get("/healthz").json == {"status": "alive"}


def test_without_a_worker_it_is_ready_and_degraded(h: Harness) -> None:
    status, body = readyz(h)
    assert (status, body["degraded"]) == (200, ["workers: none is running; nothing is sent or escalated"])
    assert readyz(h, "?strict=1")[0] == 503


def test_a_process_that_cannot_use_the_broker_is_said_until_it_can(h: Harness) -> None:
    h.core.broker = BrokerState(holds_s=3600)
    h.core.broker.note(ReadOnlyError("You can't write against a read only replica."))
    record_heartbeat(h.core, SWEEPER, h.clock.now())
    said = "broker: 1 of 1 processes cannot use Redis (ReadOnlyError); work continues, up to 3 s later"
    status, body = readyz(h)
    assert (status, body["ready"], body["degraded"]) == (200, True, [said])
    h.core.broker = BrokerState()
    record_heartbeat(h.core, SWEEPER, h.clock.now())
    assert readyz(h)[1]["degraded"] == []


def test_a_deadline_that_is_late_is_said(h: Harness) -> None:
    paged(h)
    h.clock.move(minutes=5, seconds=30)
    record_heartbeat(h.core, SWEEPER, h.clock.now())
    assert readyz(h)[1]["degraded"] == ["deadlines: the oldest is 30 s late"]
    h.sweep()
    h.forget_seen()


def test_an_event_that_waits_is_said(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    h.clock.move(seconds=30)
    record_heartbeat(h.core, SWEEPER, h.clock.now())
    assert readyz(h)[1]["degraded"] == ["events: the oldest has waited 30 s"]


def test_every_metric_of_the_contract_is_there_before_anything_has_happened(h: Harness) -> None:
    said = metrics(h)
    for name in NAMES:
        assert f"# TYPE {name} " in said


def test_the_metrics_tell_what_has_happened(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.post("moderation_check.completed__keep")
    h.post(SELF_HARM)
    said = metrics(h)
    stored = 'escalator_events_total{outcome="stored",source="chat",type="review_queue_item.new"} 1.0'
    duplicate = 'escalator_events_total{outcome="duplicate",source="chat",type="review_queue_item.new"} 1.0'
    ignored = 'escalator_events_total{outcome="ignored",source="chat",type="other"} 1.0'
    delivered = 'escalator_deliveries_total{channel="slack",outcome="delivered",reason=""} 6.0'
    for line in (stored, duplicate, ignored, delivered):
        assert line in said
    assert 'escalator_incidents{severity="critical",state="acknowledged"} 1.0' in said
    assert "escalator_webhook_to_send_seconds_count 3.0" in said
    assert "escalator_unrouted_total 0.0" in said
    assert len(messages) == 3


def test_how_late_a_deadline_fired_is_measured_and_recorded(h: Harness) -> None:
    paged(h)
    h.clock.move(minutes=5, milliseconds=300)
    h.sweep()
    h.forget_seen()
    said = metrics(h)
    assert 'escalator_escalation_lateness_seconds_bucket{le="0.25"} 0.0' in said
    assert 'escalator_escalation_lateness_seconds_bucket{le="0.5"} 1.0' in said
    assert h.records("step.fired")[-1]["after"]["late_ms"] == "300"


def test_a_broken_invariant_is_logged_and_told_and_over_when_it_is_mended(h: Harness) -> None:
    messages = paged(h)
    with h.core.database.writing() as connection:
        connection.execute(update(posted_messages).values(shown_revision=0))
    h.clock.move(minutes=11)
    h.tidy()
    h.expect_error("invariant_broken")
    h.sweep()
    h.clock.move(minutes=1)
    h.tidy()
    assert [row["reason"] for row in h.records("trouble.ended")] == ["invariant:message_out_of_date"]
    assert messages[0].updates
    h.forget_seen()
