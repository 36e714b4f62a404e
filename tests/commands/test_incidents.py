"""`escalator incidents`."""

import json

import pytest


def test_the_list_shows_what_waits_for_whom(cli, alerted):
    [head, row] = cli("incidents").stdout.splitlines()
    assert head.split() == ["NUMBER", "STATE", "WHAT", "SOURCE", "OWNER", "OPENED", "NEXT"]
    assert row.startswith("#1001   triggered  HIGH · Threat  demo")
    assert "step in" in row


def test_the_list_is_also_data(cli, alerted):
    [one] = json.loads(cli("incidents", "--json").stdout)
    assert (one["number"], one["state"], one["severity"], one["category"]) == (1001, "triggered", "high", "threat")


@pytest.mark.parametrize(("state", "count"), [("triggered", 1), ("resolved", 0)])
def test_only_the_wanted_states_are_listed(cli, alerted, state, count):
    assert len(json.loads(cli("incidents", "--json", "--state", state).stdout)) == count


def test_a_story_is_told_in_words_with_names(cli, alerted):
    lines = cli("incidents", "1001").stdout.splitlines()
    assert lines[0] == "#1001 HIGH · Threat · triggered (times in UTC)"
    told = [line[23:] for line in lines[1:]]
    assert told[0].startswith("Opened by")
    assert {"Sent to Ana Ruiz", "Sent to Ben Okafor", "Sent to critical-alerts"} <= set(told)


def test_content_is_never_shown(cli, alerted):
    shown = cli("incidents", "1001").stdout + cli("incidents", "1001", "--json").stdout + cli("incidents").stdout
    assert "I know where you live" not in shown
    assert "user-42" not in shown


def test_a_number_that_nobody_has_is_a_problem(cli, alerted):
    result = cli("incidents", "7")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no incident #7" in result.stderr


def test_a_database_that_is_not_there_is_told_and_not_made(cli, folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/none.db")
    result = cli("incidents")
    assert result.exit_code == 1
    assert "run `escalator migrate`" in result.stderr
    assert not (folder / "none.db").exists()


def test_migrating_makes_the_database_and_may_be_repeated(cli, folder):
    assert [cli("migrate").exit_code, cli("migrate").exit_code] == [0, 0]
    assert cli("incidents").stdout == "No incidents.\n"


def test_a_database_that_is_away_is_one_clear_line(cli, folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    result = cli("incidents")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.endswith("check DATABASE_URL\n")


def test_a_folder_that_cannot_be_made_is_one_clear_line(cli, folder, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv("ESCALATOR_VAR", "file/var")
    result = cli("incidents")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "ESCALATOR_VAR: cannot keep" in result.stderr
