"""Reading a feed in a process of its own: it ends whatever the feed asks for, and costs the others nothing."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from escalator.schedules.calendar import FeedFlaw
from escalator.schedules.ical import MOST_EVENTS, read_feed
from escalator.services.oncall.calendar_fetch import MOST_BYTES
from escalator.services.oncall.calendar_subprocess import LONGEST_S, read_in_subprocess
from tests.schedules.feeds import GOOGLE, calendar, event, timed

ROOT = Path(__file__).parents[2]
MADRID = ZoneInfo("Europe/Madrid")
START = datetime(2026, 10, 1, tzinfo=UTC)
END = START + timedelta(days=60)


def test_it_says_what_reading_says(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert read_in_subprocess(GOOGLE.encode(), MADRID, START, END) == read_feed(GOOGLE.encode(), MADRID, START, END)


def test_bytes_that_are_no_text_are_read_as_far_as_they_go():
    feed = calendar(event(":20261006T090000Z", ":20261006T170000Z", summary="Zoë")).encode("latin-1")
    assert [one.summary for one in read_in_subprocess(feed, MADRID, START, END).events] == ["Zo\ufffd"]


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("FREQ=SECONDLY", id="every second since 1970"),
        pytest.param("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", id="a day that never comes"),
    ],
)
def test_a_rule_without_end_ends(rule):
    feed = calendar(event(":19700101T000000Z", ":19700101T000001Z", f"RRULE:{rule}"))
    assert read_in_subprocess(feed.encode(), MADRID, START, END, longest_s=1) == FeedFlaw.TOO_MUCH


def test_the_largest_calendar_that_is_fetched_takes_less_than_half_of_what_it_may():
    text = "DESCRIPTION:" + "x" * 830
    weekly = "RRULE:FREQ=WEEKLY;UNTIL=20260101T000000Z"
    every = [
        timed(f";TZID=Europe/Madrid:2015{1 + number % 12:02}{1 + number % 28:02}T090000", "DURATION:PT8H", weekly, text)
        if number % 2
        else timed(f";TZID=Europe/Madrid:2026100{1 + number % 9}T090000", "DURATION:PT8H", text)
        for number in range(MOST_EVENTS)
    ]
    feed = calendar(*(one.replace("UID:one", f"UID:{number}") for number, one in enumerate(every))).encode()
    assert MOST_BYTES * 0.9 < len(feed) <= MOST_BYTES
    reading = read_in_subprocess(feed, MADRID, START, END, longest_s=LONGEST_S // 2)
    assert (len(reading.events), reading.unreadable) == (MOST_EVENTS // 2, 0)


@pytest.mark.parametrize("entry", ["web.app", "workers.app"])
def test_no_process_that_lives_on_holds_the_libraries_of_calendars(entry, tmp_path):
    code = f"import sys, {entry}; print(sorted({{'icalendar', 'dateutil.rrule'}} & set(sys.modules)))"
    environment = {"PYTHONPATH": str(ROOT), "ESCALATOR_VAR": str(tmp_path), "SECRET_KEY": "of-the-tests"}
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path}/none.db"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
