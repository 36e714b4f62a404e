"""`escalator coverage`."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import EXAMPLE, ROOT
from tests.plots.heatmap_policy import POLICY, parsed

GOLDEN = Path(__file__).parent / "golden"
FROM = ("--from", "2026-03-02")
HOLE = POLICY
CLOSED = POLICY.replace("path: asks-ana", "path: loud").replace("path: office", "path: loud")
SINGLE = CLOSED.replace("path: slow", "path: asks-ana").replace(", hours: day}", "}")


@pytest.fixture
def policy(folder):
    def write(text: str) -> Path:
        path = folder / "escalation.yml"
        path.write_text(text)
        return path

    return write


def test_the_table_reads_like_this(cli):
    result = cli("coverage", GOLDEN / "coverage.yml", "--from", "2026-05-25", "--weeks", 1)
    assert result.stdout == (GOLDEN / "coverage.txt").read_text()
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("text", "options", "exit_code"),
    [
        pytest.param(HOLE, [], 1, id="a hole"),
        pytest.param(CLOSED, [], 0, id="none"),
        pytest.param(CLOSED, ["--strict"], 0, id="none, and nobody is alone"),
        pytest.param(CLOSED, ["--within", "9m"], 1, id="none within half an hour, one within nine minutes"),
        pytest.param(SINGLE, [], 0, id="one person alone"),
        pytest.param(SINGLE, ["--strict"], 1, id="one person alone, where that counts"),
    ],
)
def test_the_exit_code_is_for_ci(cli, policy, text, options, exit_code):
    assert cli("coverage", policy(text), *FROM, "--weeks", 1, *options).exit_code == exit_code


def test_a_hole_below_high_is_a_note_and_no_fault(cli, policy):
    text = CLOSED.replace("default: loud", "default: office").replace("routes:", "routes:\n  " + GRAVE)
    result = cli("coverage", policy(text), *FROM)
    assert result.exit_code == 0
    assert "Note: below high, and nobody notified within 30 min:" in result.stdout


GRAVE = "- {name: Grave, when: {min_severity: high}, path: loud}"


def test_json_has_everything_with_its_instants(cli, policy):
    result = cli("coverage", policy(POLICY), *FROM, "--weeks", 1, "--json")
    said = json.loads(result.stdout)
    assert (said["from"], said["to"], said["within_s"]) == ("2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z", 1800)
    row = next(one for one in said["rows"] if one["category"] == "one")
    assert (row["severity"], row["if"], row["silent"]) == ("critical", None, False)
    assert row["covered"] == pytest.approx(12.5 / 24)
    assert said["timelines"][row["timeline"]][2] == {
        "from": "2026-03-02T08:00:00Z",
        "to": "2026-03-02T20:00:00Z",
        "first": {"person": "ana", "destination": None, "kind": "slack", "target": "person:ana"},
        "longest_s": 0,
        "told_at": None,
        "responders": [{"person": "ana", "destination": None, "kind": "slack", "target": "person:ana"}],
        "reached": [{"person": "ana", "destination": None, "kind": "slack", "target": "person:ana"}],
    }
    hole = next(one for one in said["holes"] if one["category"] == "one")
    assert (hole["from"], hole["to"], hole["longest_s"]) == ("2026-03-02T00:00:00Z", "2026-03-02T07:30:00Z", None)
    assert {one["person"] for one in said["single_points"]} == {"ana"}


def test_a_heat_map_is_written_beside_the_table(cli, policy, folder):
    result = cli("coverage", policy(CLOSED), *FROM, "--svg", "week.svg")
    assert result.exit_code == 0
    assert parsed((folder / "week.svg").read_text()).tag.endswith("svg")


def test_four_weeks_end_at_the_same_local_time(cli, policy):
    text = "timezone: Europe/Madrid\n" + POLICY
    said = json.loads(cli("coverage", policy(text), "--from", "2026-03-16", "--json").stdout)
    assert (said["from"], said["to"]) == ("2026-03-15T23:00:00Z", "2026-04-12T22:00:00Z")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--from", "soon"], "--from: 'soon' is not a valid time", id="no date"),
        pytest.param(["--within", "soon"], "--within: 'soon' is not a valid duration", id="no duration"),
        pytest.param(["--weeks", "0"], "--weeks", id="no week"),
        pytest.param(["--svg", "nowhere/week.svg"], "--svg: nowhere/week.svg", id="no folder"),
    ],
)
def test_what_is_misused_exits_2_and_says_how(cli, policy, options, said):
    result = cli("coverage", policy(POLICY), *FROM, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_no_file_is_misuse_and_a_bad_one_a_problem(cli):
    assert cli("coverage", "nowhere.yml").exit_code == 2
    bad = ROOT / "tests" / "policy" / "bad" / "unknown-path-in-a-route.yml"
    result = cli("coverage", bad)
    assert (result.exit_code, f"{bad}:" in result.stderr) == (1, True)


def test_the_example_has_no_hole_in_what_is_grave(cli, monkeypatch):
    monkeypatch.setenv("SENIORS_ICAL_URL", "https://calendar.example.com/seniors.ics")
    result = cli("coverage", EXAMPLE, *FROM)
    assert result.exit_code == 0
    assert "No gaps: every high or critical alert" in result.stdout
    assert result.stderr.startswith("seniors-on-call: no calendar is known (the database does not exist)")
