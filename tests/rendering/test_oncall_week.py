"""A week of a rota as a strip: as wide as it is long, and nothing is lost from view."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.model.schedule import Shift
from escalator.rendering.oncall_week import SLOTS, SLOTS_OF_DAY, begins, monday_of, strip
from tests.schedules.times import CHICAGO, MADRID, utc, zones

MONDAY = date(2026, 8, 17)


def a_rota(*edges: str) -> list[Shift]:
    """Shifts that follow one another, of Ana, nobody and Ben in turn."""
    people = (("ana",), (), ("ben",))
    instants = [utc(edge) for edge in edges]
    return [Shift(*span, people[place % 3]) for place, span in enumerate(pairwise(instants))]


def widths(shifts, monday=MONDAY, zone=MADRID) -> list[int]:
    return [cell.width for cell in strip(shifts, monday, zone).cells]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        pytest.param(["2026-08-01 00:00", "2026-09-01 00:00"], [SLOTS], id="one who is on call all week"),
        pytest.param(
            ["2026-08-01 00:00", "2026-08-17 22:00", "2026-09-01 00:00"],
            [SLOTS_OF_DAY, 6 * SLOTS_OF_DAY],
            id="days are those of the zone",
        ),
        pytest.param(
            ["2026-08-01 00:00", "2026-08-18 10:00", "2026-08-18 10:10", "2026-09-01 00:00"],
            [72, 1, SLOTS - 73],
            id="a gap of ten minutes is seen",
        ),
        pytest.param(
            ["2026-08-01 00:00", "2026-08-23 21:50", "2026-08-23 21:55", "2026-09-01 00:00"],
            [SLOTS - 2, 1, 1],
            id="at the end of the week as well",
        ),
        pytest.param(["2026-08-01 00:00", "2026-08-16 22:00", "2026-09-01 00:00"], [SLOTS], id="not what ended before"),
    ],
)
def test_a_shift_is_as_wide_as_it_is_long(edges, expected):
    assert widths(a_rota(*edges)) == expected


def test_a_cell_holds_the_whole_shift_and_says_what_of_it_is_seen():
    ana, nobody, ben = strip(
        a_rota("2026-08-01 00:00", "2026-08-18 10:00", "2026-08-19 10:00", "2026-09-01 00:00"), MONDAY, MADRID
    ).cells
    assert (ana.shift.start, ana.begins_here, ana.ends_here) == (utc("2026-08-01 00:00"), False, True)
    assert (nobody.begins_here, nobody.ends_here) == (True, True)
    assert (ben.begins_here, ben.ends_here) == (True, False)


@pytest.mark.parametrize(
    ("monday", "at"),
    [
        pytest.param(date(2026, 3, 2), "2026-03-08 17:00", id="the clock leaps on Sunday"),
        pytest.param(date(2026, 10, 26), "2026-11-01 18:00", id="the clock is set back on Sunday"),
    ],
)
def test_noon_is_the_middle_of_a_day_of_any_length(monday, at):
    found = widths(a_rota("2026-01-01 00:00", at, "2027-01-01 00:00"), monday, CHICAGO)
    assert found == [SLOTS - SLOTS_OF_DAY // 2, SLOTS_OF_DAY // 2]


@given(
    zone=zones(),
    day=st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    minutes=st.lists(st.integers(1, 7 * 24 * 60 - 60), max_size=40, unique=True),
)
def test_every_shift_of_a_week_has_a_width_and_together_they_fill_it(zone, day, minutes):
    monday = monday_of(day)
    start = begins(monday, zone)
    edges = [start - timedelta(days=9), *(start + timedelta(minutes=one) for one in sorted(minutes))]
    rota = [Shift(*span, ("ana",)) for span in pairwise([*edges, start + timedelta(days=20)])]
    found = strip(rota, monday, zone).cells
    inside = [one for one in rota if one.start < begins(monday + timedelta(days=7), zone)]
    assert [cell.shift for cell in found] == inside
    assert sum(cell.width for cell in found) == SLOTS
