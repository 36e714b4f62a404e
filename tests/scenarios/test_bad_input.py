"""What comes, and what it gets: one test for each row of the table of bad input, at the door and behind it."""

import gzip
import json
from io import BytesIO

import pytest
from sqlalchemy import select

from escalator.services.incidents import escalation
from escalator.services.intake import process
from escalator.services.intake.store_event import MAX_BODY_BYTES
from escalator.store.tables import events, incidents
from escalator.stream.signature import sign
from escalator.task_publisher import TaskPublisher
from tests.scenarios.harness import STREAM_KEY, STREAM_SECRET, Harness
from tests.scenarios.stories import PAGE, SELF_HARM, paged
from tests.servers import PostgresServer

pytestmark = pytest.mark.every_database


def told(h: Harness) -> str:
    """Return the metrics, with all that has been counted."""
    h.clock.move(seconds=1)
    h.tidy()
    return h.app.test_client().get("/metrics").text


def expect_page(h: Harness) -> None:
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X_Signature": ""}, id="no signature"),
        pytest.param({"X_Signature": "0" * 64}, id="another signature"),
        pytest.param({"X_Signature": "sha256=zzz\u00e9"}, id="an unparsable signature"),
        pytest.param({"X_Api_Key": "another"}, id="an unknown key"),
        pytest.param({"X_Api_Key": ""}, id="no key"),
    ],
)
def test_what_is_not_signed_gets_401_without_a_detail_and_leaves_only_a_counter(
    h: Harness, headers: dict[str, str]
) -> None:
    answer = h.send(h.sample(SELF_HARM), **headers)
    assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
    assert h.count(events) == 0
    assert 'escalator_events_total{outcome="unauthorized",source="",type=""} 1.0' in told(h)


def test_the_old_secret_is_taken_while_it_is_being_rotated(bare: Harness) -> None:
    h = bare.start(STREAM_API_SECRET="new-secret", STREAM_API_SECRET_OLD=STREAM_SECRET)
    assert h.post(SELF_HARM).status_code == 200
    expect_page(h)


def test_a_body_over_the_limit_gets_413(h: Harness) -> None:
    answer = h.send(b" " * (MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json) == (413, {"error": "too_large"})
    assert h.count(events) == 0
    assert 'escalator_events_total{outcome="too_large",source="",type=""} 1.0' in told(h)


def chunked(h: Harness, body: bytes) -> int:
    """Send a body in chunks, whose length nobody says beforehand; the server ends the stream."""
    headers = {"X-Api-Key": STREAM_KEY, "X-Signature": sign(body, STREAM_SECRET), "Transfer-Encoding": "chunked"}
    return (
        h.app.test_client()
        .post(
            "/webhooks/stream",
            input_stream=BytesIO(body),
            headers=headers,
            environ_overrides={"wsgi.input_terminated": True},
        )
        .status_code
    )


def test_a_chunked_body_is_counted_as_it_comes(h: Harness) -> None:
    assert chunked(h, b" " * (MAX_BODY_BYTES + 1)) == 413
    assert chunked(h, h.sample(SELF_HARM)) == 200
    h.work()
    expect_page(h)


def test_a_body_that_inflates_over_the_limit_gets_413(h: Harness) -> None:
    bomb = b" " * (MAX_BODY_BYTES + 1)
    assert h.send(gzip.compress(bomb), X_Signature=sign(bomb, STREAM_SECRET)).status_code == 413
    assert h.count(events) == 0


def test_a_compressed_body_is_signed_before_it_was_compressed(h: Harness) -> None:
    body = h.sample(SELF_HARM)
    assert h.send(gzip.compress(body), X_Signature=sign(body, STREAM_SECRET)).status_code == 200
    expect_page(h)
    assert h.send(body).status_code == 200
    assert h.count(events) == 1


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param(b"{nonsense", {"_schema": ["Not valid JSON."]}, id="not JSON"),
        pytest.param(b'{"no": "type"}', {"type": ["Missing data for required field."]}, id="no type"),
    ],
)
def test_what_is_signed_but_no_event_gets_400_with_the_errors_and_is_kept(
    h: Harness, body: bytes, errors: dict[str, object]
) -> None:
    answer = h.send(body)
    assert (answer.status_code, answer.json) == (400, {"error": "invalid_event", "errors": errors})
    with h.core.database.reading() as connection:
        [row] = connection.execute(select(events)).all()
    assert (row.state, h.core.seal.open(row.sealed_body)) == ("invalid", body)
    assert h.send(body).status_code == 400
    assert h.count(events) == 1


def test_surprising_fields_are_taken_as_unknown_and_never_as_harmless(h: Harness) -> None:
    changes = {"severity": "very", "flags": "none", "languages": 7, "ai_text_severity": {"is": "odd"}}
    assert h.post(SELF_HARM, review_queue_item=changes, flags=None).status_code == 200
    h.expect_message("#critical-alerts", "UNKNOWN · Uncategorised · acknowledge within 30 min · #1001")


def test_what_no_route_takes_goes_to_the_default_path_and_is_counted(h: Harness) -> None:
    h.post("moderation.analysis.failed")
    h.expect_message("#critical-alerts", "UNKNOWN · Uncategorised · acknowledge within 30 min · #1001")
    assert "escalator_unrouted_total 1.0" in told(h)


NOTICED = "Escalator needs attention: "


def a_minute_passes(h: Harness, minutes: int = 1) -> None:
    h.clock.move(minutes=minutes)
    h.tidy()
    h.sweep()


def test_what_no_route_took_is_told_once_until_a_day_has_passed_without(h: Harness) -> None:
    h.post("moderation.analysis.failed")
    h.forget_seen()
    a_minute_passes(h)
    detail = "incidents that matched no route and took the default path: 1"
    h.expect_message("#leads", f"{NOTICED}unrouted", says=detail)
    h.expect_dm("eli", f"{NOTICED}unrouted")
    h.post("call.moderation_blur")
    h.forget_seen()
    a_minute_passes(h)
    assert len(h.records("trouble.found")) == 1
    h.clock.move(days=1)
    h.tidy()
    assert [row["reason"] for row in h.records("trouble.ended")] == ["unrouted"]


def test_a_body_over_the_limit_is_told_because_it_may_be_about_a_viral_item(h: Harness) -> None:
    h.send(b" " * (MAX_BODY_BYTES + 1))
    a_minute_passes(h)
    h.expect_message("#leads", f"{NOTICED}too large", says="a large one may be an item with thousands of flags")
    h.expect_dm("eli", f"{NOTICED}too large")


def test_a_null_byte_is_cleaned_and_stored(h: Harness) -> None:
    body = h.sample(SELF_HARM).replace(b"end it all", b"end\\u0000 it all")
    assert b"\\u0000" in body
    assert h.send(body, X_Webhook_Id="w\u00a01").status_code == 200
    expect_page(h)
    odd = json.dumps({"type": "message.\x00new"}).encode()
    assert h.send(odd).status_code == 200


@pytest.mark.postgres
def test_while_the_database_is_down_stream_is_asked_to_come_again(
    bare: Harness, postgres_server: PostgresServer
) -> None:
    h = bare.start()
    if h.core.database.is_sqlite:
        pytest.skip("an embedded database is never away")
    postgres_server.stop()
    answer = h.post(SELF_HARM)
    assert (answer.status_code, answer.json) == (503, {"error": "unavailable"})
    assert answer.headers["Retry-After"] == "1"
    assert h.app.test_client().get("/readyz").status_code == 503
    assert h.app.test_client().get("/healthz").status_code == 200
    postgres_server.start()
    answers = [h.post(SELF_HARM).status_code for _ in range(5)]
    assert answers[-1] == 200
    expect_page(h)


def test_while_the_database_is_busy_for_too_long_stream_is_asked_to_come_again(h: Harness) -> None:
    if not h.core.database.is_sqlite:
        pytest.skip("only SQLite has one lock for all who write")
    with h.core.database.writing():
        pass
    other = h.core.database.engine.connect()
    other.exec_driver_sql("BEGIN IMMEDIATE")
    assert h.post(SELF_HARM).status_code == 503
    other.rollback()
    other.close()
    assert h.post(SELF_HARM).status_code == 200
    expect_page(h)


def test_while_redis_is_down_events_are_accepted_and_the_sweep_does_the_rest(h: Harness) -> None:
    def publish(_name: str, _countdown: float) -> None:
        raise ConnectionError

    h.core.queue.publish = TaskPublisher(publish, h.clock).publish
    assert h.post(SELF_HARM).status_code == 200
    h.expect_nothing()
    h.fast_forward(seconds=2)
    expect_page(h)


def test_a_lost_message_of_the_broker_costs_time_and_never_work(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    h.queue.take()
    h.fast_forward(seconds=2)
    expect_page(h)


def test_an_event_that_cannot_be_processed_is_tried_five_times_then_parked_and_told(
    h: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe = process.observe

    def stumbling(body: bytes, *others: object) -> object:
        if b"poison" in body:
            raise ValueError("poison")
        return observe(body, *others)

    monkeypatch.setattr(process, "observe", stumbling)
    h.send(h.sample(SELF_HARM, item=2, custom={"poison": True}), is_working=False)
    h.post(SELF_HARM)
    expect_page(h)
    h.fast_forward(minutes=2)
    [row] = [dict(row._mapping) for row in _rows(h, events, state="parked")]
    assert (row["attempts"], row["reason"]) == (5, "ValueError")
    told_ = "Escalator needs attention: event"
    h.expect_message("#leads", told_, says=f"event {row['id']} failed 5 times (ValueError) and is parked")
    h.expect_dm("eli", told_)
    assert h.count(incidents) == 1
    h.expect_error("batch_failed")
    h.expect_error("item_failed")
    body = h.app.test_client().get("/readyz").json
    assert "events: 1 parked" in body["degraded"]


def _rows(h: Harness, table: object, **values: object) -> list[object]:
    question = select(table)
    for name, value in values.items():
        question = question.where(table.c[name] == value)
    with h.core.database.reading() as connection:
        return list(connection.execute(question).all())


def test_a_deadline_that_cannot_be_fired_is_parked_and_told_and_others_are_not_held_up(
    h: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    fire = escalation.fire_deadline

    def stumbling(incident: object, rules: object, now: object) -> object:
        if incident.number == 1001:
            raise ValueError("poison")
        return fire(incident, rules, now)

    monkeypatch.setattr(escalation, "fire_deadline", stumbling)
    paged(h)
    h.post(SELF_HARM, item=2)
    h.forget_seen()
    h.fast_forward(minutes=6)
    dana = "Nobody answered for 5 min: CRITICAL · Self-harm is now with you · #1002"
    h.expect_dm("dana", dana)
    assert len(h.records("incident.deadline_parked")) == 1
    told_ = "Escalator needs attention: deadline"
    detail = "#1001: its deadline failed 5 times (ValueError); open it now"
    h.expect_message("#leads", told_, says=detail, never="Self-harm")
    h.expect_dm("eli", told_, says=detail)
    h.expect_message("#critical-alerts", told_, says=detail)
    assert any(line.startswith("deadline:") for line in h.app.test_client().get("/readyz").json["degraded"])
    h.expect_error("batch_failed")
    h.expect_error("item_failed")
    monkeypatch.undo()
    h.fast_forward(minutes=10)
    h.tidy()
    assert h.incident()["step"] == 1
    assert [row["reason"].partition(":")[0] for row in h.records("trouble.ended")] == ["deadline"]
    h.forget_seen()
