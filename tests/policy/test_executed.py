"""Nothing in the language is only for show: what is written changes the policy, and what the policy holds is gone by.

Two halves of one proof. Reading drops no key: without any one key of the example the policy is another one, or none.
And each value that a policy may hold is read by what decides, sends or keeps; to be parsed, shown on a page or printed
by a command is not to be executed.
"""

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml

from escalator.model.policy import Policy
from escalator.policy.parse import load, parse
from tests.policy.files import EXAMPLE

ROOT = Path(__file__).parents[2] / "escalator"
EXECUTING = ("engine", "schedules", "stream", "channels", "services", "rendering")
ONLY_SHOWN = (
    *(f"services/{package}" for package in ("audit", "policies", "reports", "views")),
    *(f"rendering/{module}.py" for module in ("coverage", "policy_diagram", "preview_json")),
)
"""What only tells somebody who looks: pages, previews and proofs."""

Path_ = tuple[str | int, ...]
OTHERWISE: dict[Path_, Any] = {
    ("sources", "chat-prod", "platform"): None,
    ("version",): None,
    ("people", "dana", "role"): "admin",
    ("people", "dana", "contact"): ["email", "slack"],
    ("hours", "night", "weekdays"): "mon-fri",
    ("categories", "self_harm", "content"): "show",
    ("severity",): {"numeric": {"medium": "41", "high": "71", "critical": "91"}},
    ("severity", "numeric"): {"medium": "41", "high": "71", "critical": "91"},
    ("severity", "confidence"): {"medium": "51%", "high": "81%", "critical": "96%"},
    ("unanswered", "restart_after"): "31m",
    ("reopen_after_reports",): "6",
    ("retention",): {"content": "31d"},
    ("retention", "content"): "31d",
    ("drills", 0, "expect_acknowledged_within"): "11m",
}
"""What the example says as it would be without a word: another value for each, or None where there is only one."""


def entries(tree: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yield the way to every key of every mapping."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        if isinstance(tree, dict):
            yield (*at, key)
        yield from entries(value, (*at, key))


def shape(at: Path_) -> Path_:
    """Return the way to a key, whatever the person, team or path is called."""
    named = at[0] in NAMED and len(at) > 1
    return tuple("*" if isinstance(step, int) or (named and depth == 1) else step for depth, step in enumerate(at))


def changed(at: Path_) -> str:
    """Return the example without one key, or with another value for it where that would mean the same."""
    tree = yaml.load(EXAMPLE, yaml.BaseLoader)  # noqa: S506  # texts only
    inner = tree
    for step in at[:-1]:
        inner = inner[step]
    del inner[at[-1]]
    if at in OTHERWISE:
        inner[at[-1]] = OTHERWISE[at]
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


NAMED = ("sources", "people", "teams", "hours", "schedules", "destinations", "categories", "paths")
KEYS = {shape(at): at for at in reversed([*entries(yaml.load(EXAMPLE, yaml.BaseLoader)), *OTHERWISE])}  # noqa: S506
AS_IT_IS = load(EXAMPLE, {})


@pytest.mark.parametrize("at", KEYS.values(), ids=lambda at: ".".join(map(str, at)))
def test_no_key_is_dropped_by_reading(at: Path_) -> None:
    assert parse(changed(at), {}).policy != AS_IT_IS


def held(kind: Any, seen: set[Any]) -> Iterator[tuple[str, str]]:
    """Yield (class, field) of everything that a value of this type may hold."""
    for inner in get_args(kind):
        yield from held(inner, seen)
    if is_dataclass(kind) and kind not in seen and kind.__module__.startswith("escalator.model"):
        seen.add(kind)
        hints = get_type_hints(kind)
        for field in fields(kind):
            yield kind.__name__, field.name
            yield from held(hints[field.name], seen)


def read_names() -> set[str]:
    """Return the name of every attribute that executing code reads."""
    files = [file for room in EXECUTING for file in (ROOT / room).rglob("*.py")]
    kept = [file for file in files if not str(file.relative_to(ROOT)).startswith(ONLY_SHOWN)]
    nodes = (node for file in kept for node in ast.walk(ast.parse(file.read_text())))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


READ = read_names()


@pytest.mark.parametrize(("owner", "name"), list(held(Policy, set())))
def test_whatever_a_policy_holds_is_gone_by(owner: str, name: str) -> None:
    assert name in READ, f"{owner}.{name} is parsed, and nothing that decides, sends or keeps reads it"


@pytest.mark.parametrize("name", ["retain_records", "a_key_that_nothing_executes"])
def test_what_nothing_executes_is_found_out(name: str) -> None:
    assert name not in READ
