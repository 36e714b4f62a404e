"""Objects inside an event are read by plain code from the declarations of the schema: it must read the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.stream.content_schemas import ChatMessage, FeedPost, ModeratedContent, StreamUser
from escalator.stream.lenient_fields import reader_of, schema_of
from escalator.stream.schemas import ContentFlag, ModerationAction, ReviewQueueItem, StreamEvent
from tests.stream.bodies import FOLDER

OUTER = (StreamEvent, ReviewQueueItem, ContentFlag, ModerationAction)
MODELS = (*OUTER, ModeratedContent, StreamUser, ChatMessage, FeedPost)

BODIES = sorted(FOLDER.rglob("*.json"))
NAMES = sorted({field.data_key or name for model in MODELS for name, field in schema_of(model).fields.items()})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(NAMES)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
)


def both(model: type, value: dict[str, Any]) -> tuple[str, str]:
    """Return what the schema and what the reader make of it; NaN is not equal to itself, so as text."""
    return repr(schema_of(model).load(value)), repr(reader_of(model)(value))


@pytest.mark.parametrize("model", MODELS)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
def test_anything_is_read_as_the_schema_reads_it(model: type, value: dict[str, Any]) -> None:
    by_schema, by_reader = both(model, value)
    assert by_schema == by_reader


def objects_in(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for entry in value for found in objects_in(entry)]
    return [value, *objects_in(list(value.values()))] if isinstance(value, dict) else []


@pytest.mark.parametrize("body", BODIES, ids=lambda path: path.stem)
def test_every_object_of_the_samples_is_read_as_the_schema_reads_it(body: Path) -> None:
    for value in objects_in(json.loads(body.read_text())):
        for model in MODELS:
            by_schema, by_reader = both(model, value)
            assert by_schema == by_reader
