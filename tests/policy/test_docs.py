"""The page about the language names every key that the language has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from escalator.policy import draft, rules
from escalator.policy.shapes import Keys

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"


def keys(of: type[Keys] = Keys) -> Iterator[tuple[str, str]]:
    for schema in of.__subclasses__():
        yield from ((schema.__name__, name) for name in schema.names())


@pytest.mark.parametrize(("section", "key"), [pytest.param(*key, id=".".join(key)) for key in keys()])
def test_every_key_is_described(section: str, key: str) -> None:
    assert key in PAGE.read_text()


def test_every_section_and_fact_is_described() -> None:
    page = PAGE.read_text()
    assert [name for name in (*draft.PolicyKeys.names(), *rules.FACTS) if name not in page] == []
