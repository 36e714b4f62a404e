"""What happens when Slack fails, or a process of ours: late rather than lost, and twice rather than never."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalator.bootstrap import build
from escalator.model.levels import Mode
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.process_liveness import SENDER, record_heartbeat
from escalator.services.delivery import claim_deliveries, retry, sender
from escalator.services.delivery.outcomes import record_outcomes
from escalator.services.intake.process import process_events
from escalator.services.outbound.call import CallOutcome, OutboundCall
from escalator.store import endpoint_health
from escalator.store.endpoint_health import HealthUpdates
from escalator.store.tables import deliveries, posted_messages
from tests.doubles.slack_state import Fault
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import PAGE, SELF_HARM, TRIGGERED, labelled, nobody, paged

HATE = labelled("HATE", "high", 75)
HATE_PAGE = "HIGH · Hate · acknowledge within 15 min · #1001"
EVERYWHERE = {"#critical-alerts", "#leads", "#hate", "C0CHILD", "U0ANA", "U0BEN", "U0DANA", "U0ELI"}
BROKEN = "Escalator needs attention: destination"


def test_a_destination_that_is_gone_is_replaced_by_its_fallback_and_told_once(h: Harness) -> None:
    h.slack.channels = EVERYWHERE - {"#hate"}
    h.post(SELF_HARM, **HATE)
    h.expect_message("#leads", HATE_PAGE, buttons=["Acknowledge", "Escalate now", "Snooze 15 min", "Snooze 1 h"])
    h.expect_message("#leads", BROKEN, says="messages to hate-room fail: bad_target channel_not_found")
    h.expect_dm("eli", BROKEN)
    h.post(SELF_HARM, item=2, **HATE)
    h.expect_message("#leads", HATE_PAGE.replace("1001", "1002"))
    assert len(h.records("trouble.found")) == 1


def test_a_destination_that_can_be_told_again_is_no_trouble_any_more(h: Harness) -> None:
    h.slack.channels = EVERYWHERE - {"#hate"}
    h.post(SELF_HARM, **HATE)
    h.slack.channels = EVERYWHERE
    h.post(SELF_HARM, item=2, **HATE)
    assert [row["reason"] for row in h.records("trouble.ended")] == ["destination:hate-room"]
    [degraded] = h.app.test_client().get("/readyz").json["degraded"]
    assert degraded.startswith("workers")
    h.forget_seen()


def test_a_step_that_reached_nobody_does_not_wait_for_the_next(h: Harness) -> None:
    h.slack.channels = EVERYWHERE - {"#hate", "#leads"}
    h.post(SELF_HARM, **HATE)
    text = "Nobody answered for 0 s: HIGH · Hate is now with you · #1001"
    h.expect_message("#critical-alerts", text)
    h.expect_dm("eli", BROKEN)
    h.expect_dm("eli", BROKEN)
    assert len(h.records("step.failed")) == 1


def test_the_last_step_is_never_cut_short(h: Harness) -> None:
    h.slack.channels = set()
    h.post(SELF_HARM, **HATE)
    h.fast_forward(minutes=29)
    assert len(h.records("step.fired")) == 2
    assert h.incident()["due_kind"] == "restart"
    h.slack.channels = EVERYWHERE
    h.fast_forward(minutes=1)
    h.expect_message("#hate", "Still unanswered after 30 min: HIGH · Hate is now with you · #1001")
    h.expect_dm("eli", "Still unanswered after 30 min: HIGH · Hate is now with you · #1001")


def test_a_person_who_is_gone_does_not_hold_up_the_others(h: Harness) -> None:
    h.slack.channels = EVERYWHERE - {"U0ANA"}
    h.post(SELF_HARM)
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ben", PAGE)
    h.expect_message("#leads", BROKEN, says="messages to person:ana fail")
    h.expect_dm("eli", BROKEN)
    h.fast_forward(minutes=4)


def test_what_slack_fails_to_do_is_tried_again_and_is_no_trouble(h: Harness) -> None:
    with h.slack_down():
        h.post(SELF_HARM)
        h.fast_forward(seconds=20)
        h.expect_nothing()
    h.fast_forward(seconds=20)
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)
    assert h.records("trouble.found", "step.failed") == []


def test_slack_is_left_alone_for_as_long_as_it_asks(h: Harness) -> None:
    h.slack.inject("chat.postMessage", Fault(status=429, retry_after="45"))
    h.post(SELF_HARM)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)
    h.fast_forward(seconds=44)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_message("#critical-alerts", PAGE)


def test_a_page_that_would_have_to_wait_too_long_goes_another_way_at_once(h: Harness) -> None:
    h.slack.inject("chat.postMessage", Fault(status=429, retry_after="3600"))
    h.post(SELF_HARM, **HATE)
    h.expect_message("#leads", HATE_PAGE)
    h.post(SELF_HARM, item=2, **HATE)
    h.expect_message("#leads", HATE_PAGE.replace("1001", "1002"))
    h.expect_nothing()
    assert [row["reason"] for row in h.records("delivery.failed")] == ["rate_limited", "rate_limited"]
    assert h.records("step.failed", "trouble.found") == []


def close(h: Harness, **span: float) -> None:
    """Let the room be left alone for so long."""
    notes = HealthUpdates()
    notes.of("hate-room").paused_until = h.clock.now() + timedelta(**span)
    with h.core.database.writing() as connection:
        notes.write(connection, h.clock.now())


def test_a_page_that_expired_without_getting_through_has_failed(h: Harness) -> None:
    h.send(h.sample(SELF_HARM, **HATE), is_working=False)
    process_events(h.core)
    h.clock.move(hours=2)
    close(h, minutes=4)
    sender.send_all_due(h.core)
    h.expect_message("#leads", "HIGH · Hate · acknowledge within 0 s · #1001")
    assert [row["reason"] for row in h.records("delivery.failed")] == ["expired"]
    assert h.records("delivery.suppressed", "step.failed") == []
    h.forget_seen()


def test_a_longer_wait_of_a_destination_is_not_cut_short_by_a_shorter_one(h: Harness) -> None:
    now = h.clock.now()
    for seconds in (30, 600, 1):
        close(h, seconds=seconds)
    with h.core.database.reading() as connection:
        assert endpoint_health.unwell(connection, now)["hate-room"].paused_until == now + timedelta(seconds=600)


def test_a_page_held_back_by_the_pace_has_not_been_tried(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    claimed = claimed_by(h.core, h)
    record_outcomes(
        h.core, [CallOutcome(one, Failed(FailureReason.PACED, "paced", timedelta(seconds=1))) for one in claimed]
    )
    assert h.count(deliveries, state="pending", attempts=0) == 3


@pytest.mark.parametrize(
    ("mode", "result", "is_over"),
    [
        pytest.param(Mode.PRODUCTION, Delivered("C1/1"), True, id="who was really told is no trouble any more"),
        pytest.param(Mode.DIVERT, Delivered("C1/1"), True, id="nor is whoever everything is diverted to"),
        pytest.param(Mode.SANDBOX, Delivered("C1/1"), False, id="the sandbox reaches nobody"),
        pytest.param(Mode.PRODUCTION, Failed(FailureReason.TIMEOUT), False, id="what failed heals nothing"),
    ],
)
def test_only_a_real_message_ends_the_trouble_of_a_destination(
    h: Harness, mode: Mode, result: Delivered | Failed, is_over: bool
) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    call, *_others = claimed_by(h.core, h)
    with h.core.database.writing() as connection:
        found = OperatorAlerts(connection, h.clock.now())
        key = f"destination:{call.delivery.endpoint}"
        found.raise_alert(key, "", h.core.policies.running(connection).policy, h.core.settings)
    record_outcomes(h.core, [CallOutcome(replace(call, mode=mode), result)])
    with h.core.database.reading() as connection:
        assert OperatorAlerts(connection, h.clock.now()).is_open(key) is not is_over


def test_a_message_brought_up_to_date_ends_no_trouble(h: Harness) -> None:
    messages = paged(h)
    with h.core.database.writing() as connection:
        troubles = OperatorAlerts(connection, h.clock.now())
        troubles.raise_alert(
            "destination:critical-alerts", "", h.core.policies.running(connection).policy, h.core.settings
        )
    h.click("ana", "Acknowledge", on=messages[0])
    h.forget_seen()
    assert h.records("trouble.ended") == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=429, retry_after="45"), id="rate limited"),
        pytest.param(Fault(status=500), id="a fault at Slack"),
        pytest.param(Fault(drop=True), id="a connection that breaks"),
    ],
)
def test_an_update_is_never_dropped(h: Harness, fault: Fault) -> None:
    messages = paged(h)
    h.slack.inject("chat.update", fault, fault)
    h.click("ana", "Acknowledge", on=messages[0])
    h.fast_forward(minutes=2)
    for message in messages:
        assert message.text == "#1001 taken by Ana Ruiz after 0 s"
    h.forget_seen()


def test_a_message_that_somebody_deleted_is_given_up_and_the_others_go_on(h: Harness) -> None:
    messages = paged(h)
    h.slack.inject("chat.update", Fault(error="message_not_found"))
    h.click("ana", "Acknowledge", on=messages[1])
    h.expect_updates(messages[1], messages[2], text="#1001 taken by Ana Ruiz after 0 s")
    h.fast_forward(minutes=9)


def test_where_the_first_message_did_not_get_through_the_next_one_is_the_full_one(h: Harness) -> None:
    h.slack.channels = EVERYWHERE - {"#critical-alerts"}
    h.post(SELF_HARM)
    h.slack.channels = EVERYWHERE
    h.forget_seen()
    h.fast_forward(minutes=15)
    h.expect_message("#critical-alerts", nobody(15), mentions=["eli"], buttons=TRIGGERED)
    h.forget_seen()


def test_an_outage_of_slack_does_not_burn_the_path(h: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_JITTER", 0)
    with h.slack_down():
        h.post(SELF_HARM, **HATE)
        h.fast_forward(minutes=14, seconds=59)
        assert len(h.records("step.fired")) == 1
        h.fast_forward(minutes=10)
        assert len(h.records("step.fired")) == 2
    h.fast_forward(minutes=1)
    text = "Nobody answered for 25 min: HIGH · Hate is now with you · #1001"
    h.expect_message("#hate", text)
    h.expect_message("#critical-alerts", text)


def test_a_message_is_never_updated_before_it_stands_and_then_at_once(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    claimed = claimed_by(h.core, h)
    ana = next(one for one in claimed if one.context.person == "ana")
    others = [one for one in claimed if one is not ana]
    record_outcomes(h.core, [CallOutcome(ana, sender.send_call(h.core, ana))])
    message = h.expect_dm("ana", PAGE)
    h.click("ana", "Acknowledge", on=message)
    h.expect_update(message, "#1001 taken by Ana Ruiz after 0 s")
    record_outcomes(h.core, [CallOutcome(one, sender.send_call(h.core, one)) for one in others])
    late = [h.expect_message("#critical-alerts", PAGE), h.expect_dm("ben", PAGE)]
    h.fast_forward(seconds=2)
    h.expect_updates(*late, text="#1001 taken by Ana Ruiz after 0 s")


def claimed_by(core: Core, h: Harness) -> list[OutboundCall]:
    """Let a process turn what has come into an incident and claim its pages, and get no further."""
    process_events(core)
    h.queue.take()
    return claim_deliveries.claim_calls(core, 8).calls


def test_what_a_dead_process_had_claimed_is_sent_by_another_after_six_seconds_and_once(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    dead = build(h.core.settings, clock=h.clock, queue=h.queue)
    claimed = claimed_by(dead, h)
    assert len(claimed) == 3
    h.fast_forward(seconds=6)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)
    record_outcomes(dead, [CallOutcome(one, sender.send_call(dead, one)) for one in claimed[:1]])
    assert h.count(deliveries, state="delivered") == 3
    h.expect_message("#critical-alerts", PAGE)
    h.fast_forward(minutes=2)
    dead.database.close()


def test_what_a_process_says_of_a_claim_it_has_lost_counts_for_nothing(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    slow = build(h.core.settings, clock=h.clock, queue=h.queue)
    lost = claimed_by(slow, h)
    h.clock.move(seconds=7)
    mine = claim_deliveries.claim_calls(h.core, 8).calls
    record_outcomes(slow, [CallOutcome(one, Failed(FailureReason.BAD_TARGET, "too_late")) for one in lost])
    slow.database.close()
    assert h.count(deliveries, state="sending") == 3
    record_outcomes(h.core, [CallOutcome(one, sender.send_call(h.core, one)) for one in mine])
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)
    assert h.count(deliveries, state="delivered") == 3
    assert h.records("delivery.failed", "trouble.found", "step.failed") == []
    h.fast_forward(minutes=4)


def test_a_process_that_lives_keeps_what_it_has_claimed_for_a_minute(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    slow = build(h.core.settings, clock=h.clock, queue=h.queue)
    claimed_by(slow, h)
    for _ in range(11):
        record_heartbeat(slow, SENDER)
        h.fast_forward(seconds=5)
    h.expect_nothing()
    record_heartbeat(slow, SENDER)
    h.fast_forward(seconds=6)
    slow.database.close()
    late = PAGE.replace("5 min", "4 min")
    h.expect_message("#critical-alerts", late)
    h.expect_dm("ana", late)
    h.expect_dm("ben", late)


def test_a_person_whom_nothing_reaches_fails_at_once_and_the_path_moves_on(bare: Harness) -> None:
    """PagerDuty pages by the key of a service: a user's id there reaches nobody."""
    text = POLICY.read_text().replace("{notify: [hate-room]}", '{notify: ["person:pat"]}')
    pat = "  pat:  {name: Pat Grey, pagerduty: PPAT001, contact: [pagerduty]}"
    h = bare.start(text.replace("people:\n", f"people:\n{pat}\n"), mode="sandbox")
    h.post(SELF_HARM, **HATE)
    h.fast_forward(seconds=2)
    assert [row["reason"] for row in h.records("delivery.failed")] == ["not_supported"]
    assert [row["after"]["step"] for row in h.records("step.fired")] == ["1", "2"]


def test_a_click_tells_us_where_a_message_stands_whose_sender_died(h: Harness) -> None:
    """It stands in Slack, and no row knows its `ts`: the click completes the row, and no twin is sent."""
    h.send(h.sample(SELF_HARM), is_working=False)
    dead = build(h.core.settings, clock=h.clock, queue=h.queue)
    for one in claimed_by(dead, h):
        sender.send_call(dead, one)
    dead.database.close()
    messages = h.expect_message("#critical-alerts", PAGE), h.expect_dm("ana", PAGE), h.expect_dm("ben", PAGE)
    h.click("ana", "Acknowledge", on=messages[1])
    h.fast_forward(seconds=7)
    h.expect_update(messages[1], "#1001 taken by Ana Ruiz after 0 s")
    assert h.count(posted_messages) == 3
    h.fast_forward(minutes=1)
