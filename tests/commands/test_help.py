"""Every command that the help names can be started and explains itself."""

import click
import pytest
from click.testing import CliRunner

from escalator.commands import main

NAMES = main.list_commands(click.Context(main))


@pytest.mark.parametrize("name", NAMES)
def test_a_command_has_a_help(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.exception
    assert result.output.startswith(f"Usage: main {name}") or f" {name} " in result.output.splitlines()[0]


def test_the_list_of_commands_names_each():
    output = CliRunner().invoke(main, ["--help"]).output
    assert [name for name in NAMES if f"  {name} " not in output] == []
