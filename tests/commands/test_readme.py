"""The README lists every command, and README and deploy page every setting."""

import re
from pathlib import Path

import click
import pytest

from escalator.commands import main
from escalator.settings.table import NAMES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
INTERNAL = {"ESCALATOR_RUN"}
"""Set by `escalator run` for the processes that it starts."""


def test_the_table_of_commands_lists_each_and_no_other() -> None:
    table = README.partition("\n## Commands\n")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `escalator ([a-z-]+)", table, re.MULTILINE))
    assert listed == set(main.list_commands(click.Context(main)))


@pytest.mark.parametrize("name", sorted(NAMES - INTERNAL))
def test_every_setting_is_described(name: str) -> None:
    assert re.search(rf"\b{name}\b", README + DEPLOY)
