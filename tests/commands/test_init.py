"""`escalator init`."""


def test_the_written_policy_passes_its_check(cli, folder):
    assert cli("init").exit_code == 0
    assert (folder / "escalation.yml").exists()
    assert cli("check").exit_code == 0


def test_nothing_is_ever_overwritten(cli, folder):
    (folder / "mine.yml").write_text("mine")
    result = cli("init", "mine.yml")
    assert result.exit_code == 1
    assert "mine.yml already exists" in result.stderr
    assert (folder / "mine.yml").read_text() == "mine"


def test_a_folder_that_is_not_there_is_told(cli):
    result = cli("init", "no/where.yml")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
