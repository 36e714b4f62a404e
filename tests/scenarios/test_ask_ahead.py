"""Before a deadline Stream is asked whether the item was reviewed; the deadline fires on time whatever it answers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from escalator.channels.deadline_socket import Limits
from escalator.services.stream import ask_ahead as asking
from escalator.services.stream.ask_ahead import ask_ahead
from escalator.services.stream.reconcile import reconcile_due_sources
from escalator.store import key_values
from tests.doubles.http import Fault
from tests.scenarios.harness import POLICY
from tests.scenarios.stream_app import item_id, running_app

QUEUE = "/api/v2/moderation/review_queue"
ASKED = "incident.stream_asked"


@pytest.fixture
def app(bare):
    with running_app(bare) as app:
        yield app


@pytest.fixture
def alert(app, bare):
    """Alerts have gone out, and in that many seconds the seniors are told."""

    def begin(*numbers, label="THREAT", left_s=4):
        for number in numbers or (1,):
            bare.send(app.flag(number, label))
        bare.fast_forward(seconds=300 - left_s)
        bare.forget_seen()

    return begin


def asked_about(app):
    return [request.json["filter"]["id"]["$in"] for request in app.double.requests if request.path == QUEUE]


def words(h):
    return [row["reason"] for row in h.records(ASKED)]


def told(h, person):
    return [message for message in h.slack.messages if message.channel == h.slack.channel_id(f"U0{person.upper()}")]


def test_a_review_that_no_webhook_has_told_comes_before_the_deadline(app, bare, alert):
    reconcile_due_sources(bare.core)
    alert(left_s=60)
    app.review(1)
    bare.fast_forward(seconds=56)
    app.double.requests.clear()
    ask_ahead(bare.core)
    bare.work()
    assert (bare.incident()["state"], bare.incident()["outcome"]) == ("resolved", "reviewed_in_stream")
    bare.fast_forward(minutes=30)
    assert told(bare, "dana") == []
    bare.forget_seen()
    assert words(bare) == ["changed"]
    assert len(bare.records("incident.recovered")) == 1


def test_one_that_has_just_been_made_counts_too_and_its_webhook_was_not_lost(app, bare, alert):
    alert()
    webhook = app.review(1)
    ask_ahead(bare.core)
    assert bare.incident()["state"] == "resolved"
    assert bare.records("incident.recovered") == []
    revision = bare.incident()["fence"]
    bare.send(webhook)
    bare.forget_seen()
    assert (bare.incident()["state"], bare.incident()["fence"]) == ("resolved", revision)


def test_still_unreviewed_is_recorded_once_and_the_deadline_fires_on_time(app, bare, alert):
    alert()
    for _sweep in range(2):
        ask_ahead(bare.core)
        bare.clock.move(seconds=2)
    assert asked_about(app) == [[item_id(1)]]
    bare.sweep()
    assert len(told(bare, "dana")) == 1
    bare.forget_seen()
    assert words(bare) == ["unreviewed"]
    assert bare.records("step.fired")[-1]["after"]["late_ms"] == "0"


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (Fault(status=503), "vendor_error"),
        (Fault(drop=True), "unreachable"),
        (Fault(html=True), "bad_answer"),
        (Fault(status=429, body={"code": 9}, retry_after="7"), "rate_limited"),
        (Fault(status=401, body={"code": 43}), "bad_credentials"),
        (Fault(delay=1), "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stream_that_cannot_be_asked_delays_nothing(app, bare, alert, monkeypatch, fault, word):
    monkeypatch.setattr(asking, "QUICK", Limits(socket_s=0.2, total_s=0.2))
    alert()
    app.double.inject(fault)
    ask_ahead(bare.core)
    bare.fast_forward(seconds=4)
    assert len(told(bare, "dana")) == 1
    bare.forget_seen()
    assert words(bare) == [word]


def test_after_a_failure_it_is_left_alone_for_half_a_minute(app, bare, alert):
    bare.send(app.flag(1, "THREAT"))
    bare.clock.move(seconds=20)
    bare.send(app.flag(2, "THREAT"))
    bare.clock.move(seconds=20)
    bare.send(app.flag(3, "THREAT"))
    app.double.inject(Fault(status=503))
    for wait in (256, 20, 20):
        bare.fast_forward(seconds=wait)
        ask_ahead(bare.core)
    bare.forget_seen()
    assert words(bare) == ["vendor_error", "paused", "unreviewed"]
    assert len(asked_about(app)) == 2


@pytest.mark.parametrize(
    ("left_s", "calls"), [pytest.param(6, 0, id="6 s"), pytest.param(5, 1, id="5 s"), pytest.param(1, 1, id="1 s")]
)
def test_how_long_before_a_deadline_it_is_asked(app, bare, alert, left_s, calls):
    alert(left_s=left_s)
    ask_ahead(bare.core)
    assert len(asked_about(app)) == calls


def test_one_call_asks_about_all_that_are_due(app, bare, alert):
    alert(*range(1, 8))
    ask_ahead(bare.core)
    assert [sorted(ids) for ids in asked_about(app)] == [[item_id(number) for number in range(1, 8)]]
    assert words(bare) == ["unreviewed"] * 7


def test_what_stream_has_just_told_is_not_asked(app, bare, alert):
    alert()
    bare.send(app.flag(1, "THREAT"))
    bare.forget_seen()
    ask_ahead(bare.core)
    assert asked_about(app) == []


def test_a_first_send_is_not_asked_about_and_the_second_deadline_is(app, bare):
    policy = POLICY.read_text().replace(
        "    - {notify: [critical-alerts, team]}\n    - {after: 5m,  notify",
        "    - {after: 3m, notify: [critical-alerts, team]}\n    - {after: 5m,  notify",
    )
    bare.change_policy(POLICY.read_text(), policy)
    bare.send(app.flag(1, "THREAT"))
    bare.fast_forward(seconds=177)
    ask_ahead(bare.core)
    assert asked_about(app) == []
    bare.fast_forward(seconds=10)
    message = told(bare, "ana")[0]
    bare.click("ana", "Acknowledge", on=message)
    bare.fast_forward(minutes=29, seconds=57)
    bare.forget_seen()
    ask_ahead(bare.core)
    assert bare.incident()["due_kind"] == "resolve_within"
    assert len(asked_about(app)) == 1


def test_an_item_that_the_queue_does_not_show_closes_nothing(app, bare, alert):
    alert()
    app.double.items = []
    for _sweep in range(2):
        ask_ahead(bare.core)
        bare.clock.move(seconds=1)
    assert (words(bare), bare.incident()["state"]) == (["not_shown"], "triggered")
    assert len(asked_about(app)) == 1


@pytest.mark.parametrize("written", ["mode: sandbox", "reconcile: off"])
def test_in_the_sandbox_and_switched_off_nothing_is_asked(bare, written):
    policy = POLICY.read_text().replace("expect_within: 365d", f"{written}\n    expect_within: 365d")
    with running_app(bare, policy=policy) as app:
        bare.send(app.flag(1, "THREAT"))
        bare.fast_forward(seconds=296)
        bare.forget_seen()
        ask_ahead(bare.core)
        assert (app.double.requests, words(bare)) == ([], [])


@pytest.mark.every_database
def test_nothing_is_locked_during_the_call_and_two_processes_ask_once(app, bare, alert):
    alert()
    honest = app.double.answer

    def answer(request):
        with bare.core.database.writing() as connection:
            key_values.save(connection, "written", "during the call", bare.clock.now())
        return honest(request)

    app.double.answer = answer
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(ask_ahead, bare.core) for _ in range(2)]:
            done.result()
    assert len(asked_about(app)) == 1
    assert words(bare) == ["unreviewed"]


@pytest.mark.every_database
def test_the_deadline_is_fired_while_stream_is_being_asked(app, bare, alert):
    alert(left_s=2)
    honest = app.double.answer

    def answer(request):
        bare.clock.move(seconds=2)
        bare.sweep()
        return honest(request)

    app.double.answer = answer
    ask_ahead(bare.core)
    assert len(told(bare, "dana")) == 1
    bare.forget_seen()
