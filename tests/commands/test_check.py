"""`escalator check`."""

import json
import re
import shutil

import pytest

from tests.commands.conftest import EXAMPLE, ROOT

BAD = ROOT / "tests" / "policy" / "bad"
LINE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): (?P<path>[^ ]+): (?P<what>.+); (?P<right>.+)$")


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        pytest.param([EXAMPLE], 0, id="warnings alone are no problem"),
        pytest.param([EXAMPLE, "--strict"], 1, id="strictly they are"),
        pytest.param([BAD / "unknown-path-in-a-route.yml"], 1, id="an error is a problem"),
        pytest.param(["nowhere.yml"], 2, id="a file that is not there is a misuse"),
        pytest.param([EXAMPLE, "--stirct"], 2, id="an option that is not there is a misuse"),
    ],
)
def test_the_exit_code_serves_ci(cli, arguments, exit_code):
    assert cli("check", *arguments).exit_code == exit_code


def test_every_problem_is_one_line_on_stdout_with_file_and_line(cli):
    result = cli("check", EXAMPLE)
    lines = [LINE.match(line) for line in result.stdout.splitlines()]
    assert len(lines) > 5
    assert all(line and line["file"] == str(EXAMPLE) for line in lines)


def test_problems_are_told_as_data(cli):
    result = cli("check", BAD / "unknown-path-in-a-route.yml", "--json")
    said = json.loads(result.stdout)
    assert (said["ok"], said["errors"]) == (False, 1)
    assert {"path", "line", "what", "right", "is_warning"} <= set(said["problems"][0])


@pytest.mark.parametrize("named", [None, "other.yml"], ids=["escalation.yml here", "ESCALATOR_POLICY"])
def test_without_a_name_the_environment_says_which_file(cli, folder, monkeypatch, named):
    if named:
        monkeypatch.setenv("ESCALATOR_POLICY", named)
    shutil.copy(EXAMPLE, folder / (named or "escalation.yml"))
    assert cli("check").stdout.startswith(f"{named or 'escalation.yml'}:")


def test_an_env_file_in_the_folder_counts_as_set(cli, folder):
    assert "${STREAM_API_KEY} is not set" in cli("check", EXAMPLE).stdout
    (folder / ".env").write_text("STREAM_API_KEY=key\n")
    assert "${STREAM_API_KEY} is not set" not in cli("check", EXAMPLE).stdout


def test_checking_leaves_nothing_behind(cli, folder):
    cli("check", EXAMPLE)
    assert list(folder.iterdir()) == []
