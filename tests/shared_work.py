"""Work that is the same for every test of a process, so that it is done once for all of them.

Nothing here changes what the product does: it keeps what depends on nothing but its input.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import flask_smorest.arguments
import flask_smorest.blueprint
import flask_smorest.response
from marshmallow import Schema
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from escalator.store import engines

Builder = Callable[..., tuple[str, str]]

_STATEMENTS = 5_000
_POLICIES = 500


def share() -> None:
    """Let all databases of this process use one cache of compiled statements, and keep every policy that was read.

    Each application that a test makes shares the schemas of the API and the functions that build addresses.
    """
    parse = import_module("escalator.policy.parse")
    parse._read_draft = lru_cache(maxsize=_POLICIES)(parse._read_draft.__wrapped__)
    engines.create_engine = _sharing(engines.create_engine, LRUCache(_STATEMENTS))
    Rule._compile_builder = _keeping_builders(Rule._compile_builder)
    flask_smorest.response.resolve_schema_instance = _schema_instance
    for module in (flask_smorest.arguments, flask_smorest.blueprint, flask_smorest.response):
        module.deepcopy = _copied


def _keeping_builders(compile_builder: Callable[[Rule, bool], Builder]) -> Callable[[Rule, bool], Builder]:
    """Return what compiles the function that builds a rule's address, once for all rules that are alike."""
    kept: dict[tuple[object, ...], Builder] = {}

    def compile_once(rule: Rule, append_unknown: bool = True) -> Builder:  # noqa: FBT001, FBT002  # as in werkzeug
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    return compile_once


@cache
def _schema_of(kind: type[Schema]) -> Schema:
    return kind()


def _schema_instance(schema: Schema | type[Schema]) -> Schema:
    return _schema_of(schema) if isinstance(schema, type) else schema


def _sharing(create_engine: Callable[..., Engine], compiled: LRUCache) -> Callable[..., Engine]:
    def create(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        engine.dialect.__class__ = _alike(type(engine.dialect))
        engine._compiled_cache = compiled
        return engine

    return create


def _copied(description: Any) -> Any:
    """Return a copy of what a route says of itself; the schemas in it, which nobody changes, stay the same."""
    if isinstance(description, dict):
        return {key: _copied(value) for key, value in description.items()}
    return [_copied(value) for value in description] if isinstance(description, list) else description


@cache
def _alike(dialect: type) -> type:
    """Return the dialect as one of which all are equal: a compiled statement is looked up by its dialect, too."""

    def equals(self: object, other: object) -> bool:
        return type(self) is type(other)

    same = {"__eq__": equals, "__hash__": lambda self: hash(type(self)), "supports_statement_cache": True}
    return type(dialect.__name__, (dialect,), same)
