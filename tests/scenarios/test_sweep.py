"""The sweep does what is overdue and arms what comes near, without a broker; an alarm never fires before its time."""

from datetime import timedelta

import pytest

from escalator.services.delivery import claim_deliveries
from escalator.services.delivery import sender as sending
from escalator.services.incidents import escalation
from escalator.services.maintenance import sweep
from escalator.store.tables import incidents
from tests.fakes import START
from tests.scenarios.harness import Harness
from tests.scenarios.stories import PAGE, SELF_HARM, nobody, paged
from tests.scenarios.witness import words_of

pytestmark = pytest.mark.every_database


class InlineSender:
    """A sender that sends when it is woken, and counts."""

    def __init__(self, h: Harness) -> None:
        self._core = h.core
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1
        sending.send_all_due(self._core)


def swept(h: Harness) -> int:
    """Do one round of the sweep, with no word from any queue, and return how often it woke the sender."""
    h.queue.take()
    sender = InlineSender(h)
    sweep.sweep(h.core, sender)
    return sender.woken


def test_what_is_overdue_by_a_second_is_done_by_the_sweep_alone(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    swept(h)
    h.expect_nothing()
    h.clock.move(seconds=1)
    swept(h)
    h.clock.move(seconds=1)
    assert swept(h) == 1
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)


def found_overdue(h: Harness, by: timedelta) -> bool:
    """Do one round of the sweep, and return whether it says that the next one must come soon."""
    h.queue.take()
    return sweep.sweep(h.core, InlineSender(h), by)


def test_a_round_that_finds_an_overdue_event_says_so(h: Harness) -> None:
    h.send(h.sample(SELF_HARM), is_working=False)
    assert not found_overdue(h, claim_deliveries.OVERDUE)
    h.clock.move(milliseconds=400)
    assert not found_overdue(h, claim_deliveries.OVERDUE)
    assert found_overdue(h, sweep.BEHIND)
    assert not found_overdue(h, sweep.BEHIND)


def test_a_round_that_finds_an_overdue_deadline_says_so(h: Harness) -> None:
    paged(h)
    h.clock.move(minutes=5, milliseconds=900)
    assert not found_overdue(h, claim_deliveries.OVERDUE)
    assert found_overdue(h, sweep.BEHIND)
    assert not found_overdue(h, sweep.BEHIND)


def test_a_deadline_whose_alarm_was_lost_fires_within_a_round_of_the_sweep(h: Harness) -> None:
    messages = paged(h)
    h.clock.move(minutes=5, milliseconds=900)
    swept(h)
    h.expect_nothing()
    h.clock.move(seconds=2)
    swept(h)
    h.clock.move(seconds=2)
    swept(h)
    h.expect_dm("dana", nobody(5))
    h.expect_updates(*messages)


def test_an_event_that_waited_for_its_item_in_vain_is_processed_at_its_ten_seconds_without_a_sweep(h: Harness) -> None:
    h.post("moderation_check.completed__flag")
    h.clock.move(seconds=9, milliseconds=999)
    h.work()
    assert h.count(incidents) == 0
    h.clock.move(milliseconds=1)
    h.work()
    h.expect_message("#critical-alerts", "UNKNOWN · Uncategorised · acknowledge within 30 min · #1001")


def test_an_idle_sweep_wakes_nobody(h: Harness) -> None:
    paged(h)
    assert swept(h) == 0
    assert h.queue.published == []


def test_a_deadline_gets_one_alarm_when_it_comes_near(h: Harness) -> None:
    paged(h)
    due = START + timedelta(minutes=5)
    h.queue.alarms.clear()
    swept(h)
    assert h.queue.alarms == []
    h.clock.move_to(due - timedelta(seconds=29))
    swept(h)
    swept(h)
    assert h.queue.alarms == [due]


def test_a_deadline_that_is_near_from_the_start_is_armed_in_the_transaction_that_sets_it(h: Harness) -> None:
    h.change_policy("{after: 5m,  notify: [team:seniors]}", "{after: 20s, notify: [team:seniors]}")
    h.post(SELF_HARM)
    h.forget_seen()
    assert h.queue.alarms == [START + timedelta(seconds=20)]
    swept(h)
    assert h.queue.alarms == [START + timedelta(seconds=20)]


@pytest.mark.parametrize(
    ("early", "fires"),
    [
        pytest.param(timedelta(seconds=0), True, id="on time"),
        pytest.param(timedelta(seconds=2), True, id="two seconds early waits"),
        pytest.param(timedelta(seconds=3), False, id="three seconds early does nothing"),
    ],
)
def test_an_alarm_never_fires_before_its_time(h: Harness, early: timedelta, fires: bool) -> None:
    paged(h)
    due = START + timedelta(minutes=5)
    h.clock.move_to(due - early)
    escalation.fire_scheduled(h.core)
    assert [row["recorded_at"] for row in h.records("step.fired")][1:] == ([due] if fires else [])
    h.work()
    h.forget_seen()


def test_after_an_outage_an_incident_gets_its_next_step_at_once_and_the_following_at_their_distance(
    h: Harness,
) -> None:
    paged(h)
    h.clock.move(hours=3)
    h.sweep()
    assert len(h.records("step.fired")) == 2
    h.fast_forward(minutes=9, seconds=59)
    assert len(h.records("step.fired")) == 2
    h.fast_forward(seconds=1)
    assert len(h.records("step.fired")) == 3
    h.forget_seen()


def test_restarts_go_on_for_as_long_as_nobody_answers(h: Harness) -> None:
    paged(h)
    h.fast_forward(hours=12)
    assert len(h.records("incident.restarted")) == 13
    assert h.records("incident.automation_stopped") == []
    h.forget_seen()


def test_automation_stops_after_ten_rounds_in_an_hour_and_says_so(h: Harness) -> None:
    """Three new reporters reopen what has been closed, again and again: nobody is paged without end."""
    ana = paged(h)[1]
    for number in range(11):
        h.click("ana", "Acknowledge", on=ana)
        h.click("ana", "False alarm", on=ana)
        for reporter in range(3):
            h.post("message.flagged__user_report", user={"id": f"user-{number}-{reporter}"})
    assert len(h.records("incident.reopened")) == 10
    assert h.incident()["state"] == "resolved"
    assert len(h.records("incident.automation_stopped")) == 1
    h.forget_seen()
    h.fast_forward(seconds=2)
    detail = "#1001: automatic escalation stopped after ten rounds in an hour"
    told = [message for message in h.slack.messages if message.first_text == "Escalator needs attention: loop"]
    assert len(told) == 2
    assert all(detail in words_of(message.blocks) for message in told)
    h.forget_seen()
