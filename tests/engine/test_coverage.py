"""Whom coverage counts as hearing, and what it finds missing. Openings are those of two weeks in March, unless said."""

from datetime import UTC, date, datetime, timedelta

import pytest

from escalator.engine.coverage.compute import compute_coverage
from escalator.engine.coverage.values import Coverage, CoverageRow, share_notified_within
from escalator.model.destination_kind import DestinationKind
from escalator.model.schedule import Booking
from escalator.policy.parse import load

POLICY = """\
timezone: America/New_York
sources: {app: {api_key: key, api_secret: secret}}
people:
  ana: {name: Ana, slack: U0ANA, stream: ana}
  ben: {name: Ben, slack: U0BEN, stream: ben, hours: office}
  dana: {name: Dana, slack: U0DANA, pagerduty: PDANA, contact: [pagerduty, slack], hours: office, stream: dana}
  eli: {name: Eli, stream: eli, role: admin}
hours:
  office: {weekdays: [mon, tue, wed, thu, fri], from: 09:00, to: 18:00, holidays: US}
  early: {from: 06:00, to: 18:00, timezone: UTC}
  nobodys: {from: 12:30, to: 13:30, timezone: UTC}
schedules:
  desk: {layers: [{rotate: daily, handover: 09:00, start: 2026-01-05, hours: office, people: [ben]}]}
  turns: {layers: [{rotate: weekly, handover: mon 09:00, start: 2026-01-05, people: [ana, ben]}]}
teams:
  led: {members: [ben], lead: ana, schedule: desk}
  unled: {members: [ben], schedule: desk}
  some: {members: [ben]}
destinations:
  room: {slack: "#room"}
  alerts: {slack: "#alerts", urgent: true}
  list: {email: list@example.com}
  urgent-list: {email: list@example.com, urgent: true}
  pager: {pagerduty: key}
  board: {jira: {project: TS, issue_type: Incident}, fallback: alerts}
  machine: {webhook: "https://example.com", urgent: true}
categories:
  harm: {title: Harm, labels: [HARM], at_least: FLOOR CATEGORY}
routes:
  - {name: Harm, when: {category: harm ROUTE}, assign: ASSIGN, path: path}
default: DEFAULT
unanswered: {restart_after: 30m TELL}
paths:
  path: STEPS
  loud: [{notify: [alerts]}]
  silent: []
"""
MONDAY = datetime(2026, 3, 2, 5, tzinfo=UTC)
FORTNIGHT = timedelta(weeks=2)
WITHIN = timedelta(minutes=30)


def judged(steps: str, start: datetime = MONDAY, span: timedelta = FORTNIGHT, said=None, **changes: str) -> Coverage:
    """The coverage of a policy whose category harm takes this path."""
    values = {
        "FLOOR": "critical",
        "CATEGORY": "",
        "ROUTE": "",
        "ASSIGN": "some",
        "DEFAULT": "loud",
        "TELL": "",
        **changes,
    }
    text = POLICY.replace("STEPS", steps)
    for name, value in values.items():
        text = text.replace(name, value)
    zone = load(text, {}).timezone
    end = (start.astimezone(zone) + span).astimezone(UTC)
    return compute_coverage(load(text, {}), start, end, WITHIN, said)


def harm(found: Coverage) -> CoverageRow:
    return next(row for row in found.rows if row.category == "harm" and row.is_unconditional)


def share(found: Coverage) -> float:
    return round(share_notified_within(tuple(harm(found).intervals_with_steps), WITHIN), 3)


def local(at: datetime, found: Coverage) -> str:
    return at.astimezone(found.timezone).strftime("%a %d %H:%M")


def holes(found: Coverage) -> list[tuple[str, str]]:
    return [(local(one.start, found), local(one.end, found)) for one in found.holes if one.row == harm(found)]


IN_OFFICE = round((2 * 5 * 9) / (14 * 24 - 1), 3)
"""Nine hours of ten days; the clock is set forward in the second night of these weeks."""


@pytest.mark.parametrize(
    ("target", "covered", "who"),
    [
        pytest.param("person:ana", 1.0, "ana", id="a message to somebody without hours"),
        pytest.param("person:ben", IN_OFFICE, "ben", id="a message to somebody, outside their hours not"),
        pytest.param("person:dana", 1.0, "dana", id="a pager wakes somebody outside their hours"),
        pytest.param("person:eli", 0.0, None, id="nobody without a contact"),
        pytest.param("pager", 1.0, "pager", id="a pager"),
        pytest.param("alerts", 1.0, "alerts", id="an urgent channel"),
        pytest.param("urgent-list", 1.0, "urgent-list", id="an urgent list"),
        pytest.param("room", 0.0, None, id="no channel that is not urgent"),
        pytest.param("list", 0.0, None, id="no list that is not urgent"),
        pytest.param("board", 0.0, None, id="no issue, and no fallback: that is for failures"),
        pytest.param("machine", 0.0, None, id="no machine, whatever the policy says"),
    ],
)
def test_what_counts_as_hearing(target, covered, who):
    found = judged(f'[{{notify: ["{target}"]}}]')
    assert share(found) == pytest.approx(covered, abs=0.03 if covered == IN_OFFICE else 0)
    assert {one.first.who for one in harm(found).intervals_with_steps if one.first} == ({who} if who else set())


def test_who_hears_first_through_what_and_how_soon():
    found = judged('[{notify: [room]}, {after: 10m, notify: ["person:ana", pager]}]')
    (interval,) = harm(found).intervals_with_steps
    assert interval.first is not None
    assert (interval.first.who, interval.first.kind, interval.first.target) == (
        "ana",
        DestinationKind.SLACK,
        "person:ana",
    )
    assert (interval.delay, interval.at) == (timedelta(minutes=10), None)
    assert [one.who for one in interval.responders] == ["ana", "pager"]


def test_who_is_told_later_than_the_target_hears_but_not_in_time():
    found = judged('[{notify: ["person:ana"]}, {after: 31m, notify: [pager]}]')
    (interval,) = harm(found).intervals_with_steps
    assert ([one.who for one in interval.responders], [one.who for one in interval.reached]) == (
        ["ana"],
        ["ana", "pager"],
    )


WEEKENDS = [("Fri 06 18:00", "Mon 09 08:30"), ("Fri 13 18:00", "Mon 16 00:00")]


def test_a_step_that_waits_for_its_hours_leaves_nights_and_weekends_open():
    found = judged("[{notify: [alerts], during: office}]")
    assert [one for one in holes(found) if one[0][:3] == "Fri"] == WEEKENDS
    assert holes(found)[:2] == [("Mon 02 00:00", "Mon 02 08:30"), ("Mon 02 18:00", "Tue 03 08:30")]


def test_whoever_waits_for_hours_waits_the_less_the_later_it_is_opened():
    found = judged("[{notify: [alerts], during: office}]")
    night = next(one for one in harm(found).intervals_with_steps if local(one.start, found) == "Mon 02 18:00")
    assert night.longest == timedelta(hours=15)
    assert night.within(night.start + timedelta(hours=14)) == timedelta(hours=1)


def test_over_the_weekend_on_which_the_clock_is_set_forward_an_hour_less_is_waited():
    found = judged("[{notify: [alerts], during: office}]")
    weekend = next(one for one in found.holes if local(one.start, found) == "Fri 06 18:00")
    assert weekend.longest == timedelta(days=2, hours=14)
    assert weekend.end - weekend.start == timedelta(days=2, hours=13, minutes=30)


def test_a_holiday_closes_the_hours_and_is_named():
    memorial_day = datetime(2026, 5, 25, 4, tzinfo=UTC)
    found = judged("[{notify: [alerts], during: office}]", memorial_day, timedelta(days=2))
    assert holes(found) == [("Mon 25 00:00", "Tue 26 08:30"), ("Tue 26 18:00", "Wed 27 00:00")]
    assert [(one.day, one.hours, one.place) for one in found.holidays] == [(date(2026, 5, 25), "office", "US")]


def test_a_hole_is_a_hole_from_the_first_opening_of_which_nobody_hears_in_time():
    """The message to Ben goes out ten minutes after the opening, and his hours end at six."""
    found = judged('[{notify: [room]}, {after: 10m, notify: ["person:ben"]}]')
    assert holes(found)[1] == ("Mon 02 17:50", "Tue 03 08:50")
    assert {one.longest for one in found.holes} == {None}


def test_hours_that_no_step_waits_for_hold_nothing_up():
    """At half past twelve, just when these open, falls due what was opened in the middle of the hours before."""
    found = judged("[{notify: [room], during: early}, {after: 1h, notify: [pager]}]")
    by_day = {(one.delay, one.at) for one in harm(found).intervals_with_steps if 6 <= one.start.hour < 18}
    assert by_day == {(timedelta(hours=1), None)}


def test_routes_by_hours_are_judged_at_the_opening():
    found = judged('[{notify: ["person:ana"]}]', ROUTE=", during: office", DEFAULT="silent", FLOOR="high")
    assert {one.is_silent for one in harm(found).intervals} == {True, False}
    assert [one.route for one in harm(found).stretches[:3]] == [None, "Harm", None]
    assert holes(found) == []


def test_the_lead_stands_in_where_nobody_is_on_call_and_the_empty_rota_is_told():
    found = judged("[{notify: [team]}, {after: 5m, notify: [room]}]", ASSIGN="led")
    assert share(found) == 1.0
    assert {one.first.who for one in harm(found).intervals_with_steps if one.first} == {"ana", "ben"}
    gaps = [(one.schedule, local(one.start, found), local(one.end, found)) for one in found.gaps]
    assert gaps[1] == ("desk", "Mon 02 18:00", "Tue 03 09:00")


def test_without_a_lead_the_next_step_comes_at_once():
    found = judged("[{notify: [team]}, {after: 20m, notify: [pager]}]", ASSIGN="unled")
    by_night = next(one for one in harm(found).intervals_with_steps if local(one.start, found) == "Mon 02 18:00")
    assert by_night.first is not None
    assert (by_night.first.who, by_night.delay) == ("pager", timedelta(0))


def test_where_a_path_tells_only_who_may_not_know_of_a_restricted_category_those_hear_who_may():
    found = judged('[{notify: ["person:ana"]}]', FLOOR="high", CATEGORY=", restricted_to: [some]")
    assert {one.first and one.first.who for one in harm(found).intervals_with_steps} == {None, "ben"}


def test_who_is_told_when_the_path_begins_again_is_the_last_to_count():
    found = judged("[{notify: [room]}]", TELL=", tell: [ana]")
    (interval,) = harm(found).intervals_with_steps
    assert (interval.first and interval.first.who, interval.delay, interval.reached) == ("ana", WITHIN, ())


@pytest.mark.parametrize(
    ("steps", "alone"),
    [
        pytest.param('[{notify: ["person:ana"]}]', {"ana"}, id="one person, again and again"),
        pytest.param('[{notify: ["person:ana"]}, {after: 2h, notify: [pager]}]', set(), id="a pager later"),
        pytest.param('[{notify: ["person:ana", alerts]}]', set(), id="an urgent channel beside"),
        pytest.param('[{notify: ["person:ana", "person:ben"]}]', {"ana"}, id="the other is asleep"),
        pytest.param("[{notify: [pager]}]", set(), id="a pager is not one person"),
        pytest.param('[{notify: ["schedule:turns"], repeat: 1, after: 5m}]', {"ana", "ben"}, id="whoever is on call"),
    ],
)
def test_a_single_point_of_failure_is_one_person_who_alone_hears(steps, alone):
    found = judged(steps)
    assert {one.person for one in found.singles if one.row == harm(found)} == alone


def test_a_path_without_steps_is_silent_by_decision_and_no_hole():
    found = judged("[{notify: [alerts]}]", DEFAULT="silent")
    nothing = [row for row in found.rows if row.category is None]
    assert {row.is_silent for row in nothing} == {True}
    assert not found.holes


def test_every_severity_that_a_category_can_have_is_asked_about():
    found = judged("[{notify: [alerts]}]")
    asked = [(row.category, row.severity.value) for row in found.rows]
    every = ["critical", "high", "medium", "low", "unknown"]
    assert asked == [("harm", "critical"), *((None, grade) for grade in every)]


def test_a_route_that_needs_facts_nobody_knows_yet_is_judged_apart():
    """Somebody who is not banned by then goes the default way: both can happen, and each is asked about."""
    found = judged("[{notify: [room]}]", ROUTE=", action: ban")
    apart = [row for row in found.rows if row.category == "harm"]
    assert [
        (row.conditional_route, row.is_unconditional, share_notified_within(row.intervals, WITHIN)) for row in apart
    ] == [
        (None, True, 1.0),
        ("Harm", False, 0.0),
    ]
    assert {one.row.conditional_route for one in found.holes} == {"Harm"}


def test_a_calendar_decides_who_hears():
    booking = Booking(MONDAY, MONDAY + timedelta(days=1), ("dana",))
    found = judged('[{notify: ["schedule:turns"]}]', span=timedelta(days=2), said={"turns": (booking,)})
    by_dana = [
        local(one.end, found) for one in harm(found).intervals_with_steps if one.first and one.first.who == "dana"
    ]
    assert by_dana[-1] == "Tue 03 00:00"


def test_handovers_are_listed_in_order():
    found = judged("[{notify: [alerts]}]", span=timedelta(days=8))
    turns = [(local(one.at, found), one.off, one.on) for one in found.handovers if one.schedule == "turns"]
    assert turns == [("Mon 02 09:00", ("ben",), ("ana",)), ("Mon 09 09:00", ("ana",), ("ben",))]
    instants = [one.at for one in found.handovers]
    assert instants == sorted(instants)
