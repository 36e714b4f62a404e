"""`escalator explain`."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from escalator.model.schedule import Booking
from escalator.store import policies
from escalator.store.calendars import bookings_to_json
from escalator.store.tables import calendars
from tests.commands.conftest import EVENTS, EXAMPLE, ROOT

SELF_HARM = EVENTS / "review_queue_item.new__text_self_harm_critical.json"
KEYS = {
    *("category", "severity", "severity_reason", "content", "route", "default", "assign", "acknowledgements"),
    *("plan", "feeds"),
}
MONDAY = "2026-01-05T10:00"


@pytest.fixture
def explain(cli):
    def run(*arguments, stdin=None):
        return cli("explain", *arguments, "--policy", EXAMPLE, stdin=stdin)

    return run


def test_the_plan_says_when_each_step_tells_whom(explain):
    said = json.loads(explain(SELF_HARM, "--at", MONDAY, "--json").stdout)
    assert set(said) == KEYS
    assert (said["category"], said["severity"], said["content"]) == ("self_harm", "critical", "hide")
    assert (said["route"], said["default"], said["acknowledgements"]) == ("Urgent harms, office hours", False, 1)
    sends = [(one["offset_s"], one["step"], one["repeat"]) for one in said["plan"]]
    assert sends == [(0, 1, 0), (300, 2, 0), (900, 3, 0), (1500, 3, 1), (2100, 3, 2), (2700, 3, 3)]
    assert said["plan"][0]["at"] == "2026-01-05T15:00:00Z"
    assert {"target": "critical-alerts", "kind": "slack", "person": None} in said["plan"][0]["notify"]
    assert {"target": "team", "kind": "slack", "person": "chen"} in said["plan"][0]["notify"]
    assert {"target": "ts-pager", "kind": "pagerduty", "person": None} in said["plan"][1]["notify"]
    assert said["feeds"] == ["bi-feed"]


def test_what_no_route_takes_goes_the_default_path(explain):
    said = json.loads(explain("-", "--json", stdin='{"type": "user.flagged", "user": {"id": "u"}}').stdout)
    assert (said["route"], said["default"]) == (None, True)
    assert [one["step"] for one in said["plan"]] == [1]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param("moderation_check.completed__keep.json", "is not handled", id="of no interest"),
        pytest.param("appeal.created.json", "does not open an incident", id="only recorded"),
    ],
)
def test_what_opens_nothing_has_the_same_keys_and_says_why(explain, event, reason):
    result = explain(EVENTS / event, "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 0
    assert set(said) == KEYS
    assert {value for key, value in said.items() if key not in {"plan", "feeds"}} == {None}
    assert (said["plan"], said["feeds"]) == ([], [])
    assert reason in result.stderr


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param("review_queue_item.new__user_report.json", "only logged", id="a path without steps"),
        pytest.param(
            "review_queue_item.updated__mark_reviewed.json", "a review of an item without an incident", id="a review"
        ),
    ],
)
def test_what_opens_silently_says_why_nobody_is_told(explain, event, reason):
    result = explain(EVENTS / event, "--json")
    assert json.loads(result.stdout)["plan"] == []
    assert reason in result.stderr


def test_people_read_a_table_of_who_when_and_through_what(explain):
    lines = explain(SELF_HARM, "--at", MONDAY).stdout.splitlines()
    assert lines[0] == "CRITICAL · Self-harm"
    rows = [" ".join(line.split()) for line in lines]
    assert "at once Mon 10:00:00 1 critical-alerts Slack #critical-alerts" in rows
    assert "Chen Wei (team) Slack, direct message" in rows
    assert "ts-pager PagerDuty" in rows
    assert "Dana Fox (schedule:seniors-on-call, on call) Slack, direct message" in rows
    assert "Not acknowledged: restarts from step 1 +1 h 15 min (Mon 11:15:00 America/New_York)" in rows
    assert "Copies to: bi-feed" in rows


@pytest.mark.parametrize("at", ["2026-01-05T10:00", "2026-01-05T15:00:00Z", "2026-01-05T16:00+01:00"])
def test_a_time_without_a_zone_is_in_the_policys(explain, at):
    assert json.loads(explain(SELF_HARM, "--at", at, "--json").stdout)["plan"][0]["at"] == "2026-01-05T15:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "stdin", "exit_code", "said"),
    [
        pytest.param(["-"], "no JSON", 1, "is not a Stream event", id="no JSON"),
        pytest.param(["-"], '{"no": "type"}', 1, "type: Missing data", id="no type"),
        pytest.param(["nowhere.json"], None, 2, "nowhere.json", id="no file"),
        pytest.param([SELF_HARM, "--source", "chat"], None, 2, "chat-prod, chat-staging", id="no such source"),
        pytest.param([SELF_HARM, "--at", "noon"], None, 2, "2026-01-05T18:00", id="no time"),
    ],
)
def test_what_cannot_be_explained_is_one_clear_line(explain, arguments, stdin, exit_code, said):
    result = explain(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_bad_policy_is_told_with_its_lines(cli):
    policy = ROOT / "tests" / "policy" / "bad" / "unknown-path-in-a-route.yml"
    result = cli("explain", SELF_HARM, "--policy", policy)
    assert result.exit_code == 1
    assert f"{policy}:" in result.stderr


def test_the_source_decides_which_routes_hold(cli, folder):
    policy = EXAMPLE.read_text().replace("category: csam}, assign", "source: chat-staging}, assign")
    (folder / "escalation.yml").write_text(policy.replace("acknowledgements: 2", "acknowledgements: 1"))
    routes = [json.loads(cli("explain", SELF_HARM, "--json", *more).stdout)["route"] for more in ([], STAGING)]
    assert routes[0] != routes[1] == "Child safety"


STAGING = ["--source", "chat-staging"]


SILENCED = (
    "  - {category: self_harm, from: 2026-01-05T09:00, to: 2026-01-05T12:00, by: dana, reason: Test, critical: true}"
)


def test_a_silenced_send_is_shown_with_nobody_to_notify(cli, folder):
    policy = folder / "silenced.yml"
    policy.write_text(f"{EXAMPLE.read_text()}\nsilences:\n{SILENCED}\n")
    plan = json.loads(cli("explain", SELF_HARM, "--policy", policy, "--at", MONDAY, "--json").stdout)["plan"]
    assert [(one["offset_s"], one["step"], bool(one["notify"])) for one in plan[:2]] == [(0, 1, False), (300, 2, True)]
    table = cli("explain", SELF_HARM, "--policy", policy, "--at", MONDAY).stdout
    rows = [" ".join(line.split()) for line in table.splitlines()]
    assert "at once Mon 10:00:00 1 nobody silenced until Mon 12:00:00" in rows


PEOPLE_AND_TIME = """\
timezone: UTC
sources: {app: {api_key: key, api_secret: secret}}
people:
  ana: {name: Ana Ruiz, slack: U0ANA, stream: ana}
  ben: {name: Ben Okafor, slack: U0BEN, stream: ben}
  dana: {name: Dana Fox, slack: U0DANA, stream: dana, role: admin}
hours:
  office: {weekdays: [mon, tue, wed, thu, fri], from: 09:00, to: 18:00}
schedules:
  desk: {layers: [{rotate: daily, handover: 09:00, start: 2026-01-05, hours: office, people: [ana]}]}
  later: {ical: "${CALENDAR:-}", people: [ben]}
teams:
  mods: {members: [ana, ben], lead: ben, schedule: desk}
destinations:
  pager: {pagerduty: key}
categories:
  self_harm: {title: Self-harm, labels: [SELF_HARM], at_least: critical, restricted_to: [mods]}
default: rungs
routes:
  - {name: All, when: {category: self_harm}, assign: mods, path: rungs}
paths:
  rungs:
    - {notify: [team, "person:dana"]}
    - {after: 5m, during: office, notify: [pager, "schedule:later"]}
"""
SATURDAY = "2026-01-10T10:00"


@pytest.fixture
def told(cli, folder):
    """What is explained of a goodbye note by a policy with people and time, row by row without the columns."""
    (folder / "escalation.yml").write_text(PEOPLE_AND_TIME)

    def run(at: str) -> list[str]:
        return [" ".join(line.split()) for line in cli("explain", SELF_HARM, "--at", at).stdout.splitlines()]

    return run


@pytest.mark.parametrize(
    ("at", "row"),
    [
        pytest.param(MONDAY, "at once Mon 10:00:00 1 Ana Ruiz (team, on call) Slack, direct message", id="on call"),
        pytest.param(
            SATURDAY,
            "at once Sat 10:00:00 1 Ben Okafor (team: nobody on call, so the lead) Slack, direct message",
            id="nobody is on call, and the lead stands in",
        ),
        pytest.param(SATURDAY, "· team: nobody is on call, so the next step is due at once", id="nobody is on call"),
        pytest.param(SATURDAY, "· Dana Fox is not notified: the category is restricted", id="not theirs to know"),
        pytest.param(SATURDAY, "+1 d 23 h Mon 09:00:00 2 pager PagerDuty", id="until when a step waits"),
        pytest.param(SATURDAY, "· waited for hours: during office", id="what a step waits for"),
    ],
)
def test_the_table_says_who_is_on_call_what_is_waited_for_and_who_may_not_know(told, at, row):
    assert row in told(at)


def test_a_step_that_waited_for_nothing_does_not_say_so(told):
    assert not any("waited" in row for row in told(MONDAY))


def test_calendars_come_from_the_database_and_are_missed_aloud(cli, folder, core, monkeypatch):
    monkeypatch.setenv("CALENDAR", "https://calendar.example.com/later.ics")
    (folder / "escalation.yml").write_text(PEOPLE_AND_TIME)
    command = ("explain", SELF_HARM, "--policy", "escalation.yml", "--at", MONDAY)
    unread = cli(*command)
    assert "later: no calendar is known (it has not been read yet)" in unread.stderr
    assert "Ben Okafor (schedule:later, on call)" in unread.stdout
    start = datetime(2026, 1, 5, tzinfo=UTC)
    booked = bookings_to_json([Booking(start, start + timedelta(days=1), ("ana",))])
    with core.database.writing() as connection:
        version = policies.active_id(connection)
        read = {"address_digest": "", "tried_at": start, "fetched_at": start, "policy_version_id": version}
        connection.execute(calendars.insert().values(schedule="later", bookings=booked, **read))
    known = cli(*command)
    assert known.stderr == ""
    assert "Ana Ruiz (schedule:later, on call)" in known.stdout


def test_without_a_database_nothing_is_made_to_look_for_calendars(cli, folder, monkeypatch):
    monkeypatch.setenv("CALENDAR", "https://calendar.example.com/later.ics")
    (folder / "escalation.yml").write_text(PEOPLE_AND_TIME)
    result = cli("explain", SELF_HARM, "--at", MONDAY)
    assert "later: no calendar is known (the database does not exist)" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["escalation.yml"]


def test_a_file_that_is_not_there_is_named_with_what_would_be_right(cli):
    result = cli("explain", "nowhere.json", "--policy", EXAMPLE)
    assert result.exit_code == 2
    assert "nowhere.json: No such file or directory; name a file with the JSON body of a webhook" in result.output
