"""`escalator drill`."""

import pytest

from escalator.bootstrap import build
from escalator.commands.policy_file import DEMO
from escalator.services.drills.run import run_due_drills
from escalator.services.intake.process import process_events
from escalator.settings import from_environment
from tests.fakes import FakeClock

DRILL = "{name: Fire drill, route: Urgent harms, at: tue 10:00}"


@pytest.fixture
def drilled(core, folder, monkeypatch):
    """The installation, on the demo's policy with a drill in it."""
    file = folder / "escalation.yml"
    file.write_text(f"{DEMO.read_text()}\ndrills: [{DRILL}]\n")
    monkeypatch.setenv("ESCALATOR_POLICY", str(file))
    made = build(from_environment())
    made.policies.offer(made.database)
    return made


def later(**span):
    """The same installation, some time later."""
    clock = FakeClock(build(from_environment()).clock.now())
    clock.move(**span)
    return build(from_environment(), clock=clock)


def test_a_policy_without_drills_says_so(cli, core):
    result = cli("drill")
    assert (result.exit_code, result.stdout) == (0, "The policy has no drills.\n")


def test_a_drill_that_was_never_held_says_when_it_will_be(cli, drilled):
    result = cli("drill")
    assert result.exit_code == 0
    assert result.stdout.startswith("Fire drill: route Urgent harms, next Tue ")


def test_a_drill_begun_by_hand_takes_the_way_of_all_drills(cli, drilled):
    result = cli("drill", "Fire drill")
    assert result.exit_code == 0
    assert result.stdout.startswith("Started: Fire drill, route Urgent harms; acknowledge within 10 min")
    process_events(drilled)
    assert "running (#1001)" in cli("drill").stdout
    assert "#1001   triggered  DRILL · CRITICAL · Child safety" in cli("incidents").stdout
    assert cli("incidents", "1001").stdout.startswith("#1001 DRILL · CRITICAL · Child safety · triggered")


def test_a_drill_that_runs_is_not_begun_twice(cli, drilled):
    assert cli("drill", "Fire drill").exit_code == 0
    result = cli("drill", "Fire drill")
    assert result.exit_code == 1
    assert "is already running" in result.stderr


def test_a_last_drill_that_was_not_passed_is_a_problem(cli, drilled):
    cli("drill", "Fire drill")
    process_events(drilled)
    run_due_drills(later(minutes=11))
    result = cli("drill")
    assert result.exit_code == 1
    assert "failed (#1001)" in result.stdout


def test_production_is_asked_for(cli, drilled, monkeypatch):
    monkeypatch.setenv("ESCALATOR_MODE", "production")
    result = cli("drill", "Fire drill")
    assert result.exit_code == 2
    assert "add --yes" in result.stderr
    assert cli("drill", "Fire drill", "--yes").exit_code == 0


def test_an_unknown_drill_is_misuse(cli, drilled):
    result = cli("drill", "Fire dril")
    assert result.exit_code == 2
    assert "known: Fire drill" in result.stderr
