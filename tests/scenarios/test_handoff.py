"""A shift ends: whoever comes on is handed the team's work, once, whatever happens to the machines meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from escalator.bootstrap import build
from escalator.model.schedule import Booking
from escalator.services.maintenance.jobs import run_jobs
from escalator.services.oncall import overrides
from escalator.services.oncall.overrides import OverrideRequest
from escalator.store import calendars as written
from escalator.store.tables import bulletins, calendars, oncall_snapshots
from tests.doubles.slack_state import Message
from tests.fakes import START
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import SELF_HARM, labelled

HANDOVER = START.replace(hour=15, minute=0, second=0)
LAYER = "rotate: weekly, handover: thu 15:00, start: 2026-08-13, people: [ana, ben]"
ON = "Your shift for moderators: {}"
LEAD = "{} critical incident{} of moderators without an owner"


def rota(layer: str = LAYER, rest: str = "") -> str:
    """The policy of the scenarios in which the moderators take turns: Ana until the handover, then Ben."""
    text = POLICY.read_text().replace("{members: [ana, ben]}", "{members: [ana, ben], schedule: turns, lead: dana}")
    return f"{text}\nschedules:\n  turns: {{layers: [{{{layer}}}]{rest}}}\n"


@pytest.fixture
def h(bare: Harness) -> Harness:
    return bare.start(rota())


def look(h: Harness) -> None:
    """Let the workers look whose shift it is, and send what they have to say."""
    h.tidy()
    h.work()


def shortly_before(h: Harness, at: datetime = HANDOVER) -> None:
    h.clock.move_to(at - timedelta(minutes=2))
    look(h)


def page(h: Harness, item: int, text: str = "CRITICAL · Self-harm", **changes: object) -> Message:
    """Let an alert come; Ana is on call."""
    h.post(SELF_HARM, item=item, **changes)
    number = 1000 + item
    h.expect_message("#critical-alerts", f"{text} · acknowledge within 5 min · #{number}")
    return h.expect_dm("ana", f"{text} · acknowledge within 5 min · #{number}")


def three(h: Harness) -> None:
    """One that nobody has taken, one that Ana has, and one that she has snoozed."""
    shortly_before(h)
    messages = [page(h, item) for item in (1, 2, 3)]
    h.click("ana", "Acknowledge", on=messages[1])
    h.click("ana", "Snooze 15 min", on=messages[2])
    h.forget_seen()


def change(h: Harness, at: datetime = HANDOVER) -> None:
    h.clock.move_to(at)
    look(h)


def test_who_comes_on_gets_one_message_and_who_goes_off_what_they_still_hold(h: Harness) -> None:
    three(h)
    change(h)
    mine = h.expect_dm(
        "ben",
        ON.format("3 open, 3 critical"),
        buttons=["Take over #1001", "Take over #1002", "Take over #1003"],
        says=[
            "Your shift: moderators",
            "#1001 CRITICAL · Self-harm · unacknowledged since ",
            "#1002 CRITICAL · Self-harm · with Ana Ruiz for 2 min",
            "#1003 CRITICAL · Self-harm · snoozed by Ana Ruiz until ",
        ],
    )
    h.expect_dm(
        "ana", "You still own 2 incidents of moderators", buttons=["Release #1002", "Release #1003"], never="#1001"
    )
    h.expect_dm("dana", LEAD.format(1, ""), buttons=["Take over #1001"], never=["#1002", "#1003"])
    h.expect_nothing()
    (record,) = h.records("shift.changed")
    assert (record["before"], record["after"]) == (
        '{"people": "ana", "team": "moderators"}',
        {"people": "ben", "team": "moderators"},
    )
    assert mine.updates == []


def test_at_the_next_look_nobody_is_told_again(h: Harness) -> None:
    three(h)
    change(h)
    h.forget_seen()
    h.clock.move(seconds=2)
    look(h)
    h.expect_nothing()


def test_the_newcomer_takes_over_what_waits_what_is_held_and_what_rests(h: Harness) -> None:
    three(h)
    change(h)
    mine = h.expect_dm("ben", ON.format("3 open, 3 critical"))
    h.forget_seen()
    before = list(mine.blocks)
    for number in (1001, 1002, 1003):
        h.click("ben", f"Take over #{number}", on=mine)
        h.expect_answer("ben", f"#{number} is yours now")
        assert (h.incident(number)["state"], h.incident(number)["owner"]) == ("acknowledged", "ben")
    assert (mine.blocks, mine.updates) == (before, []), "a bulletin never becomes an incident's message"
    taken = h.records("incident.taken_over")
    assert [(row["actor_key"], row["after"]["owner"]) for row in taken] == [("ben", "ana")] * 2
    h.forget_seen()


def test_the_incidents_own_messages_say_who_has_it_now(h: Harness) -> None:
    shortly_before(h)
    message = page(h, 1)
    h.click("ana", "Acknowledge", on=message)
    h.forget_seen()
    change(h)
    mine = h.expect_dm("ben", ON.format("1 open, 1 critical"))
    h.expect_dm("ana", "You still own 1 incident of moderators")
    h.click("ben", "Take over #1001", on=mine)
    h.expect_update(message, "#1001 taken by Ben Okafor after 2 min")
    h.forget_seen()


def test_what_the_lead_has_taken_meanwhile_stays_with_the_lead(h: Harness) -> None:
    three(h)
    change(h)
    mine = h.expect_dm("ben", ON.format("3 open, 3 critical"))
    leads = h.expect_dm("dana", LEAD.format(1, ""))
    h.forget_seen()
    h.click("dana", "Take over #1001", on=leads)
    h.expect_answer("dana", "#1001 is yours now")
    h.click("ben", "Take over #1001", on=mine)
    h.expect_answer("ben", "Nothing changed: #1001 is owned by Dana Fox. A senior moderator can take it over.")
    assert h.incident()["owner"] == "dana"
    h.forget_seen()


def test_somebody_who_is_not_on_duty_takes_nothing_over(h: Harness) -> None:
    three(h)
    change(h)
    mine = h.expect_dm("ben", ON.format("3 open, 3 critical"))
    h.forget_seen()
    h.click("ben", "Take over #1002", on=mine)
    h.click("ana", "Take over #1002", on=mine)
    h.expect_answer("ana", "Nothing changed: #1002 is owned by Ben Okafor. A senior moderator can take it over.")
    h.click("vera", "Take over #1001", on=mine)
    h.expect_answer("vera", "Nothing changed: your role does not allow this. Ask a senior moderator.")
    assert h.incident(1002)["owner"] == "ben"
    h.forget_seen()


def test_who_goes_off_may_give_back_what_they_hold(h: Harness) -> None:
    three(h)
    change(h)
    hers = h.expect_dm("ana", "You still own 2 incidents of moderators")
    h.forget_seen()
    h.click("ana", "Release #1002", on=hers)
    h.expect_answer("ana", "#1002 is unacknowledged now")
    h.expect_reply("#critical-alerts", "CRITICAL · Self-harm · acknowledge within 5 min · #1002")
    h.expect_dm("ben", "CRITICAL · Self-harm · acknowledge within 5 min · #1002")
    h.forget_seen()


def test_the_lead_is_told_of_nothing_that_is_not_critical_or_is_somebodys(h: Harness) -> None:
    shortly_before(h)
    page(h, 1, "HIGH · Threat", **labelled("THREAT", "high", 70))
    h.click("ana", "Acknowledge", on=page(h, 2))
    h.forget_seen()
    change(h)
    h.expect_dm("ben", ON.format("2 open, 1 critical"))
    h.expect_dm("ana", "You still own 1 incident of moderators")
    h.expect_nothing()


def test_where_nothing_is_open_nobody_is_told(h: Harness) -> None:
    change(h)
    h.expect_nothing()
    assert len(h.records("shift.changed")) == 1
    assert h.count(bulletins) == 0


def test_a_team_that_is_seen_for_the_first_time_tells_nobody(bare: Harness) -> None:
    h = bare.start()
    h.post(SELF_HARM)
    h.forget_seen()
    h.policy_file.write_text(rota())
    h.core.policies.offer(h.core.database)
    look(h)
    h.expect_nothing()
    assert h.count(oncall_snapshots, team="moderators") == 1
    assert h.records("shift.changed") == []


def test_a_restart_in_between_loses_and_doubles_nothing(h: Harness) -> None:
    three(h)
    h.stop()
    h.clock.move_to(HANDOVER + timedelta(minutes=1))
    h.start("")
    h.work()
    h.expect_dm("ben", ON.format("3 open, 3 critical"))
    h.forget_seen()
    h.start("")
    h.work()
    h.expect_nothing()


def test_of_two_processes_that_look_at_once_one_tells(h: Harness) -> None:
    three(h)
    h.clock.move_to(HANDOVER)
    others = [build(h.core.settings, clock=h.clock, queue=h.queue) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run_jobs, [h.core, *others]))
    for core in others:
        core.database.close()
    look(h)
    h.expect_dm("ben", ON.format("3 open, 3 critical"))
    h.expect_dm("ana", "You still own 2 incidents of moderators")
    h.expect_dm("dana", LEAD.format(1, ""))
    h.expect_nothing()
    assert len(h.records("shift.changed")) == 1


def test_a_handover_at_a_time_that_comes_twice_is_one(bare: Harness) -> None:
    h = bare.start(rota("rotate: weekly, handover: sun 02:30, start: 2026-10-18, people: [ana, ben]", ZONE))
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    shortly_before(h, at)
    page(h, 1)
    change(h, at)
    h.expect_dm("ben", ON.format("1 open, 1 critical"))
    h.expect_dm("dana", LEAD.format(1, ""))
    h.fast_forward(minutes=59)
    h.forget_seen()
    change(h, at + timedelta(hours=1))
    h.expect_nothing()
    assert [row["after"]["people"] for row in h.records("shift.changed")] == ["ana", "ben"]


ZONE = ", timezone: Europe/Madrid"


def click_override(h: Harness, person: str, begins: datetime, ends: datetime) -> overrides.ManualOverride:
    """Let Dana put somebody on call."""
    with h.core.database.reading() as connection:
        dana = h.core.policies.required(connection).policy.people["dana"]
    done = overrides.create_override(h.core, OverrideRequest("turns", person, begins, ends), dana, "dashboard")
    assert not isinstance(done, overrides.OverrideRefused)
    return done


def test_a_step_that_fires_asks_who_stands_in_by_a_click(h: Harness) -> None:
    shortly_before(h)
    begins = h.clock.now() + timedelta(minutes=1)
    click_override(h, "ben", begins, begins + timedelta(minutes=10))
    page(h, 1)
    h.forget_seen()
    change(h, begins)
    h.forget_seen()
    h.post(SELF_HARM, item=2)
    said = "CRITICAL · Self-harm · acknowledge within 5 min · #1002"
    h.expect_message("#critical-alerts", said)
    h.expect_dm("ben", said)
    h.expect_nothing()


def test_an_override_by_a_click_is_a_change_of_shift_when_it_begins_and_when_it_is_taken_back(h: Harness) -> None:
    shortly_before(h, HANDOVER - timedelta(minutes=30))
    page(h, 1)
    one = click_override(h, "ben", h.clock.now(), HANDOVER)
    look(h)
    h.expect_dm("ben", ON.format("1 open, 1 critical"))
    h.expect_dm("dana", LEAD.format(1, ""))
    h.clock.move(minutes=1)
    with h.core.database.reading() as connection:
        dana = h.core.policies.required(connection).policy.people["dana"]
    overrides.end_override(h.core, one.id, dana, "dashboard")
    look(h)
    h.expect_dm("ana", ON.format("1 open, 1 critical"))
    h.expect_dm("dana", LEAD.format(1, ""))
    assert [row["after"]["people"] for row in h.records("shift.changed")] == ["ben", "ana"]
    assert [row["actor_key"] for row in h.records("override.begun") + h.records("override.ended")] == ["dana", "dana"]


def test_an_override_is_a_change_of_shift_when_it_begins_and_when_it_ends(bare: Harness) -> None:
    begins, ends = HANDOVER - timedelta(minutes=30), HANDOVER - timedelta(minutes=28)
    span = ", ".join(f"{name}: {at:%Y-%m-%dT%H:%M}" for name, at in (("from", begins), ("to", ends)))
    h = bare.start(rota(rest=f", overrides: [{{person: ben, {span}}}]"))
    shortly_before(h, begins)
    page(h, 1)
    change(h, begins)
    h.expect_dm("ben", ON.format("1 open, 1 critical"))
    h.expect_dm("dana", LEAD.format(1, ""))
    change(h, ends)
    h.expect_dm("ana", ON.format("1 open, 1 critical"))
    h.expect_dm("dana", LEAD.format(1, ""))
    h.expect_nothing()


def test_of_several_on_call_only_who_is_new_and_who_has_gone_are_told(bare: Harness) -> None:
    h = bare.start(rota(rest=', ical: "https://calendar.example.com/turns"'))
    booked = [Booking(START, HANDOVER, ("ana", "ben")), Booking(HANDOVER, HANDOVER + timedelta(days=1), ("ben", "eli"))]
    text = h.policy_file.read_text().replace("[ana, ben], schedule", "[ana, ben, eli], schedule")
    h.policy_file.write_text(text)
    h.core.policies.offer(h.core.database)
    with h.core.database.writing() as connection:
        row = {
            "schedule": "turns",
            "address_digest": "",
            "tried_at": START,
            "bookings": written.bookings_to_json(booked),
        }
        version = h.core.policies.running(connection).version
        connection.execute(calendars.insert(), row | {"policy_version_id": version})
    shortly_before(h)
    h.forget_seen()
    h.click("ana", "Acknowledge", on=page(h, 1))
    h.forget_seen()
    change(h)
    h.expect_dm("eli", ON.format("1 open, 1 critical"))
    h.expect_dm("ana", "You still own 1 incident of moderators")
    h.expect_nothing()


def test_what_is_restricted_is_handed_to_nobody_who_may_not_see_it(bare: Harness) -> None:
    team = "child-safety: {members: [ben, dana], schedule: watch}"
    layer = "{rotate: 1h, handover: 15:00, start: 2026-08-19, people: [eli, ben, dana]}"
    text = POLICY.read_text().replace("child-safety: {members: [ben, dana]}", team)
    h = bare.start(f"{text}\nschedules:\n  watch: {{layers: [{layer}]}}\n")
    shortly_before(h)
    h.post(SELF_HARM, **labelled("CSAM"))
    h.forget_seen()
    change(h)
    h.expect_nothing()
    h.fast_forward(minutes=59)
    h.forget_seen()
    change(h, HANDOVER + timedelta(hours=1))
    h.expect_dm("ben", "Your shift for child-safety: 1 open, 1 critical", says="CRITICAL · Child safety")
    h.forget_seen()


def test_somebody_whom_the_policy_has_lost_is_told_nothing(h: Harness) -> None:
    three(h)
    text = h.policy_file.read_text().replace("ana:  {name: Ana Ruiz,   slack: U0ANA,", "zoe: {name: Zoe, slack: U0ZOE,")
    h.policy_file.write_text(text.replace("[ana, ben]", "[zoe, ben]"))
    h.core.policies.offer(h.core.database)
    change(h)
    h.expect_dm("ben", ON.format("3 open, 3 critical"), says="with ana for 2 min")
    h.expect_dm("dana", LEAD.format(1, ""))
    h.expect_nothing()


def test_who_cannot_be_reached_in_slack_is_reached_by_the_next_contact_or_nobody_is_kept_waiting(h: Harness) -> None:
    three(h)
    h.clock.move_to(HANDOVER)
    with h.slack_down():
        look(h)
    h.fast_forward(minutes=1)
    h.expect_dm("ben", ON.format("3 open, 3 critical"))
    h.forget_seen()
