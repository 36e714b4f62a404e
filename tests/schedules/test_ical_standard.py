"""What RFC 5545 defines is read exactly so; what it leaves undefined is unreadable, and never names somebody.

One small feed for each rule. The number in an id is the section of the standard.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.schedules.calendar import FeedFlaw, FeedReading
from escalator.schedules.ical import read_feed
from tests.examples import examples
from tests.schedules.feeds import GOOGLE, calendar, event, timed
from tests.schedules.feeds import MADRID as MADRID_DEFINED

MADRID = ZoneInfo("Europe/Madrid")
CHICAGO = ZoneInfo("America/Chicago")
OCTOBER, DECEMBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

EXOTIC = "\r\n".join(
    (
        "BEGIN:VTIMEZONE",
        "TZID:Exotic Time",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20261010T000000",
        "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0415",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20261020T000000",
        "TZOFFSETFROM:+0415",
        "TZOFFSETTO:+0300",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
)


OUTLOOK = "\r\n".join(
    (
        "BEGIN:VTIMEZONE",
        r"TZID:(UTC+01:00) Brussels\, Copenhagen\, Madrid\, Paris",
        "BEGIN:STANDARD",
        "DTSTART:16010101T030000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:16010101T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    )
)
BY_OUTLOOK = ';TZID="(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"'


def said(*lines: str, zone: ZoneInfo = CHICAGO) -> tuple[list[str], int]:
    """Return `summary start/end` of all events in UTC, and how many could not be read."""
    reading = read_feed(calendar(*lines).encode(), zone, OCTOBER, DECEMBER)
    if reading is FeedFlaw.UNREADABLE:
        return [], 1
    assert isinstance(reading, FeedReading)
    events = [f"{one.summary} {one.start:%m-%d %H:%M}/{one.end:%m-%d %H:%M}" for one in reading.events]
    return events, reading.unreadable


IN_MADRID = ";TZID=Europe/Madrid"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [event(f"{IN_MADRID}:20261024T220000", f"{IN_MADRID}:20261025T060000", "RRULE:FREQ=DAILY;COUNT=2")],
            ["ana 10-24 20:00/10-25 05:00", "ana 10-25 21:00/10-26 06:00"],
            id="3.8.5.3 instances of an event with an end last exactly as long as the first",
        ),
        pytest.param(
            [timed(f"{IN_MADRID}:20261024T220000", "DURATION:PT24H", "RRULE:FREQ=DAILY;COUNT=2")],
            ["ana 10-24 20:00/10-25 20:00", "ana 10-25 21:00/10-26 21:00"],
            id="3.3.6 hours of a duration are exact",
        ),
        pytest.param(
            [timed(f"{IN_MADRID}:20261024T220000", "DURATION:P1D", "RRULE:FREQ=DAILY;COUNT=2")],
            ["ana 10-24 20:00/10-25 21:00", "ana 10-25 21:00/10-26 21:00"],
            id="3.3.6 days of a duration are nominal",
        ),
        pytest.param(
            [timed(f"{IN_MADRID}:20261024T220000", "DURATION:P1DT2H30M")],
            ["ana 10-24 20:00/10-25 23:30"],
            id="3.3.6 first the days, then the exact time",
        ),
        pytest.param(
            [timed(";VALUE=DATE:20261006")], ["ana 10-06 05:00/10-07 05:00"], id="3.6.1 a date alone is a day"
        ),
        pytest.param([timed(":20261006T090000Z")], [], id="3.6.1 a time alone has no length"),
        pytest.param(
            [timed(";VALUE=DATE:20261031", "DURATION:P2D")],
            ["ana 10-31 05:00/11-02 06:00"],
            id="3.6.1 days of dates, one of them of 25 hours",
        ),
        pytest.param(
            [timed(f"{IN_MADRID}:20261025T023000", "DURATION:PT1H")],
            ["ana 10-25 00:30/10-25 01:30"],
            id="3.3.5 a time that comes twice is its first",
        ),
        pytest.param(
            [timed(";TZID=America/Chicago:20261101T013000", "DURATION:PT1H")],
            ["ana 11-01 06:30/11-01 07:30"],
            id="3.3.5 and so in America",
        ),
        pytest.param(
            [timed(";TZID=Australia/Lord_Howe:20261004T021500", "DURATION:PT1H")],
            ["ana 10-03 15:45/10-03 16:45"],
            id="3.3.5 a time that does not exist has the offset before the gap",
        ),
        pytest.param(
            [
                MADRID_DEFINED.replace("Europe/Madrid", "Somewhere"),
                event(";TZID=Somewhere:20261026T090000", ";TZID=Somewhere:20261026T100000"),
            ],
            ["ana 10-26 08:00/10-26 09:00"],
            id="3.6.5 a zone that the feed defines, under any name",
        ),
        pytest.param(
            [EXOTIC, event(";TZID=Exotic Time:20261009T120000", ";TZID=Exotic Time:20261011T120000")],
            ["ana 10-09 09:00/10-11 07:45"],
            id="3.6.5 whatever its offsets are",
        ),
        pytest.param(
            [EXOTIC, timed(";TZID=Exotic Time:20261010T003000", "DURATION:PT1H")],
            ["ana 10-09 21:30/10-09 22:30"],
            id="3.6.5 and in the gap of such a zone the offset before it holds",
        ),
        pytest.param(
            [EXOTIC, timed(";TZID=Exotic Time:20261019T230000", "DURATION:PT1H")],
            ["ana 10-19 18:45/10-19 19:45"],
            id="3.6.5 and of a time that comes twice the first",
        ),
        pytest.param(
            [
                EXOTIC.replace("Exotic Time", "America/Chicago"),
                timed(";TZID=America/Chicago:20261001T120000", "DURATION:PT1H"),
            ],
            ["ana 10-01 09:00/10-01 10:00"],
            id="3.2.19 what the feed defines goes before any table",
        ),
        pytest.param(
            [OUTLOOK, event(f"{BY_OUTLOOK}:20261025T000000", f"{BY_OUTLOOK}:20261026T000000")],
            ["ana 10-24 22:00/10-25 23:00"],
            id="Outlook's zones begin in 1601, and are named as Windows shows them",
        ),
        pytest.param(
            [timed(";TZID=Romance Standard Time:20261006T090000", "DURATION:PT1H")],
            ["ana 10-06 07:00/10-06 08:00"],
            id="a zone of Windows by CLDR's table",
        ),
        pytest.param(
            [timed(":20261030T090000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")],
            ["ana 10-30 09:00/10-30 10:00", "ana 11-30 09:00/11-30 10:00"],
            id="3.3.10 the last working day of the month",
        ),
        pytest.param(
            [timed(":20261001T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYWEEKNO=40,45")],
            ["ana 10-01 09:00/10-01 10:00", "ana 11-05 09:00/11-05 10:00"],
            id="3.3.10 a week without a weekday has that of its start",
        ),
        pytest.param(
            [
                timed(
                    ":19970105T083000Z",
                    "DURATION:PT1H",
                    "RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30",
                )
            ],
            [],
            id="3.3.10 the example of the standard, in no even year",
        ),
        pytest.param(
            [
                timed(
                    ":20261005T090000Z",
                    "DURATION:PT1H",
                    "RDATE:20261008T090000Z",
                    "RDATE;VALUE=PERIOD:20261009T100000Z/PT2H,20261010T100000Z/20261010T110000Z",
                )
            ],
            [
                "ana 10-05 09:00/10-05 10:00",
                "ana 10-08 09:00/10-08 10:00",
                "ana 10-09 10:00/10-09 12:00",
                "ana 10-10 10:00/10-10 11:00",
            ],
            id="3.8.5.2 further dates, and periods with a length of their own",
        ),
        pytest.param(
            [
                timed(
                    f"{IN_MADRID}:20261005T090000",
                    "DURATION:PT1H",
                    "RRULE:FREQ=DAILY;COUNT=3",
                    "EXDATE:20261006T070000Z",
                    f"EXDATE{IN_MADRID}:20261007T090000",
                )
            ],
            ["ana 10-05 07:00/10-05 08:00"],
            id="3.8.5.1 exceptions by instant, in whatever zone",
        ),
        pytest.param(
            [
                timed(":20261005T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4"),
                timed(
                    ":20261007T120000Z",
                    "DURATION:PT2H",
                    "RECURRENCE-ID;RANGE=THISANDFUTURE:20261007T090000Z",
                    summary="ben",
                ),
            ],
            [
                "ana 10-05 09:00/10-05 10:00",
                "ana 10-06 09:00/10-06 10:00",
                "ben 10-07 12:00/10-07 14:00",
                "ben 10-08 12:00/10-08 14:00",
            ],
            id="3.2.13 an exception for this and all later instances",
        ),
        pytest.param(
            [
                timed(":20261005T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4"),
                timed(
                    ":20261007T090000Z",
                    "DURATION:PT1H",
                    "RECURRENCE-ID;RANGE=THISANDFUTURE:20261007T090000Z",
                    "STATUS:CANCELLED",
                ),
            ],
            ["ana 10-05 09:00/10-05 10:00", "ana 10-06 09:00/10-06 10:00"],
            id="3.2.13 cancelled from here on",
        ),
        pytest.param(
            [timed(":20261006T090000Z", "DURATION:PT1H", "RECURRENCE-ID:20261006T090000Z")],
            ["ana 10-06 09:00/10-06 10:00"],
            id="3.8.4.4 one instance of a series that is not in the feed stands alone",
        ),
        pytest.param(
            [
                timed(":20261006T090000Z", "DURATION:PT1H", "SEQUENCE:1"),
                timed(":20261007T090000Z", "DURATION:PT1H", "SEQUENCE:2", summary="ben"),
            ],
            ["ben 10-07 09:00/10-07 10:00"],
            id="3.8.7.4 of two revisions the newer counts",
        ),
        pytest.param(
            [timed(":20261006T090000Z", "DURATION:PT1H")] * 2,
            ["ana 10-06 09:00/10-06 10:00"],
            id="the same event twice is one",
        ),
        pytest.param(
            [
                timed(
                    ":20261006T090000Z",
                    "DURATION:PT1H",
                    "BEGIN:VALARM",
                    "DURATION:PT5M",
                    "SUMMARY:eli",
                    "ATTENDEE:mailto:eli@example.com",
                    "END:VALARM",
                )
            ],
            ["ana 10-06 09:00/10-06 10:00"],
            id="3.6.6 what an alarm says is not said of the event",
        ),
        pytest.param(
            [
                timed(
                    ":20260104T090000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY;INTERVAL=5;BYDAY=SU;UNTIL=20261004T090000Z"
                )
            ],
            ["ana 10-04 02:00/10-04 03:00", "ana 10-04 07:00/10-04 08:00"],
            id="3.3.10 every five hours since January, on Sundays",
        ),
    ],
)
def test_what_the_standard_defines_is_read_so(lines, expected) -> None:
    assert said(*lines) == (expected, 0)


GOOD = timed(":20261010T090000Z", "DURATION:PT1H", summary="good", uid="good")


@pytest.mark.parametrize(
    ("lines", "unreadable"),
    [
        pytest.param(
            [
                event(":20261005T080000Z", ":20261006T080000Z"),
                event(":20261006T080000Z", ":20261007T080000Z", summary="dana"),
            ],
            2,
            id="two events of one UID",
        ),
        pytest.param(
            [
                timed(":20261005T090000Z", "DURATION:PT1H", "SEQUENCE:3"),
                timed(":20261005T090000Z", "DURATION:PT1H", "SEQUENCE:3", summary="dana"),
            ],
            2,
            id="two events of one UID and one revision",
        ),
        pytest.param(
            [timed(";TZID=Customized Time Zone:20261005T090000", "DURATION:PT8H")], 1, id="a zone that nothing defines"
        ),
        pytest.param(
            [timed(';TZID="(UTC+01:00) Brussels, Copenhagen, Madrid, Paris":20261005T090000', "DURATION:PT8H")],
            1,
            id="a zone by how Windows shows it",
        ),
        pytest.param([timed(";TZID=:20261005T090000", "DURATION:PT8H")], 1, id="a zone without a name"),
        pytest.param([timed(";TZID=localtime:20261005T090000", "DURATION:PT8H")], 1, id="the zone of this machine"),
        pytest.param(
            [timed(";TZID=Europe/Madrid:20261005T090000Z", "DURATION:PT8H")], 1, id="a zone for a time of UTC"
        ),
        pytest.param([event(f"{IN_MADRID}:20261005T090000", ":20261005T170000")], 1, id="an end of floating time"),
        pytest.param([event(":20261005T090000Z", ";VALUE=DATE:20261006")], 1, id="a time that ends on a date"),
        pytest.param([event(";VALUE=DATE:20261005", ":20261006T090000Z")], 1, id="a date that ends at a time"),
        pytest.param([event(":20261005T090000Z", ":20261005T080000Z")], 1, id="an end before the beginning"),
        pytest.param([event(";VALUE=DATE:20261005", ";VALUE=DATE:20261005")], 1, id="a whole day that ends on itself"),
        pytest.param([timed(";VALUE=DATE:20261005", "DURATION:P0D")], 1, id="a duration of no day"),
        pytest.param(
            [EXOTIC, EXOTIC.replace("+0415", "+0445"), timed(";TZID=Exotic Time:20261005T090000", "DURATION:PT8H")],
            1,
            id="two zones of one name",
        ),
        pytest.param([timed(":20261005T090000Z", "DURATION:-PT1H")], 1, id="a duration backwards"),
        pytest.param([timed(":20261005T090000Z", "DURATION:P")], 1, id="a duration of nothing"),
        pytest.param([timed(";VALUE=DATE:20261005", "DURATION:PT36H")], 1, id="hours of whole days"),
        pytest.param([event(":20261005T090000Z", ":20261005T100000Z", "DURATION:PT2H")], 1, id="an end and a duration"),
        pytest.param(
            [event(":20261005T090000Z", ":20261005T100000Z", "DTSTART:20261006T090000Z")], 1, id="two beginnings"
        ),
        pytest.param([event(":20261005T090000Z", ":20261005T100000Z", "SUMMARY:dana")], 1, id="two names"),
        pytest.param([event(":20261305T090000Z", ":20261005T100000Z")], 1, id="a month that there is not"),
        pytest.param(
            [timed(":20261005T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2")],
            1,
            id="two rules",
        ),
        pytest.param([timed(":20261005T090000Z", "DURATION:PT1H", "EXRULE:FREQ=DAILY")], 1, id="a rule of exceptions"),
        *(
            pytest.param([timed(":20261005T090000Z", "DURATION:PT1H", f"RRULE:{rule}")], 1, id=rule)
            for rule in (
                "FREQ=DAILY;COUNT=2;UNTIL=20261008T090000Z",
                "FREQ=DAILY;INTERVAL=0",
                "FREQ=DAILY;BYDAY=1MO",
                "FREQ=WEEKLY;BYMONTHDAY=5",
                "FREQ=DAILY;BYSETPOS=1",
                "FREQ=MONTHLY;BYDAY=MO,XX",
                "FREQ=DAILY;BYEASTER=0",
                "FREQ=DAILY;FREQ=WEEKLY",
                "RSCALE=CHINESE;FREQ=YEARLY",
                "FREQ=WEEKLY;BYDAY=TU",
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                "COUNT=2",
            )
        ),
        pytest.param(
            [timed(";VALUE=DATE:20261005", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261005T000000Z")],
            1,
            id="a time that excepts a date",
        ),
        pytest.param(
            [timed(":20261005T090000Z", "DURATION:PT1H", "RDATE;VALUE=DATE:20261007")], 1, id="a date among times"
        ),
        pytest.param(
            [
                timed(":20261005T090000Z", "DURATION:PT1H", "RECURRENCE-ID;RANGE=THISANDPRIOR:20261005T090000Z"),
                timed(":20261005T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"),
            ],
            2,
            id="an exception for all that was",
        ),
        pytest.param(
            ["X-WR-TIMEZONE:Mars/Olympus", timed(";VALUE=DATE:20261005")], 1, id="days of a zone that nothing defines"
        ),
        pytest.param([timed(":99991231T235959Z", "DURATION:PT1H")], 1, id="the end of time"),
    ],
)
def test_what_it_leaves_undefined_is_counted_and_names_nobody(lines, unreadable) -> None:
    assert said(*lines, GOOD) == (["good 10-10 09:00/10-10 10:00"], unreadable)


SERIES = timed(":20261005T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2")
BOTH = ["ana 10-05 09:00/10-05 10:00", "ana 10-06 09:00/10-06 10:00"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [SERIES, timed(":20261020T090000Z", "DURATION:PT1H", "RECURRENCE-ID:20261020T090000Z", summary="dana")],
            BOTH,
            id="an exception to no instance of the series",
        ),
        pytest.param(
            [SERIES, timed(":whenever", "DURATION:PT1H", "RECURRENCE-ID:20261006T090000Z", summary="dana")],
            BOTH[:1],
            id="a malformed exception takes its instance with it",
        ),
        pytest.param(
            [timed(f"{IN_MADRID}:20261005T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261006")],
            ["ana 10-05 07:00/10-05 08:00"],
            id="on the day that is the end of times, and on the next, it is undefined",
        ),
        pytest.param(
            [timed(f"{IN_MADRID}:20261005T090000", "DURATION:PT1H", "RRULE:FREQ=HOURLY;UNTIL=20261005T100000")],
            ["ana 10-05 07:00/10-05 08:00", "ana 10-05 08:00/10-05 09:00"],
            id="what lies between a local end and the same of UTC is undefined",
        ),
        pytest.param(
            [
                timed(
                    f"{IN_MADRID}:20261005T090000",
                    "DURATION:PT1H",
                    "RRULE:FREQ=DAILY;COUNT=3",
                    "EXDATE;VALUE=DATE:20261006",
                )
            ],
            ["ana 10-05 07:00/10-05 08:00", "ana 10-07 07:00/10-07 08:00"],
            id="a date that excepts a time takes its day only",
        ),
        pytest.param(
            [
                SERIES,
                timed(":20261006T120000Z", "DURATION:PT1H", "RECURRENCE-ID;VALUE=DATE:20261006", summary="dana"),
            ],
            BOTH[:1],
            id="an exception by date to a time takes its day only",
        ),
        pytest.param(
            [timed(";VALUE=DATE:20261005", "RRULE:FREQ=DAILY;UNTIL=20261007T020000Z")],
            ["ana 10-05 05:00/10-06 05:00", "ana 10-06 05:00/10-07 05:00"],
            id="a day that is the end by one reading only is undefined",
        ),
    ],
)
def test_only_what_is_undefined_of_a_series_is_lost(lines, expected) -> None:
    events, unreadable = said(*lines)
    assert (events, unreadable > 0) == (expected, True)


@pytest.mark.parametrize("zone", ["", ";TZID=W. Europe Standard Time", ";TZID=America/Chicago"])
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [timed(";VALUE=DATE:20261005", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE{zone}:20261006T000000")],
            ["ana 10-05 05:00/10-06 05:00", "ana 10-07 05:00/10-08 05:00"],
            id="EXDATE",
        ),
        pytest.param(
            [
                timed(";VALUE=DATE:20261005", "RRULE:FREQ=DAILY;COUNT=2"),
                timed(";VALUE=DATE:20261006", "RECURRENCE-ID{zone}:20261006T000000", summary="dana"),
            ],
            ["ana 10-05 05:00/10-06 05:00", "dana 10-06 05:00/10-07 05:00"],
            id="RECURRENCE-ID",
        ),
    ],
)
def test_outlook_excepts_a_whole_day_by_its_midnight(zone, lines, expected) -> None:
    assert said(*(line.replace("{zone}", zone) for line in lines)) == (expected, 0)


def test_a_line_that_is_folded_inside_a_character_is_whole() -> None:
    feed = calendar(timed(":20261006T090000Z", "DURATION:PT1H", summary="Zoë")).encode()
    middle = feed.index("ë".encode()) + 1
    folded = b"\xef\xbb\xbf" + feed[:middle] + b"\r\n " + feed[middle:]
    reading = read_feed(folded, CHICAGO, OCTOBER, DECEMBER)
    assert isinstance(reading, FeedReading)
    assert [one.summary for one in reading.events] == ["Zoë"]


def test_line_breaks_of_every_kind_are_read() -> None:
    feed = calendar(timed(":20261006T090000Z", "DURATION:PT1H"))
    whole = read_feed(feed.encode(), CHICAGO, OCTOBER, DECEMBER)
    assert whole == read_feed(feed.replace("\r\n", "\n").encode(), CHICAGO, OCTOBER, DECEMBER)
    assert isinstance(whole, FeedReading)
    assert len(whole.events) == 1


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"])
def test_a_line_of_the_feed_ends_at_a_line_break_of_the_standard_only(mark) -> None:
    text = f"DESCRIPTION:call me{mark}Begin: at nine{mark}End: at five{mark}DTSTART:20261007T090000Z"
    assert said(timed(":20261005T090000Z", "DURATION:PT1H", text)) == (["ana 10-05 09:00/10-05 10:00"], 0)


def test_a_zone_that_is_defined_twice_alike_is_one() -> None:
    lines = [EXOTIC, EXOTIC, timed(";TZID=Exotic Time:20261005T090000", "DURATION:PT1H")]
    assert said(*lines) == (["ana 10-05 06:00/10-05 07:00"], 0)


@pytest.mark.parametrize("parameters", ["PARTSTAT=DECLINED", "PARTSTAT=DELEGATED", "ROLE=NON-PARTICIPANT"])
def test_who_does_not_attend_is_not_on_call(parameters) -> None:
    lines = (f"ATTENDEE;{parameters}:mailto:ana@example.com", "ATTENDEE;EMAIL=ben@example.com:urn:uuid:1")
    reading = read_feed(
        calendar(timed(":20261006T090000Z", "DURATION:PT1H", *lines)).encode(), CHICAGO, OCTOBER, DECEMBER
    )
    assert isinstance(reading, FeedReading)
    assert [one.attendees for one in reading.events] == [("ben@example.com",)]


@st.composite
def weekly(draw: st.DrawFn):
    """A weekly or daily rule in a zone whose clock changes in the window."""
    zone = draw(st.sampled_from(["Europe/Madrid", "America/Chicago", "Australia/Lord_Howe", "UTC"]))
    start = datetime.combine(
        date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 1000))), time(draw(st.integers(0, 23)), 15)
    )
    return zone, start, draw(st.sampled_from(["DAILY", "WEEKLY"])), draw(st.integers(1, 5)), draw(st.integers(1, 300))


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(weekly(), st.sampled_from([None, "COUNT", "UNTIL"]))
def test_a_rule_is_what_counting_by_hand_makes_of_it(drawn, ending) -> None:
    name, start, frequency, interval, number = drawn
    zone = ZoneInfo(name)
    step = timedelta(days=interval * (7 if frequency == "WEEKLY" else 1))
    until = (start + number * step).replace(tzinfo=zone).astimezone(UTC)
    end = {None: "", "COUNT": f";COUNT={number}", "UNTIL": f";UNTIL={until:%Y%m%dT%H%M%SZ}"}[ending]
    rule = f"RRULE:FREQ={frequency};INTERVAL={interval}{end}"
    feed = calendar(timed(f";TZID={name}:{start:%Y%m%dT%H%M%S}", "DURATION:PT1H", rule))
    reading = read_feed(feed.encode(), CHICAGO, OCTOBER, DECEMBER)
    assert isinstance(reading, FeedReading)
    total = {None: 2000, "COUNT": number, "UNTIL": number + 1}[ending]
    instants = [(start + place * step).replace(tzinfo=zone).astimezone(UTC) for place in range(total)]
    wanted = [at for at in instants if at < DECEMBER and at + timedelta(hours=1) > OCTOBER]
    assert [one.start for one in reading.events] == wanted


@settings(max_examples=examples(300), derandomize=True, database=None, deadline=None)
@given(st.data())
def test_whatever_is_written_is_read_or_refused(data) -> None:
    lines = [line.encode() for line in GOOGLE.splitlines()]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        cut = data.draw(st.integers(0, len(line)))
        odd = data.draw(st.sampled_from([b"", b"-1", b"99", b"\xff", b";", b"=", b'"', b",", b":", b"P1D", b"\r\n "]))
        lines[place] = line[:cut] + odd + line[cut + data.draw(st.integers(0, 3)) :]
    assert isinstance(read_feed(b"\r\n".join(lines), MADRID, OCTOBER, DECEMBER), FeedReading | FeedFlaw)
