"""`escalator policy`."""

import pytest

from escalator.bootstrap import build
from escalator.commands.policy_file import DEMO
from escalator.settings import from_environment

LATER = ("{after: 20s", "{after: 40s")


@pytest.fixture
def file(core, folder, monkeypatch):
    """The policy's file, which has been taken as it is, then changed, then spoilt: three records."""
    path = folder / "escalation.yml"
    monkeypatch.setenv("ESCALATOR_POLICY", str(path))
    first = DEMO.read_text()
    assert LATER[0] in first
    changed = first.replace(*LATER)
    for text in (first, changed, changed.replace("default: triage", "default: nowhere")):
        path.write_text(text)
        made = build(from_environment())
        made.policies.offer(made.database)
    return path


def hashes(cli):
    return [line.split()[4 if line[0] == "*" else 3] for line in cli("policy", "history").stdout.splitlines()]


def test_the_history_says_what_ran_and_what_was_refused(cli, file):
    refused, active, first = cli("policy", "history").stdout.splitlines()
    assert refused.endswith("UTC  refused       by file: 1 problem")
    assert active.startswith("* ")
    assert first.startswith("  ")
    assert hashes(cli)[1] != hashes(cli)[2]


def test_a_version_is_shown_as_it_was_written(cli, file):
    active, first = hashes(cli)[1:]
    assert cli("policy", "show").stdout == DEMO.read_text().replace(*LATER)
    assert cli("policy", "show", first[:6]).stdout == DEMO.read_text()
    assert cli("policy", "show", active).exit_code == 0


def test_the_active_version_is_compared_with_the_one_before_it(cli, file):
    result = cli("policy", "diff")
    assert result.exit_code == 1
    changed = [line for line in result.stdout.splitlines() if line[0] in "+-"]
    assert [line[:3] for line in changed[:2]] == ["---", "+++"]
    assert {LATER[0] in line for line in changed if line[:2] == "- "} == {True}
    assert {LATER[1] in line for line in changed if line[:2] == "+ "} == {True}


def test_the_file_is_compared_as_it_lies_there(cli, file):
    result = cli("policy", "diff", "--file")
    assert result.exit_code == 1
    assert "+default: nowhere" in result.stdout
    file.write_text(DEMO.read_text().replace(*LATER))
    assert cli("policy", "diff", "--file").exit_code == 0


def test_a_version_does_not_differ_from_itself(cli, file):
    active = hashes(cli)[1]
    result = cli("policy", "diff", active, active)
    assert (result.exit_code, result.stdout) == (0, "No difference.\n")


def test_two_versions_are_compared_in_the_order_in_which_they_are_named(cli, file):
    active, first = hashes(cli)[1:]
    lines = cli("policy", "diff", active, first).stdout.splitlines()
    assert lines[:2] == [f"--- {active}", f"+++ {first}"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["show", "0000000"], id="a hash that nobody has"),
        pytest.param(["show", "%"], id="what is no hash"),
        pytest.param(["diff", "escalation.yml"], id="a file instead of a hash"),
        pytest.param(["diff", "0000", "0000", "--file"], id="a file and a version"),
    ],
)
def test_what_cannot_be_meant_is_misuse(cli, file, arguments):
    assert cli("policy", *arguments).exit_code == 2


def test_an_only_version_has_none_before_it(cli, core):
    result = cli("policy", "diff")
    assert result.exit_code == 2
    assert "there is no earlier version" in result.stderr
