"""Reading a feed in a process of its own: it ends whatever the feed asks for, and costs the others nothing."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from escalator.rota.calendar import Flaw
from escalator.rota.ical import read
from escalator.services.calendars.apart import read_apart
from tests.rota.feeds import GOOGLE, calendar, event

ROOT = Path(__file__).parents[2]
MADRID = ZoneInfo("Europe/Madrid")
START = datetime(2026, 10, 1, tzinfo=UTC)
END = START + timedelta(days=60)


def test_it_says_what_reading_says(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert read_apart(GOOGLE.encode(), MADRID, START, END) == read(GOOGLE, MADRID, START, END)


def test_bytes_that_are_no_text_are_read_as_far_as_they_go():
    feed = calendar(event(":20261006T090000Z", ":20261006T170000Z", summary="Zoë")).encode("latin-1")
    assert [one.summary for one in read_apart(feed, MADRID, START, END).events] == ["Zo\ufffd"]


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("FREQ=SECONDLY", id="every second since 1970"),
        pytest.param("FREQ=MONTHLY;INTERVAL=0;BYMONTHDAY=1;BYDAY=MO", id="a step of nothing"),
        pytest.param("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", id="a day that never comes"),
    ],
)
def test_a_rule_without_end_ends(rule):
    feed = calendar(event(":19700101T000000Z", ":19700101T000001Z", f"RRULE:{rule}"))
    assert read_apart(feed.encode(), MADRID, START, END, longest_s=1) == Flaw.TOO_MUCH


@pytest.mark.parametrize("entry", ["web.app", "workers.app"])
def test_no_process_that_lives_on_holds_the_libraries_of_calendars(entry, tmp_path):
    code = f"import sys, {entry}; print(sorted({{'icalendar', 'recurring_ical_events'}} & set(sys.modules)))"
    environment = {"PYTHONPATH": str(ROOT), "ESCALATOR_VAR": str(tmp_path), "SECRET_KEY": "of-the-tests"}
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path}/none.db"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
