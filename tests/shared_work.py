"""Work that is the same for every test of a process, so that it is done once for all of them.

Nothing here changes what the product does: it keeps what depends on nothing but its input.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from escalator.store import engines

_STATEMENTS = 5_000
_POLICIES = 500


def share() -> None:
    """Let all databases of this process use one cache of compiled statements, and keep every policy that was read."""
    parse = import_module("escalator.policy.parse")
    parse._read_draft = lru_cache(maxsize=_POLICIES)(parse._read_draft.__wrapped__)
    engines.create_engine = _sharing(engines.create_engine, LRUCache(_STATEMENTS))


def _sharing(create_engine: Callable[..., Engine], compiled: LRUCache) -> Callable[..., Engine]:
    def create(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        engine.dialect.__class__ = _alike(type(engine.dialect))
        engine._compiled_cache = compiled
        return engine

    return create


@cache
def _alike(dialect: type) -> type:
    """Return the dialect as one of which all are equal: a compiled statement is looked up by its dialect, too."""

    def equals(self: object, other: object) -> bool:
        return type(self) is type(other)

    same = {"__eq__": equals, "__hash__": lambda self: hash(type(self)), "supports_statement_cache": True}
    return type(dialect.__name__, (dialect,), same)
