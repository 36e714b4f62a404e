"""`escalator oncall`."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from escalator.model.schedule import Booking, ManualOverride
from escalator.store import calendars, overrides
from escalator.store.tables import calendars as table
from tests.commands.conftest import EXAMPLE

ROTA = """\
version: 1
timezone: Europe/Madrid
sources:
  app: {api_key: key, api_secret: secret}
people:
  ana: {name: Ana Ruiz, slack: U0ANA, timezone: Europe/Madrid}
  ben: {name: Ben Okafor, slack: U0BEN, timezone: Europe/London}
  eli: {name: Eli Stone, slack: U0ELI, role: admin}
teams:
  mods: {members: [ana, ben], schedule: rota, lead: eli}
  all:  {members: [ana, eli]}
hours:
  office: {weekdays: [mon, tue, wed, thu, fri], from: 09:00, to: 18:00}
schedules:
  rota:
    layers:
      - {rotate: weekly, handover: mon 09:00, start: 2026-01-05, people: [ana, ben], hours: office}
destinations:
  alerts: {slack: "#alerts", urgent: true}
routes:
  - {name: All, when: {category: "*"}, assign: mods, path: urgent}
default: urgent
paths:
  urgent:
    - {notify: [alerts]}
"""
CALENDAR = "https://calendar.example/seniors.ics"
FRIDAY, SATURDAY = "2026-01-09T10:00", "2026-01-10T10:00"


@pytest.fixture
def oncall(cli, folder):
    (folder / "escalation.yml").write_text(ROTA)

    def run(*arguments):
        return cli("oncall", *arguments)

    return run


def test_a_table_says_who_it_is_until_when_and_who_is_next(oncall):
    result = oncall("--at", FRIDAY)
    assert result.exit_code == 0
    assert [line.split("  ") for line in result.stdout.splitlines() if "  " in line] != []
    said = " ".join(result.stdout.split())
    assert "On call at Fri 2026-01-09 10:00 (Europe/Madrid)" in said
    later = "Ana Ruiz Fri 2026-01-09 18:00 Ben Okafor from Mon 2026-01-12 09:00 (Mon 08:00 in Europe/London)"
    assert f"mods {later}" in said
    assert f"schedule:rota {later}" in said
    assert "all everybody: Ana Ruiz, Eli Stone" in said


def test_where_nobody_is_on_call_the_lead_is_named_and_the_exit_code_says_so(oncall):
    result = oncall("mods", "--at", SATURDAY)
    assert result.exit_code == 1
    assert "nobody; lead: Eli Stone" in result.stdout


def test_the_json_has_keys_and_instants(oncall):
    said = json.loads(oncall("team:mods", "--at", FRIDAY, "--json").stdout)
    assert said == {
        "at": "2026-01-09T09:00:00Z",
        "oncall": [
            {
                "kind": "team",
                "key": "mods",
                "schedule": "rota",
                "attended": True,
                "now": ["ana"],
                "until": "2026-01-09T17:00:00Z",
                "next": ["ben"],
                "next_from": "2026-01-12T08:00:00Z",
                "lead": "eli",
            }
        ],
    }


@pytest.mark.parametrize("name", ["rota", "schedule:rota"])
def test_a_schedule_may_be_asked_for(oncall, name):
    (said,) = json.loads(oncall(name, "--at", FRIDAY, "--json").stdout)["oncall"]
    assert (said["kind"], said["key"], said["now"]) == ("schedule", "rota", ["ana"])


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        pytest.param(["nobody-knows"], "known: mods, all, rota", id="an unknown name"),
        pytest.param(["--at", "soon"], "write it as", id="no time"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_would_be_right(oncall, arguments, right):
    result = oncall(*arguments)
    assert result.exit_code == 2
    assert right in result.stderr


def test_a_time_that_the_clock_leaves_out_is_the_instant_of_its_leap(oncall):
    assert json.loads(oncall("--at", "2026-03-29T02:30", "--json").stdout)["at"] == "2026-03-29T01:00:00Z"


def test_without_a_database_the_schedules_own_people_count_and_that_is_said(cli, folder, monkeypatch):
    monkeypatch.setenv("SENIORS_ICAL_URL", CALENDAR)
    result = cli("oncall", "seniors-on-call", "--policy", EXAMPLE, "--at", FRIDAY)
    assert "Dana Fox" in result.stdout
    assert "seniors-on-call: no calendar is known (the database does not exist)" in result.stderr


def test_calendars_come_from_the_database(cli, core, monkeypatch):
    monkeypatch.setenv("SENIORS_ICAL_URL", CALENDAR)
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        now = core.clock.now()
        booking = Booking(now.replace(year=2026, month=1, day=9), now.replace(year=2027), ("eli",))
        row = {"address_digest": "", "tried_at": now, "policy_version_id": running.version}
        connection.execute(
            table.insert(), row | {"schedule": "seniors-on-call", "bookings": calendars.bookings_to_json([booking])}
        )
    result = cli("oncall", "seniors-on-call", "--policy", EXAMPLE, "--at", "2026-06-01T10:00")
    assert "Eli Stone" in result.stdout
    assert result.stderr == ""


def test_who_stands_in_by_a_click_is_on_call(oncall, core, folder):
    friday = datetime(2026, 1, 9, 9, tzinfo=UTC)
    one = ManualOverride(UUID(int=1), "rota", "ben", friday, friday + timedelta(hours=2), "eli")
    with core.database.writing() as connection:
        overrides.insert(connection, one, "dashboard", friday)
    named = ("rota", "--policy", folder / "escalation.yml", "--json", "--at")
    (before,) = json.loads(oncall(*named, "2026-01-09T09:59").stdout)["oncall"]
    (during,) = json.loads(oncall(*named, FRIDAY).stdout)["oncall"]
    assert (before["now"], before["until"], before["next"]) == (["ana"], "2026-01-09T09:00:00Z", ["ben"])
    assert (during["now"], during["until"], during["next"]) == (["ben"], "2026-01-09T11:00:00Z", ["ana"])
