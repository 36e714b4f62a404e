"""A calendar says who is on call: paged while it does, stood in for while it says nobody, trusted while it is down."""

from collections.abc import Iterator

import pytest

from tests.doubles.calendar import CalendarDouble
from tests.doubles.http import Fault
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import PAGE, SELF_HARM
from tests.schedules.feeds import calendar, event

ATTENTION = "Escalator needs attention: calendar"
DOWN = Fault(status=503)
BEN = calendar(event(":20260820T090000Z", ":20260822T090000Z", "ATTENDEE:mailto:ben@example.com", summary="On call"))


@pytest.fixture
def feed() -> Iterator[CalendarDouble]:
    with CalendarDouble(BEN) as double:
        yield double


@pytest.fixture
def h(bare: Harness, feed: CalendarDouble) -> Harness:
    """A running installation whose first step tells who is on call by the calendar, and Dana while it is silent."""
    policy = POLICY.read_text().replace("name: Ben Okafor,", "name: Ben Okafor, email: BEN@example.com,")
    policy = policy.replace("    - {notify: [critical-alerts, team]}", "    - {notify: [schedule:rota]}")
    policy += '\nschedules:\n  rota: {ical: "${ROTA_URL}", people: [dana]}\n'
    return bare.start(policy, ROTA_URL=feed.url)


def alarmed(h: Harness, says: str) -> None:
    h.expect_message("#leads", ATTENTION, says=says)
    h.expect_dm("eli", ATTENTION, says=says)


def test_before_a_calendar_was_read_whom_the_schedule_names_is_paged(h: Harness) -> None:
    h.post(SELF_HARM)
    h.expect_dm("dana", PAGE)


def test_a_step_tells_whom_the_calendar_names(h: Harness) -> None:
    h.read_calendars()
    h.post(SELF_HARM)
    h.expect_dm("ben", PAGE)


def test_a_step_tells_whom_the_schedule_names_while_the_calendar_is_empty(h: Harness, feed: CalendarDouble) -> None:
    h.read_calendars()
    feed.feed = calendar()
    h.fast_forward(minutes=5)
    h.read_calendars()
    alarmed(h, "the calendar of rota has no future shifts (empty)")
    h.post(SELF_HARM)
    h.expect_dm("dana", PAGE)


def test_a_step_tells_whom_the_last_good_copy_names_while_the_feed_is_down(h: Harness, feed: CalendarDouble) -> None:
    h.read_calendars()
    feed.inject(*[DOWN] * 4)
    for _ in range(4):
        h.expect_nothing()
        h.fast_forward(minutes=5)
        h.read_calendars()
    alarmed(h, "the calendar of rota was last read at 2026-08-20 14:03 UTC (http_503)")
    h.post(SELF_HARM)
    h.expect_dm("ben", PAGE)
    assert [row["reason"] for row in h.records("trouble.found")] == ["calendar:rota"]


def test_a_calendar_that_is_back_ends_the_trouble(h: Harness, feed: CalendarDouble) -> None:
    feed.feed = calendar()
    h.read_calendars()
    alarmed(h, "the calendar of rota has no future shifts (empty)")
    feed.feed = BEN
    h.fast_forward(minutes=5)
    h.read_calendars()
    h.post(SELF_HARM)
    h.expect_dm("ben", PAGE)
    assert [row["reason"] for row in h.records("trouble.ended")] == ["calendar:rota"]


def test_readiness_says_that_a_calendar_is_failing(h: Harness, feed: CalendarDouble) -> None:
    feed.inject(DOWN)
    h.read_calendars()
    alarmed(h, "the calendar of rota could never be read (http_503)")
    degraded = h.app.test_client().get("/readyz").get_json()["degraded"]
    assert [one for one in degraded if one.startswith("calendar:rota: ")]
