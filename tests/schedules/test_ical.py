"""What a feed says: every form in which the makers of calendars write who is on call when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from escalator.schedules.calendar import FeedFlaw, FeedReading
from escalator.schedules.ical import MOST_EVENTS, read_feed
from tests.schedules.feeds import GOOGLE, HTML, PAGERDUTY, calendar, event, timed

CHICAGO, MADRID, LORD_HOWE = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Madrid"), ZoneInfo("Australia/Lord_Howe")
OCTOBER, DECEMBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def said(text: str, zone: ZoneInfo = CHICAGO) -> FeedReading | FeedFlaw:
    return read_feed(text.encode(), zone, OCTOBER, DECEMBER)


def times(text: str, zone: ZoneInfo = CHICAGO) -> list[str]:
    """Return `start/end` of all events, in UTC."""
    reading = said(text, zone)
    assert isinstance(reading, FeedReading)
    assert reading.unreadable == 0
    return [f"{one.start:%m-%d %H:%M}/{one.end:%m-%d %H:%M}" for one in reading.events]


def names(text: str) -> list[tuple[tuple[str, ...], str]]:
    reading = said(text)
    assert isinstance(reading, FeedReading)
    return [(one.attendees, one.summary) for one in reading.events]


def test_an_export_of_pagerduty_names_attendees() -> None:
    assert times(PAGERDUTY) == ["11-02 08:00/11-09 08:00", "11-09 08:00/11-16 08:00"]
    assert [attendees for attendees, _summary in names(PAGERDUTY)] == [("Dana.Fox@example.com",), ("eli@example.com",)]


def test_a_weekly_event_of_google_keeps_its_local_time_and_its_exceptions() -> None:
    assert times(GOOGLE) == [
        "10-05 07:00/10-05 15:00",
        "10-20 08:00/10-20 10:00",
        "10-26 08:00/10-26 16:00",
        "11-09 08:00/11-09 16:00",
        "11-16 08:00/11-16 16:00",
        "11-23 08:00/11-23 16:00",
        "11-30 08:00/11-30 16:00",
    ]


def test_all_attendees_are_named_and_the_organiser_is_not_and_an_exception_names_its_own() -> None:
    assert names(GOOGLE)[:2] == [(("dana@example.com", "eli@example.com"), "Senior on duty"), ((), "ana")]


@pytest.mark.parametrize(
    ("lines", "zone", "expected"),
    [
        pytest.param(
            [event(";VALUE=DATE:20261006", ";VALUE=DATE:20261008")],
            CHICAGO,
            ["10-06 05:00/10-08 05:00"],
            id="whole days are days of the schedule's zone",
        ),
        pytest.param(
            ["X-WR-TIMEZONE:Europe/Madrid", event(";VALUE=DATE:20261006", ";VALUE=DATE:20261007")],
            CHICAGO,
            ["10-05 22:00/10-06 22:00"],
            id="whole days are days of the zone that the feed names",
        ),
        pytest.param(
            [event(";VALUE=DATE:20261101", ";VALUE=DATE:20261102")],
            CHICAGO,
            ["11-01 05:00/11-02 06:00"],
            id="the day on which clocks are set back has 25 hours",
        ),
        pytest.param(
            [event(":20261006T090000", ":20261006T170000")],
            CHICAGO,
            ["10-06 14:00/10-06 22:00"],
            id="a floating time is one of the schedule's zone",
        ),
        pytest.param(
            ["X-WR-TIMEZONE:Europe/Madrid", event(":20261006T090000", ":20261006T170000")],
            CHICAGO,
            ["10-06 07:00/10-06 15:00"],
            id="a floating time is one of the zone that the feed names",
        ),
        pytest.param(
            [
                "X-WR-TIMEZONE:Europe/Madrid",
                event(":20261019T070000Z", ":20261019T150000Z", "RRULE:FREQ=WEEKLY;COUNT=2"),
            ],
            CHICAGO,
            ["10-19 07:00/10-19 15:00", "10-26 08:00/10-26 16:00"],
            id="what recurs in UTC recurs by the clock of the zone that the feed names",
        ),
        pytest.param(
            [event(";TZID=Eastern Standard Time:20261006T090000", ";TZID=Eastern Standard Time:20261006T170000")],
            CHICAGO,
            ["10-06 13:00/10-06 21:00"],
            id="a zone by the name that Windows has for it",
        ),
        pytest.param(
            [timed(";TZID=America/Chicago:20261026T090000", "DURATION:P1W", "RRULE:FREQ=WEEKLY;COUNT=2")],
            MADRID,
            ["10-26 14:00/11-02 15:00", "11-02 15:00/11-09 15:00"],
            id="weeks hand over without gap or overlap when clocks are set back",
        ),
        pytest.param(
            [timed(";TZID=Australia/Lord_Howe:20261003T020000", "DURATION:P1D", "RRULE:FREQ=DAILY;COUNT=3")],
            LORD_HOWE,
            ["10-02 15:30/10-03 15:30", "10-03 15:30/10-04 15:00", "10-04 15:00/10-05 15:00"],
            id="days hand over without gap or overlap at a time that does not exist",
        ),
        pytest.param(
            [event(":20260101T000000Z", ":20270101T000000Z")],
            CHICAGO,
            ["01-01 00:00/01-01 00:00"],
            id="an event longer than the window is whole",
        ),
        pytest.param(
            [event(":20260901T000000Z", ":20261001T000000Z"), event(":20261201T000000Z", ":20261202T000000Z", uid="2")],
            CHICAGO,
            [],
            id="what ends where the window begins, and begins where it ends, is not in it",
        ),
        pytest.param(
            [event(":20261006T090000Z", ":20261006T090000Z")], CHICAGO, [], id="an event without length names nobody"
        ),
        pytest.param(
            [event(":20261006T090000Z", ":20261006T170000Z", "STATUS:CANCELLED")],
            CHICAGO,
            [],
            id="a cancelled event is none",
        ),
        pytest.param(
            [event(":20261006T090000Z", ":20261006T170000Z", "TRANSP:TRANSPARENT")],
            CHICAGO,
            ["10-06 09:00/10-06 17:00"],
            id="an event that leaves its people free counts as any other",
        ),
        pytest.param(
            [event(":20261006T090000Z", ":20261006T170000Z", "a line that was broken badly")],
            CHICAGO,
            ["10-06 09:00/10-06 17:00"],
            id="a line that is no property does not hide the event",
        ),
        pytest.param(
            [
                event(
                    ":20261006T090000Z",
                    ":20261006T170000Z",
                    "RRULE:FREQ=DAILY;UNTIL=20261007T090000Z",
                    "EXDATE:20261006T090000Z",
                )
            ],
            CHICAGO,
            ["10-07 09:00/10-07 17:00"],
            id="a rule ends with its last occurrence",
        ),
    ],
)
def test_when_an_event_is(lines: list[str], zone: ZoneInfo, expected: list[str]) -> None:
    assert times(calendar(*lines), zone) == expected


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        pytest.param("", FeedFlaw.NOT_A_CALENDAR, id="nothing at all"),
        pytest.param(HTML, FeedFlaw.NOT_A_CALENDAR, id="a page that asks to sign in"),
        pytest.param("\x00\xff garbage", FeedFlaw.NOT_A_CALENDAR, id="garbage"),
        pytest.param(PAGERDUTY[:-20], FeedFlaw.NOT_A_CALENDAR, id="a feed that was cut off"),
        pytest.param(
            calendar("BEGIN:VEVENT", "UID:1", "DTSTART:20261006T090000Z"),
            FeedFlaw.NOT_A_CALENDAR,
            id="an event without end",
        ),
        pytest.param(
            PAGERDUTY.replace("METHOD:PUBLISH", "METHOD:CANCEL"), FeedFlaw.CANCELLED, id="a feed that takes itself back"
        ),
        pytest.param(
            calendar(event(":tomorrow", ":20261006T170000Z")),
            FeedFlaw.UNREADABLE,
            id="only an event whose start is no time",
        ),
        pytest.param(
            calendar(event(":20261006T090000Z", ":20261006T170000Z", "RRULE:FREQ=NEVER")),
            FeedFlaw.UNREADABLE,
            id="only an event whose rule is none",
        ),
        pytest.param(
            calendar(event(":20261006T090000Z", ":20261006T090100Z", f"RRULE:FREQ=MINUTELY;COUNT={MOST_EVENTS + 1}")),
            FeedFlaw.TOO_MUCH,
            id="more events than any rota has",
        ),
    ],
)
def test_why_a_feed_is_not_one_to_go_by(text: str, flaw: FeedFlaw) -> None:
    assert said(text) == flaw


def test_a_calendar_without_events_is_one_that_says_nothing() -> None:
    assert said(calendar()) == FeedReading(())


def test_an_event_that_cannot_be_made_out_is_counted_and_takes_no_other_with_it() -> None:
    text = calendar(event(":whenever", ":20261006T170000Z"), event(":20261006T090000Z", ":20261006T170000Z", uid="two"))
    reading = said(text)
    assert isinstance(reading, FeedReading)
    assert (len(reading.events), reading.unreadable) == (1, 1)


def test_of_two_calendars_in_one_feed_only_the_one_that_stands_counts() -> None:
    away = PAGERDUTY.replace("METHOD:PUBLISH", "METHOD:CANCEL")
    assert times(away + calendar(event(":20261006T090000Z", ":20261006T170000Z"))) == ["10-06 09:00/10-06 17:00"]


def test_as_many_events_as_allowed_are_read() -> None:
    many = f"RRULE:FREQ=MINUTELY;COUNT={MOST_EVENTS}"
    reading = said(calendar(event(":20261006T090000Z", ":20261006T090100Z", many)))
    assert isinstance(reading, FeedReading)
    assert len(reading.events) == MOST_EVENTS
