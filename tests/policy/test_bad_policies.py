"""One file for each mistake; the comment at its top is everything that `check` says of it."""

from itertools import takewhile
from pathlib import Path

import pytest

from escalator.errors import PolicyError
from escalator.policy.parse import load, parse
from tests.policy.files import BAD, minimal

TEN_MISTAKES = """\
version: 1
timezone: Europe/Atlantis
sources:
  app: {api_key: key, api_secret: secret, mode: divert}
people:
  ana: {name: Ana, slack: U0ANA, role: boss}
  ben: {name: Ben, slack: U0ANA}
  ana: {name: Ana again, slack: U0ANA2}
teams:
  mods: {members: [ana, anna]}
destinations:
  alerts: {slack: "#alerts", urgnet: true}
categories:
  csam: {title: Child safety, labels: [CSAM], at_least: critical}
routes:
  - {name: Grave, when: {category: csam}, assign: mods, path: quiet}
  - {name: Lesser, when: {categroy: csam}, path: urgnt}
default: urgent
paths:
  quiet: []
  urgent:
    - {notify: [alerts]}
    - {notify: ["team:mods"]}
    - {after: soon, notify: [alerts]}
"""


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in BAD])
def test_a_mistake_is_told_with_its_line_and_a_remedy(file: Path) -> None:
    text = file.read_text()
    expected = [line.removeprefix("# ") for line in takewhile(_is_comment, text.splitlines())]
    assert expected
    assert [problem.as_line("").removeprefix(":") for problem in parse(text, {}).problems] == expected


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in BAD])
def test_there_is_a_policy_exactly_when_everything_told_is_a_warning(file: Path) -> None:
    parsed = parse(file.read_text(), {})
    assert (parsed.policy is not None) == file.stem.startswith("warn-") == (not parsed.errors)


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in BAD])
def test_no_environment_makes_or_hides_an_error(file: Path) -> None:
    text = file.read_text()
    names = ("API_KEY", "AUTHOR", "DELAY", "OLD")
    assert parse(text, dict.fromkeys(names, "same")).errors == parse(text, {}).errors


def test_ten_mistakes_are_told_in_one_run() -> None:
    told = [f"{problem.line}: {problem.path}" for problem in parse(TEN_MISTAKES, {}).errors]
    assert told == [
        "2: timezone",
        "4: sources.app.mode",
        "6: people.ana.role",
        "7: people.ben.slack",
        "8: people.ana",
        "10: teams.mods.members[1]",
        "12: destinations.alerts.urgnet",
        "16: routes[0].path",
        "17: routes[1].when.categroy",
        "17: routes[1].path",
        "23: paths.urgent[1].after",
        "24: paths.urgent[2].after",
    ]


def test_load_refuses_with_every_error_and_no_warning() -> None:
    storms = "storms: {group: {by: category, within: 10m, after: 5}}\n"
    text = minimal(("default: urgent", "default: nowhere"), ("5m", "5"), more=storms)
    with pytest.raises(PolicyError) as refused:
        load(text, {}, file="team.yml")
    assert refused.value.problems == (
        'team.yml:15: default: unknown path "nowhere"; known: urgent',
        'team.yml:19: paths.urgent[1].after: "5" is not valid; write a duration such as 0s, 90s, 5m, 4h or 30d',
    )


def _is_comment(line: str) -> bool:
    return line.startswith("# ")
