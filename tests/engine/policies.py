"""Random policies about people and time, and random events for them: what hypothesis draws from."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Role, Severity
from escalator.model.policy import (
    Category,
    Conditions,
    Destination,
    Person,
    Policy,
    Route,
    SeverityScale,
    Step,
    Team,
    UnansweredRule,
)
from escalator.model.schedule import Booking, Hours, Layer, Override, RotationUnit, Schedule
from tests.builders import a_policy, an_observation

WINDOW_START = datetime(2026, 10, 19, 5, tzinfo=UTC)
"""Two weeks in which Europe and America set their clocks back, and Lord Howe has just set its own forward."""

ZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Europe/Madrid", "America/Chicago", "Australia/Lord_Howe")])
PEOPLE = ("ana", "ben", "chen", "dana")
TEAMS = ("first", "second")
SCHEDULES = ("rota", "calendar")
HOURS = ("office", "night")
PLACES = {
    "room": Destination("room", DestinationKind.SLACK, ("#room",)),
    "alerts": Destination("alerts", DestinationKind.SLACK, ("#alerts",), urgent=True),
    "leads": Destination("leads", DestinationKind.EMAIL, ("a@example.com", "b@example.com"), urgent=True),
    "pager": Destination("pager", DestinationKind.PAGERDUTY, ("key",)),
    "board": Destination("board", DestinationKind.JIRA, ("TS",)),
}
TARGETS = st.sampled_from(
    [
        *("team", "team:first", "team:second", "schedule:rota", "schedule:calendar", "person:ana", "person:dana"),
        *("person:gone", "schedule:gone", *PLACES),
    ]
)
SHARES = st.sampled_from([0, 15, 30, 45])
TIMES = st.builds(time, st.integers(0, 23), SHARES)
MOMENTS = st.builds(
    lambda days, at: datetime.combine(date(2026, 10, 18) + timedelta(days=days), at), st.integers(0, 16), TIMES
)
MINUTES = st.integers(0, 14 * 24 * 60 - 1).map(lambda count: WINDOW_START + timedelta(minutes=count))


def spans(start: st.SearchStrategy[datetime]) -> st.SearchStrategy[tuple[datetime, datetime]]:
    return st.tuples(start, st.integers(1, 60)).map(lambda drawn: (drawn[0], drawn[0] + timedelta(hours=drawn[1])))


@st.composite
def hours(draw, key: str) -> Hours:
    start = draw(TIMES)
    end = draw(TIMES.filter(lambda at: at != start))
    weekdays = draw(st.sampled_from([frozenset(range(7)), frozenset(range(5)), frozenset({5, 6})]))
    return Hours(key, start, end, weekdays, draw(ZONES), draw(st.sampled_from([None, "US"])))


@st.composite
def layers(draw) -> Layer:
    turn = draw(st.sampled_from(RotationUnit))
    return Layer(
        people=tuple(draw(st.lists(st.sampled_from((*PEOPLE, "gone")), min_size=1, max_size=3))),
        turn=turn,
        start=date(2026, 10, 1) + timedelta(days=draw(st.integers(0, 25))),
        handover=draw(TIMES),
        day={RotationUnit.WEEKS: draw(st.integers(0, 6)), RotationUnit.MONTHS: draw(st.integers(1, 31))}.get(turn),
        every=draw(st.sampled_from([5, 8, 12])),
        hours=draw(st.sampled_from([None, None, *HOURS])),
    )


@st.composite
def schedules(draw, key: str) -> Schedule:
    drawn = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), spans(MOMENTS)), max_size=2))
    overrides = tuple(Override(person, start, end) for person, (start, end) in drawn)
    people = tuple(draw(st.lists(st.sampled_from(PEOPLE), max_size=1)))
    return Schedule(key, draw(ZONES), tuple(draw(st.lists(layers(), max_size=2))), overrides, None, people)


@st.composite
def steps(draw, *, is_first: bool) -> Step:
    least = 0 if is_first else 1
    repeat = draw(st.integers(0, 2))
    return Step(
        notify=tuple(draw(st.lists(TARGETS, min_size=1, max_size=3))),
        after=timedelta(minutes=draw(st.sampled_from([0, 5, 45, 300][1 if repeat else least :]))),
        repeat=repeat,
        during=draw(st.sampled_from([None, None, *HOURS])),
        outside=draw(st.sampled_from([None, None, None, *HOURS])),
    )


@st.composite
def paths(draw) -> tuple[Step, ...]:
    return (draw(steps(is_first=True)), *draw(st.lists(steps(is_first=False), max_size=2)))


@st.composite
def routes(draw, name: str) -> Route:
    tests = st.fixed_dictionaries(
        {},
        optional={
            "category": st.sampled_from([("grave",), ("secret",), ("grave", "secret")]),
            "min_severity": st.sampled_from([("high",), ("critical",)]),
            "action": st.just(("escalate",)),
            "during": st.sampled_from([(key,) for key in HOURS]),
            "outside": st.sampled_from([(key,) for key in HOURS]),
        },
    )
    assign = draw(st.sampled_from([None, *TEAMS, "schedule:rota", "person:ben"]))
    when, unless = Conditions(draw(tests)), Conditions(draw(st.one_of(st.just({}), tests)))
    return Route(name, draw(st.sampled_from(["one", "two", "silent"])), when, unless, assign)


@st.composite
def people(draw, key: str) -> Person:
    contact = draw(st.sampled_from([(DestinationKind.SLACK,), (DestinationKind.PAGERDUTY, DestinationKind.SLACK)]))
    slack, pager = draw(st.sampled_from([("U1", None), ("U1", "P1"), (None, None)]))
    role = Role.ADMIN if key == "dana" else draw(st.sampled_from([Role.MODERATOR, Role.MODERATOR, Role.VIEWER]))
    own = draw(st.sampled_from([None, None, *HOURS]))
    return Person(key, key.title(), role, slack=slack, pagerduty=pager, contact=contact, hours=own)


@st.composite
def teams(draw, key: str) -> Team:
    members = tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True)))
    lead, schedule = draw(st.sampled_from([None, *PEOPLE])), draw(st.sampled_from([None, *SCHEDULES]))
    return Team(key, members, lead, schedule)


@st.composite
def policies(draw) -> Policy:
    """Two teams, two rotas, two hours, two paths (and a silent one), a plain category and a restricted one."""
    return a_policy(
        timezone=draw(ZONES),
        people={key: draw(people(key)) for key in PEOPLE},
        teams={key: draw(teams(key)) for key in TEAMS},
        hours={key: draw(hours(key)) for key in HOURS},
        schedules={key: draw(schedules(key)) for key in SCHEDULES},
        destinations=PLACES,
        categories={
            "grave": Category("grave", "Grave", ("GRAVE",), at_least=Severity.HIGH),
            "secret": Category("secret", "Secret", ("SECRET",), restricted_to=("first",)),
        },
        severity=SeverityScale(),
        routes=tuple(draw(routes(f"route {number}")) for number in range(draw(st.integers(0, 3)))),
        default="one",
        paths={"one": draw(paths()), "two": draw(paths()), "silent": ()},
        feeds=(),
        unanswered=UnansweredRule(timedelta(minutes=40), draw(st.sampled_from([(), ("person:chen",), ("alerts",)]))),
        alarms=draw(st.sampled_from([(), ("alerts",), ("schedule:rota",)])),
    )


def calendars() -> st.SearchStrategy[dict[str, tuple[Booking, ...]]]:
    """What the calendar of the second rota says, if it says anything."""
    aware = spans(MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)))
    booked = st.tuples(aware, st.sampled_from(PEOPLE)).map(lambda drawn: Booking(*drawn[0], (drawn[1],)))
    some = st.lists(booked, max_size=2).map(lambda found: {"calendar": tuple(sorted(found, key=lambda b: b.start))})
    return st.one_of(st.just({}), some)


EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["GRAVE", "SECRET"]),
        "text_severity": st.sampled_from(["low", "high", "critical"]),
        "action": st.just("escalate"),
        "reporter": st.sampled_from(["user", "automod"]),
    },
).map(lambda facts: an_observation(**facts))
