"""Drills: rehearsals of a route that take the real way, end by themselves, and are an alarm when nobody answers."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from escalator.sandbox.incident_views import newest_incidents
from escalator.store.delivery_claims import FIRST_ALERT_URGENCY
from escalator.store.tables import deliveries, drills, events, incidents
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import SELF_HARM

pytestmark = pytest.mark.long

FIRE = "{name: Fire drill, route: Self-harm, at: thu 15:00, expect_acknowledged_within: 4m}"
GRAVE = "{name: Grave drill, route: Child safety, at: thu 15:00, expect_acknowledged_within: 4m}"
AT = datetime(2026, 8, 20, 15, 0, tzinfo=UTC)
PAGE = "DRILL · CRITICAL · Self-harm · acknowledge within 5 min · #1001"
ALARM = "Escalator needs attention: drill"


def with_drills(*written: str, zone: str = "UTC") -> str:
    text = POLICY.read_text().replace("timezone: UTC", f"timezone: {zone}")
    return f"{text}\ndrills: [{', '.join(written)}]\n"


def go_on(h: Harness, **span: float) -> None:
    """Let time pass with the housekeeping that comes with it: every five seconds, or ten times in what is longer."""
    every = max(timedelta(seconds=5), timedelta(**span) / 10)
    until = h.clock.now() + timedelta(**span)
    while h.clock.now() < until:
        h.fast_forward(seconds=min(every, until - h.clock.now()).total_seconds())
        h.tidy()
        h.work()


def come_to(h: Harness, at: datetime) -> None:
    """Let everything run until just before that instant."""
    h.clock.move_to(at - timedelta(seconds=5))
    h.tidy()


def begun(h: Harness):
    """The fire drill has begun on time, and told its first step."""
    h.start(with_drills(FIRE))
    come_to(h, AT)
    h.expect_nothing()
    go_on(h, seconds=5)
    return h.expect_message("#critical-alerts", PAGE), h.expect_dm("ana", PAGE), h.expect_dm("ben", PAGE)


def rows(h: Harness) -> list[tuple[str, str, str | None]]:
    with h.core.database.reading() as connection:
        found = connection.execute(select(drills).order_by(drills.c.scheduled_at, drills.c.name)).all()
    return [(row.name, row.state, row.acknowledged_by) for row in found]


def test_a_drill_that_is_acknowledged_in_time_is_passed_and_ends(bare: Harness) -> None:
    h = bare
    messages = begun(h)
    go_on(h, seconds=57)
    h.click("ana", "Acknowledge", on=messages[1])
    h.expect_updates(*messages, text="DRILL · #1001 taken by Ana Ruiz after 57 s")
    go_on(h, seconds=5)
    h.expect_updates(*messages, text="DRILL · #1001 resolved by automation: test", never="Still open in Stream")
    assert rows(h) == [("Fire drill", "passed", "ana")]
    [passed] = h.records("drill.passed")
    assert passed["after"] == {"drill": "Fire drill", "route": "Self-harm", "by": "ana", "seconds": "57"}
    go_on(h, hours=1)
    h.expect_nothing()


def test_a_drill_that_nobody_answers_is_failed_and_an_alarm_and_stops_paging(bare: Harness) -> None:
    h = bare
    messages = begun(h)
    go_on(h, minutes=4, seconds=5)
    h.expect_updates(*messages, text="DRILL · #1001 resolved by automation: test")
    told = "the drill 'Fire drill' of route 'Self-harm' was not acknowledged within 4 min (#1001)"
    h.expect_message("#leads", ALARM, says=told)
    h.expect_dm("eli", ALARM, says=told)
    assert rows(h) == [("Fire drill", "failed", None)]
    assert [row["reason"] for row in h.records("drill.failed")] == ["not_acknowledged"]
    go_on(h, hours=1)
    h.expect_nothing()


def test_each_failed_drill_is_an_alarm_and_the_next_that_is_passed_ends_the_trouble(bare: Harness) -> None:
    h = bare
    begun(h)
    for week in (1, 2):
        go_on(h, minutes=5)
        h.forget_seen()
        come_to(h, AT + timedelta(weeks=week))
        go_on(h, seconds=5)
    ana = [one for one in h.slack.messages if one.channel == h.slack.channel_id("U0ANA")][-1]
    h.click("ana", "Acknowledge", on=ana)
    go_on(h, seconds=10)
    assert [state for _name, state, _by in rows(h)] == ["failed", "failed", "passed"]
    assert len(h.records("trouble.found")) == 2
    assert len([one for one in h.slack.messages if one.first_text == ALARM]) == 4
    assert json.dumps(h.app.test_client().get("/readyz").json).count("drill") == 0
    h.forget_seen()


def test_a_late_answer_does_not_make_a_drill_passed(bare: Harness) -> None:
    h = bare
    messages = begun(h)
    h.fast_forward(minutes=4, seconds=1)
    h.click("ana", "Acknowledge", on=messages[1])
    h.forget_seen()
    go_on(h, seconds=10)
    assert rows(h) == [("Fire drill", "failed", None)]
    h.forget_seen()


def test_a_drill_that_was_due_while_nothing_ran_is_missed_told_and_not_made_up_for(bare: Harness) -> None:
    h = bare
    h.start(with_drills(FIRE))
    h.stop()
    h.clock.move_to(AT + timedelta(weeks=3, minutes=5))
    h.start("")
    go_on(h, seconds=10)
    h.expect_message("#leads", ALARM, says="was due 5 min ago, but no worker was running to start it")
    h.expect_dm("eli", ALARM)
    assert rows(h) == [("Fire drill", "missed", None)]
    assert h.count(incidents) == 0


def test_a_drill_is_begun_late_while_there_is_time_and_everybody_has_all_of_theirs(bare: Harness) -> None:
    h = bare
    h.start(with_drills(FIRE))
    h.stop()
    h.clock.move_to(AT + timedelta(minutes=3))
    h.start("")
    go_on(h, seconds=5)
    message = h.expect_message("#critical-alerts", PAGE)
    h.forget_seen()
    go_on(h, minutes=3)
    h.click("ben", "Acknowledge", on=message)
    go_on(h, seconds=10)
    assert rows(h) == [("Fire drill", "passed", "ben")]
    h.forget_seen()


def test_a_drill_that_is_new_in_the_file_waits_for_its_next_turn(bare: Harness) -> None:
    h = bare.start()
    h.clock.move_to(AT + timedelta(minutes=1))
    h.tidy()
    h.policy_file.write_text(with_drills(FIRE))
    h.core.policies.offer(h.core.database)
    go_on(h, minutes=1)
    assert rows(h) == []


def test_a_process_that_dies_with_the_drill_just_written_loses_nothing(bare: Harness) -> None:
    h = bare
    h.start(with_drills(FIRE))
    come_to(h, AT)
    h.clock.move_to(AT)
    h.tidy()
    assert (h.count(drills, state="running"), h.count(events, state="new")) == (1, 1)
    h.queue.take()
    h.start("")
    go_on(h, seconds=5)
    message = h.expect_message("#critical-alerts", PAGE)
    h.forget_seen()
    h.start("")
    h.click("ana", "Snooze 15 min", on=message)
    h.start("")
    go_on(h, seconds=10)
    assert rows(h) == [("Fire drill", "passed", "ana")]
    assert h.count(incidents) == 1
    h.forget_seen()


def test_a_route_that_needs_two_answers_needs_both_and_tells_only_those_who_may_know(bare: Harness) -> None:
    h = bare
    h.start(with_drills(GRAVE))
    come_to(h, AT)
    go_on(h, seconds=5)
    page = "DRILL · CRITICAL · Child safety · acknowledge within 5 min · #1001"
    room = h.expect_message("C0CHILD", page, never="This is a drill")
    mine = h.expect_dm("ben", page)
    h.expect_dm("dana", page)
    h.click("ana", "Acknowledge", on=room)
    h.expect_answer("ana", "Nothing changed: #1001 is restricted to a few people, and you are not one of them.")
    h.click("ben", "Acknowledge", on=mine)
    go_on(h, seconds=30)
    assert rows(h) == [("Grave drill", "running", None)]
    h.forget_seen()
    h.click("dana", "Acknowledge", on=room)
    go_on(h, seconds=10)
    assert rows(h) == [("Grave drill", "passed", "ben, dana")]
    h.forget_seen()


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        pytest.param("sun 01:30", "2026-11-01T06:30+00:00", id="a time that exists twice: once, the first"),
        pytest.param("sun 02:30", "2027-03-14T08:00+00:00", id="a time that does not exist: at the jump"),
        pytest.param("sun 02:30", "2027-03-21T07:30+00:00", id="a week later back at its usual time"),
    ],
)
def test_a_drill_begins_once_in_the_week_in_which_the_clock_changes(bare: Harness, written: str, instant: str) -> None:
    h, at = bare, datetime.fromisoformat(instant)
    h.start()
    h.clock.move_to(at - timedelta(hours=2))
    h.start(with_drills(FIRE.replace("thu 15:00", written), zone="America/Chicago"))
    come_to(h, at)
    assert rows(h) == []
    go_on(h, seconds=5)
    h.click("ana", "Acknowledge", on=h.expect_message("#critical-alerts", PAGE))
    go_on(
        h, hours=3
    )  # in steps longer than the second clock: what was answered in time is passed, however late we look
    assert [(row["recorded_at"], row["after"]["drill"]) for row in h.records("drill.started")] == [(at, "Fire drill")]
    assert rows(h) == [("Fire drill", "passed", "ana")]
    h.forget_seen()


def test_a_drill_whose_route_is_gone_when_its_event_is_taken_fails_with_that_reason(bare: Harness) -> None:
    h = bare
    h.start(with_drills(FIRE))
    come_to(h, AT)
    h.clock.move_to(AT)
    h.tidy()
    h.policy_file.write_text(POLICY.read_text().replace("{name: Self-harm, when", "{name: Self harm, when"))
    h.core.policies.offer(h.core.database)
    go_on(h, seconds=10)
    h.expect_message("#leads", ALARM, says="its route is no longer in the policy")
    h.expect_dm("eli", ALARM)
    assert [row["reason"] for row in h.records("drill.failed")] == ["no_route"]
    assert h.count(incidents) == 0


def test_a_drill_keeps_its_route_in_every_round_whatever_the_file_says_by_then(bare: Harness) -> None:
    h = bare
    messages = begun(h)
    h.policy_file.write_text(POLICY.read_text().replace("{name: Self-harm, when", "{name: Self harm, when"))
    h.core.policies.offer(h.core.database)
    h.click("ana", "Acknowledge", on=messages[1])
    h.click("ana", "Release", on=messages[1])
    assert [h.incident()[name] for name in ("route", "path", "round")] == ["Self-harm", "urgent", 2]
    go_on(h, minutes=5)
    assert rows(h) == [("Fire drill", "passed", "ana")]
    h.forget_seen()


def test_an_event_of_streams_that_calls_itself_a_drill_is_counted_and_forgotten(h: Harness) -> None:
    body = json.dumps({"type": "escalator.drill", "name": "x", "route": "Self-harm", "id": "1"}).encode()
    assert h.send(body).status_code == 200
    assert h.count(incidents) == 0
    h.post(SELF_HARM, drill="Fire drill", review_queue_item={"drill": "Fire drill"})
    assert h.incident()["drill"] is None
    h.forget_seen()


def test_a_drill_of_a_source_in_the_sandbox_stays_there(bare: Harness) -> None:
    h = bare.start(with_drills(FIRE), mode="sandbox")
    come_to(h, AT)
    go_on(h, seconds=10)
    assert h.incident()["mode"] == "sandbox"
    with h.core.database.reading() as connection:
        [shown] = newest_incidents(h.core, connection, h.core.policies.running(connection))
    assert shown["header"] == "DRILL · CRITICAL · Self-harm"
    h.expect_nothing()
    go_on(h, minutes=5)
    assert rows(h) == [("Fire drill", "failed", None)]


def test_a_drill_belongs_to_a_source_that_its_route_names(bare: Harness) -> None:
    video = "  video: {platform: stream, api_key: other-key, api_secret: other-secret}\n"
    text = with_drills(FIRE).replace("\npeople:\n", f"{video}\npeople:\n", 1)
    h = bare.start(text.replace("when: {category: self_harm}", "when: {category: self_harm, source: video}"))
    come_to(h, AT)
    go_on(h, seconds=5)
    assert h.incident()["source"] == "video"
    h.forget_seen()


def test_a_drill_without_any_source_fails_with_that_reason(bare: Harness) -> None:
    text = with_drills(FIRE).replace("${STREAM_API_KEY}", "${STREAM_API_KEY:-}")
    h = bare.start(text, STREAM_API_KEY="")
    come_to(h, AT)
    go_on(h, seconds=5)
    assert [row["reason"] for row in h.records("drill.failed")] == ["no_source"]
    h.forget_seen()


def test_a_drill_whose_event_waits_for_ever_fails(bare: Harness) -> None:
    h = bare
    h.start(with_drills(FIRE))
    come_to(h, AT)
    h.clock.move_to(AT)
    h.tidy()
    with h.core.database.writing() as connection:
        connection.execute(update(events).values(state="parked"))
    go_on(h, minutes=5)
    h.expect_message("#leads", ALARM, says="its event is still waiting or parked")
    h.forget_seen()
    assert rows(h) == [("Fire drill", "failed", None)]


def test_a_drill_that_has_failed_pages_nobody_however_late_its_event_is_taken(bare: Harness) -> None:
    h = bare
    h.start(with_drills(FIRE))
    come_to(h, AT)
    h.clock.move_to(AT)
    h.tidy()
    h.clock.move(minutes=5)
    h.tidy()
    go_on(h, minutes=30)
    h.expect_message("#leads", ALARM, says="its event is still waiting or parked")
    h.expect_dm("eli", ALARM)
    assert rows(h) == [("Fire drill", "failed", None)]
    assert h.count(incidents) == 0


def test_a_drill_is_not_the_first_alert_of_its_category_nor_keeps_a_real_one_from_being_it(bare: Harness) -> None:
    h = bare
    begun(h)
    h.forget_seen()
    h.post(SELF_HARM)
    h.forget_seen()
    with h.core.database.reading() as connection:
        joined = select(incidents.c.number, deliveries.c.urgency).join(deliveries).distinct().order_by("number")
        found = [(number, urgency >= FIRST_ALERT_URGENCY) for number, urgency in connection.execute(joined)]
    assert found == [(1001, False), (1002, True)]
    go_on(h, minutes=5)
    h.forget_seen()
