"""What the doctor says of the calendars of schedules."""

import json

import pytest

from escalator.bootstrap import build
from escalator.services.oncall.calendar_refresh import refresh_calendars
from escalator.settings import from_environment
from tests.doubles.calendar import SECRET, CalendarDouble
from tests.policy.files import minimal
from tests.schedules.feeds import HTML, calendar, event

POLICY = minimal(more='schedules:\n  rota: {ical: "${ROTA_URL:-}", people: [eli]}\n  plain: {people: [ana]}\n')
ALWAYS = calendar(event(":20200101T000000Z", ":20200102T000000Z", "RRULE:FREQ=DAILY"))


@pytest.fixture
def server():
    with CalendarDouble(ALWAYS) as double:
        yield double


@pytest.fixture
def core(folder, sqlite_url, server, monkeypatch):
    file = folder / "escalation.yml"
    file.write_text(POLICY)
    for name, value in {"DATABASE_URL": sqlite_url, "SECRET_KEY": "of the tests", "ROTA_URL": server.url}.items():
        monkeypatch.setenv(name, value)
    made = build(from_environment())
    made.policies.offer(made.database)
    return made


@pytest.fixture
def doctor(core, cli):
    def run():
        out = cli("doctor", "--json").stdout
        assert SECRET not in out
        return [(one["status"], one["found"]) for one in json.loads(out) if one["what"].startswith("calendar of")]

    return run


def test_a_calendar_that_is_read_says_who_is_on_call(core, doctor):
    refresh_calendars(core)
    [(status, said)] = doctor()
    assert (status, said.startswith("read 0 min ago, 9"), said.endswith("; on call now: ana")) == ("ok", True, True)


def test_a_calendar_that_nobody_has_asked_for_yet_is_a_warning(doctor):
    assert doctor() == [("warn", "has not been read yet; on call now: eli")]


def test_a_calendar_that_fails_is_a_warning(core, doctor, server):
    server.feed = HTML
    refresh_calendars(core)
    expected = "started failing 0 min ago (not_a_calendar), read never, 0 future shifts; on call now: eli"
    assert doctor() == [("warn", expected)]


def test_a_calendar_without_an_address_is_a_warning(core, doctor, monkeypatch):
    monkeypatch.setenv("ROTA_URL", "")
    assert doctor() == [("warn", "has no address; on call now: eli")]
