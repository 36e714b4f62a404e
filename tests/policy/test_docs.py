"""The page about the language names every key that the language has."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from escalator.policy import draft, schema_routing
from escalator.policy.containers import MappingSchema
from escalator.policy.parse import parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "policy.md", *sorted((ROOT / "escalator" / "channels").glob("*/README.md"))]
PAGE = "\n".join(page.read_text() for page in PAGES)
DESCRIBED = {word for code in re.findall(r"`([^`\n]+)`", PAGE) for word in re.findall(r"\w+", code)}


def keys(of: type[MappingSchema] = MappingSchema) -> Iterator[tuple[str, str]]:
    for schema in of.__subclasses__():
        yield from ((schema.__name__, name) for name in schema.names())
        yield from keys(schema)


@pytest.mark.parametrize(("section", "key"), [pytest.param(*key, id=".".join(key)) for key in keys()])
def test_every_key_is_described(section: str, key: str) -> None:
    assert key in DESCRIBED


def test_every_section_and_fact_is_described() -> None:
    headings = " ".join(line for line in PAGE.splitlines() if line.startswith("#"))
    known = DESCRIBED | set(re.findall(r"\w+", headings))
    assert {*draft.PolicyKeys.names(), *schema_routing.FACTS} <= known


def test_the_first_example_is_a_policy_that_can_be_used() -> None:
    text = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
    parsed = parse(text, {"STREAM_API_KEY": "key", "STREAM_API_SECRET": "secret"})
    assert parsed.policy is not None
    assert not parsed.problems
