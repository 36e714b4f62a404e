"""A webhook that never came: Stream's queue is compared with what came, and what is missing is processed and told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from escalator.channels.stream.client import StreamAnswer, StreamClient
from escalator.model.message import Failed, FailureReason
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.maintenance.jobs import flush_metrics
from escalator.services.monitoring.health import metrics_text
from escalator.services.stream.reconcile import reconcile, reconcile_due_sources
from escalator.store import stream_sync
from escalator.store.jobs import make_due
from escalator.store.tables import events, jobs, stream_items
from tests.doubles.http import Fault
from tests.scenarios.harness import POLICY
from tests.scenarios.stream_app import item_id, running_app

QUEUE = "/api/v2/moderation/review_queue"
RECOVERED = "escalator.recovered"


@pytest.fixture
def app(bare):
    with running_app(bare) as app:
        yield app


@pytest.fixture
def run(app, bare):
    """Let a minute pass, as often as said, and each time compare the queue and do what follows."""

    def minutes(count=1):
        for _minute in range(count):
            bare.fast_forward(seconds=60)
            reconcile_due_sources(bare.core)
            bare.work()

    reconcile_due_sources(bare.core)
    return minutes


def calls(app):
    return [request for request in app.double.requests if request.path == QUEUE]


def alerts(h):
    with h.core.database.reading() as connection:
        return dict(OperatorAlerts(connection, h.clock.now()).list_open())


def state(h):
    with h.core.database.reading() as connection:
        return stream_sync.get_state(connection, "chat")


def recovered(h):
    return h.count(events, type=RECOVERED)


def test_what_never_came_is_told_within_two_minutes_and_recorded(app, bare, run):
    app.flag(1)
    run()
    assert bare.expect_message("#critical-alerts", "CRITICAL · Self-harm · acknowledge within 5 min · #1001")
    bare.forget_seen()
    assert [row["after"] for row in bare.records("incident.recovered")] == [{}]
    assert bare.incident()["state"] == "triggered"


def test_what_came_is_stored_once_and_costs_one_call_a_minute(app, bare, run):
    bare.send(app.flag(1))
    bare.forget_seen()
    before = len(calls(app))
    run(4)
    bare.forget_seen()
    assert recovered(bare) == 0
    assert len(calls(app)) - before == 4
    assert alerts(bare) == {}


def test_an_update_that_means_the_same_is_no_lost_webhook(app, bare, run):
    bare.send(app.flag(1))
    bare.clock.move(seconds=10)
    app.touch(1)
    run(3)
    bare.forget_seen()
    assert (recovered(bare), alerts(bare)) == (0, {})


def test_a_webhook_has_half_a_minute_to_come(app, bare, run):
    bare.clock.move(seconds=45)
    late = app.flag(1)
    run(0)
    bare.clock.move(seconds=20)
    reconcile_due_sources(bare.core)
    assert recovered(bare) == 0
    bare.send(late)
    run(2)
    bare.forget_seen()
    assert recovered(bare) == 0


def test_the_webhook_that_comes_after_all_changes_and_notifies_nothing(app, bare, run):
    late = app.flag(1)
    run(2)
    bare.forget_seen()
    messages, before = len(bare.slack.messages), bare.incident()
    bare.send(late)
    bare.forget_seen()
    assert len(bare.slack.messages) == messages
    assert [bare.incident()[name] for name in ("round", "fence", "state")] == [
        before[name] for name in ("round", "fence", "state")
    ]


def test_a_lost_review_resolves_what_it_would_have_resolved(app, bare, run):
    bare.send(app.flag(1, "THREAT"))
    bare.clock.move(seconds=60)
    app.review(1)
    run(2)
    bare.forget_seen()
    assert (bare.incident()["state"], bare.incident()["outcome"]) == ("resolved", "reviewed_in_stream")


def test_a_flag_and_its_review_that_are_both_lost_wake_nobody(app, bare, run):
    app.flag(1, "THREAT")
    bare.clock.move(seconds=5)
    app.review(1)
    run(2)
    bare.forget_seen()
    assert bare.incident()["state"] == "resolved"
    assert not [message for message in bare.slack.messages if "Threat" in message.first_text]


def test_what_is_older_than_the_connection_by_a_day_is_not_opened(app, bare):
    app.flag(1)
    bare.clock.move(hours=24, minutes=10)
    app.flag(2, "THREAT")
    bare.clock.move(minutes=5)
    app.flag(1)
    bare.clock.move(minutes=1)
    reconcile_due_sources(bare.core)
    bare.work()
    bare.forget_seen()
    assert (bare.count(events, type=RECOVERED), bare.incident()["category"]) == (1, "threat")


def test_an_old_item_with_an_incident_of_an_older_release_is_followed(app, bare):
    bare.send(app.flag(1, "THREAT"))
    bare.forget_seen()
    with bare.core.database.writing() as connection:
        connection.execute(stream_items.delete())
    app.items[1]["created_at"] -= timedelta(days=3)
    bare.clock.move(minutes=1)
    app.review(1)
    bare.clock.move(minutes=1)
    reconcile_due_sources(bare.core)
    bare.work()
    bare.forget_seen()
    assert bare.incident()["state"] == "resolved"


def test_what_is_not_settled_yet_is_read_no_further(app, bare, run):
    for number in range(1, 151):
        app.flag(number, "SPAM")
    bare.clock.move(seconds=20)
    before = len(calls(app))
    with bare.core.database.writing() as connection:
        make_due(connection, "reconcile:chat")
    reconcile_due_sources(bare.core)
    assert (len(calls(app)) - before, recovered(bare)) == (1, 0)


def test_what_was_there_before_the_first_contact_was_not_lost(app, bare):
    app.flag(1)
    bare.clock.move(hours=2)
    reconcile_due_sources(bare.core)
    bare.work()
    bare.forget_seen()
    assert recovered(bare) == 1
    assert bare.records("incident.recovered") == []
    assert alerts(bare) == {}


def test_lost_webhooks_raise_an_alert_that_ends_by_itself(app, bare, run):
    bare.send(app.flag(1, "SPAM"))
    app.flag(2, "SPAM")
    run(2)
    bare.forget_seen()
    detail = alerts(bare)["webhooks_lost:chat"]
    assert detail.startswith(
        "webhooks of chat are being lost: 1 of 2 in the last hour were found only in Stream's queue"
    )
    bare.clock.move(minutes=61)
    run()
    bare.forget_seen()
    assert "webhooks_lost:chat" not in alerts(bare)
    flush_metrics(bare.core)
    line = b'escalator_reconciled_items_total{outcome="recovered",source="chat"} 1.0'
    assert line in metrics_text(bare.core)


def test_how_far_it_has_read_is_in_streams_time_whatever_our_clock_says(app, bare):
    app.skew = timedelta(hours=-3)
    reconcile_due_sources(bare.core)
    app.flag(1)
    bare.clock.move(seconds=60)
    reconcile_due_sources(bare.core)
    bare.work()
    bare.forget_seen()
    assert recovered(bare) == 1
    assert state(bare).watermark == app.items[1]["updated_at"] - timedelta(seconds=120)


def test_a_page_is_stored_with_how_far_it_reaches_so_that_a_crash_costs_a_page(app, bare, run):
    for number in range(1, 251):
        app.flag(number, "SPAM")
        bare.clock.move(seconds=1)
    bare.clock.move(seconds=60)
    app.double.inject(Fault(), Fault(drop=True))
    reconcile_due_sources(bare.core)
    assert recovered(bare) == 100
    assert state(bare).watermark == app.items[100]["updated_at"]
    run(2)
    bare.forget_seen()
    assert recovered(bare) == 250


def test_after_an_outage_what_is_gravest_is_processed_first(app, bare, run):
    app.double.inject(*[Fault(status=503)] * 12)
    run(6)
    for number in range(1, 131):
        app.flag(number, "SPAM", ai_text_severity="LOW")
    app.flag(131, "THREAT", ai_text_severity="CRITICAL")
    app.flag(132, "SPAM", escalated=True, escalated_at=app.now(), escalated_by="mod-1")
    run(6)
    bare.forget_seen()
    assert "stream_unread:chat" in alerts(bare)
    run(2)
    bare.forget_seen()
    with bare.core.database.reading() as connection:
        stored = connection.execute(events.select().where(events.c.type == RECOVERED).order_by(events.c.id)).all()
    assert len(stored) == 132
    order = [bare.core.seal.open(row.sealed_body) for row in stored[:2]]
    assert [item_id(number).encode() in body for number, body in zip((132, 131), order, strict=True)] == [True, True]
    assert "stream_unread:chat" not in alerts(bare)


def test_a_rate_limit_is_waited_for(app, bare, run):
    app.double.inject(Fault(status=429, body={"code": 9}, retry_after="600"))
    run()
    limited = len(calls(app))
    run(9)
    assert len(calls(app)) == limited
    run()
    assert len(calls(app)) > limited


def test_a_page_that_takes_too_long_is_asked_for_with_fewer_items(app, bare, run, monkeypatch):
    monkeypatch.setattr(StreamClient, "ask", too_long_for(20, StreamClient.ask))
    for number in range(1, 51):
        app.flag(number, "SPAM")
        bare.clock.move(seconds=1)
    run(6)
    bare.forget_seen()
    assert recovered(bare) == 50
    limits = [request.json["limit"] for request in calls(app) if "updated_at" in request.json["filter"]]
    assert {100, 12, 24} <= set(limits)


def too_long_for(items, honest):
    """Return a call that ends in time only for a page of so many items at most."""

    def ask(self, method, path, *, query=None, body=None):
        answer = honest(self, method, path, query=query, body=body)
        shown = answer.body.get("items", []) if isinstance(answer, StreamAnswer) else []
        return Failed(FailureReason.TIMEOUT) if len(shown) > items else answer

    return ask


def test_an_item_that_is_not_shown_is_not_closed_and_asked_for_ever_more_rarely(app, bare, run):
    bare.send(app.flag(1, "THREAT"))
    app.double.items = []
    run(120)
    bare.forget_seen()
    assert bare.incident()["state"] == "triggered"
    assert len(bare.records("incident.not_in_queue")) == 1
    asked = [request for request in calls(app) if "id" in request.json["filter"]]
    assert 3 <= len(asked) <= 5


def test_open_incidents_are_asked_for_every_ten_minutes(app, bare, run):
    bare.send(app.flag(1, "THREAT"))
    run(35)
    bare.forget_seen()
    asked = [request.json["filter"] for request in calls(app) if "id" in request.json["filter"]]
    assert asked == [{"id": {"$in": [item_id(1)]}}] * 3


@pytest.mark.parametrize("mode", ["sandbox", "off"])
def test_in_the_sandbox_and_switched_off_nothing_is_asked(bare, mode):
    text = POLICY.read_text()
    if mode == "off":
        text = text.replace("expect_within: 365d", "reconcile: off\n    expect_within: 365d")
    else:
        text = text.replace("expect_within: 365d", "mode: sandbox\n    expect_within: 365d")
    with running_app(bare, policy=text) as app:
        app.flag(1)
        bare.clock.move(minutes=5)
        reconcile_due_sources(bare.core)
        assert calls(app) == []


def test_while_events_wait_nothing_is_taken_for_lost(app, bare, run):
    body = app.flag(1)
    bare.send(body, is_working=False)
    bare.clock.move(minutes=2)
    reconcile_due_sources(bare.core)
    assert recovered(bare) == 0
    bare.work()
    reconcile_due_sources(bare.core)
    bare.forget_seen()
    assert (recovered(bare), alerts(bare)) == (0, {})


def test_one_process_does_it_for_all(app, bare, run):
    before = len(calls(app))
    bare.clock.move(seconds=60)
    reconcile_due_sources(bare.core)
    reconcile_due_sources(bare.core)
    assert len(calls(app)) - before == 1


def test_a_dry_run_writes_nothing_and_says_the_same(app, bare):
    bare.send(app.flag(1, "THREAT"))
    bare.forget_seen()
    bare.clock.move(seconds=5)
    app.review(1)
    app.flag(2, "SPAM")
    bare.clock.move(seconds=60)
    with bare.core.database.reading() as connection:
        source = bare.core.policies.required(connection).policy.sources["chat"]
    expected = {"closed": 1, "opened": 1}
    dry = reconcile(bare.core, source, is_dry=True)
    assert {name: count for name, count in dry.counts.items() if count} == expected
    assert (recovered(bare), state(bare).connected_at, bare.count(jobs, name="reconcile:chat")) == (0, None, 0)
    real = reconcile(bare.core, source, back_to=timedelta(hours=1))
    assert {name: count for name, count in real.counts.items() if count} == expected
    bare.work()
    bare.forget_seen()
    assert reconcile(bare.core, source).counts["known"] == 2


@pytest.mark.every_database
def test_two_at_once_store_each_state_once(app, bare, run):
    for number in range(1, 31):
        app.flag(number, "SPAM")
    bare.clock.move(seconds=60)
    with bare.core.database.reading() as connection:
        source = bare.core.policies.required(connection).policy.sources["chat"]
    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(reconcile, bare.core, source) for _ in range(2)]
        counts = [result.result().counts for result in results]
    assert sum(count["opened"] for count in counts) == recovered(bare) == 30
    bare.work()
    bare.forget_seen()
    assert state(bare).watermark == app.items[30]["updated_at"] - timedelta(seconds=120)
