"""Hours as the file writes them: spans of the day, and whole days in every way in which they can be said."""

from datetime import time

import pytest

from escalator.model.schedule import Hours
from escalator.policy.parse import parse
from escalator.schedules.timezone import zone_named
from tests.policy.files import minimal


def read(text: str) -> tuple[Hours | None, list[str]]:
    parsed = parse(minimal(more=f"hours:\n  some: {{{text}}}\n"), {})
    told = [f"{problem.path}: {problem.what}; {problem.right}" for problem in parsed.problems]
    return (parsed.policy.hours["some"] if parsed.policy else None), told


@pytest.mark.parametrize(
    ("text", "start", "end", "days"),
    [
        pytest.param("from: 00:00, to: 24:00", "00:00", "00:00", 7, id="from midnight to the end of the day"),
        pytest.param("from: 09:00, to: 24:00", "09:00", "00:00", 7, id="from a time to the end of the day"),
        pytest.param("from: 09:00, to: 09:00", "09:00", "09:00", 7, id="equal times"),
        pytest.param("from: 00:00, to: 00:00", "00:00", "00:00", 7, id="from midnight to midnight"),
        pytest.param("weekdays: [sat, sun]", "00:00", "00:00", 2, id="weekdays alone"),
        pytest.param("weekdays: sat, holidays: US", "00:00", "00:00", 1, id="a weekday, but for holidays"),
    ],
)
def test_whole_days_can_be_said(text, start, end, days) -> None:
    found, told = read(text)
    assert told == []
    assert found is not None
    assert (found.start, found.end) == (time.fromisoformat(start), time.fromisoformat(end))
    assert len(found.weekdays) == days


_BOTH = "write both `from` and `to`, or neither: `weekdays` alone means whole days"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("from: 09:00, weekdays: mon", f"hours.some.to: is missing; {_BOTH}", id="no end"),
        pytest.param("to: 09:00", f"hours.some.from: is missing; {_BOTH}", id="no beginning"),
        pytest.param("holidays: US", f"hours.some.from: is missing; {_BOTH}", id="neither days nor times"),
        pytest.param(
            "from: 24:00, to: 09:00",
            'hours.some.from: "24:00" is not valid; write a time of day such as 09:00',
            id="nothing begins at the end of the day",
        ),
        pytest.param(
            "from: 09:00, to: 24:30",
            'hours.some.to: "24:30" is not valid; write a time of day such as 18:00, or 24:00 for the end of the day',
            id="no day is longer",
        ),
    ],
)
def test_what_is_no_span_is_refused_with_what_would_be_right(text, told) -> None:
    assert read(text) == (None, [told])


@pytest.mark.parametrize("name", ["localtime", "posixrules", "Factory", "right/Europe/Madrid", "posix/UTC", "", "../x"])
def test_what_is_no_zone_of_the_database_is_refused(name) -> None:
    assert zone_named(name) is None
    _found, told = read(f'from: 09:00, to: 10:00, timezone: "{name}"')
    assert [one for one in told if one.startswith("hours.some.timezone: ")] == told != []


@pytest.mark.parametrize("name", ["UTC", "Europe/Madrid", "America/Argentina/Ushuaia", "Etc/GMT+5"])
def test_what_is_one_is_read(name) -> None:
    assert zone_named(name) is not None
