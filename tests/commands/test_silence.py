"""`escalator silence`."""

import json

import pytest

ARGUMENTS = ("threat", "--for", "2h", "--reason", "Load test", "--by", "dana")


def without(name: str) -> tuple[str, ...]:
    place = ARGUMENTS.index(name)
    return (*ARGUMENTS[:place], *ARGUMENTS[place + 2 :])


def test_a_silence_is_begun_listed_and_ended(cli, core):
    assert cli("silence").stdout == "No silences.\n"
    assert cli("silence", *ARGUMENTS).stdout == "Silenced: Threat for 2 h.\n"
    [head, row] = cli("silence").stdout.splitlines()
    assert head.split() == ["ID", "WHAT", "BY", "UNTIL", "WHY"]
    assert row.endswith("Load test")
    assert "Dana Fox" in row
    handle = row.split()[0]
    ended = cli("silence", "--end", handle, "--by", "dana")
    assert (ended.exit_code, ended.stdout) == (0, "Ended: Threat. Notifications that it held back are sent now.\n")
    assert cli("silence").stdout == "No silences.\n"


def test_the_list_is_also_data(cli, core):
    cli("silence", *ARGUMENTS)
    [one] = json.loads(cli("silence", "--json").stdout)
    shown = {key: one[key] for key in ("category", "by", "critical", "in_force", "reason")}
    assert shown == {"category": "threat", "by": "dana", "critical": False, "in_force": True, "reason": "Load test"}


def test_critical_incidents_are_named(cli, core):
    assert cli("silence", *ARGUMENTS, "--critical").stdout == "Silenced: Threat (including critical) for 2 h.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param((*without("--by"), "--by", "ana"), 1, "ask a senior moderator", id="somebody who may not"),
        pytest.param((*without("--by"), "--by", "zoe"), 2, "not a person of the policy", id="somebody unknown"),
        pytest.param(("thread", *ARGUMENTS[1:]), 2, 'did you mean "threat"', id="no such category"),
        pytest.param((*without("--for"), "--for", "25h"), 2, "is not allowed", id="too long"),
        pytest.param((*without("--for"), "--for", "2"), 2, "write 30m or 2h", id="no duration"),
        pytest.param(without("--for"), 2, "--for, --reason and --by are required", id="no time"),
        pytest.param(without("--reason"), 2, "--for, --reason and --by are required", id="no reason"),
        pytest.param(without("--by"), 2, "--for, --reason and --by are required", id="nobody says so"),
        pytest.param(("--end", "abcdef"), 2, "--end requires", id="an end by nobody"),
        pytest.param(("threat", "--end", "abcdef", "--by", "dana"), 2, "--end requires", id="an end of what is begun"),
        pytest.param(("--end", "abcdef", "--by", "dana"), 2, "there is no silence", id="an end of nothing"),
        pytest.param(("--end", "abcdef", "--by", "ana"), 1, "ask a senior moderator", id="an end by who may not"),
    ],
)
def test_exit_codes_serve_scripts(cli, core, arguments, code, said):
    result = cli("silence", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert cli("silence").stdout == "No silences.\n"
