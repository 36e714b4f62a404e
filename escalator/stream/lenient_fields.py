"""Marshmallow fields that refuse nothing: a value of an unexpected type counts as not sent.

A signed webhook must never be lost because a field changed its type, so every field has a neutral value (empty text,
None, empty list) for what is missing or of another type.

Each factory below declares a field of a dataclass and, beside it, how the field is read.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from marshmallow import EXCLUDE, Schema, fields, missing, post_load

from escalator.stream.text import MAX_ADDRESS_CHARS, MAX_TEXT_CHARS, MAX_WORD_CHARS, bounded_id, storable_text
from escalator.stream.timestamps import parse_instant as instant_of

T = TypeVar("T")
ScalarValues = Mapping[str, str]

MAX_ENTRIES = 500
MAX_ID_DIGITS = 40
_READS = "reads"


class LenientField(fields.Field[Any]):
    """A field whose reading never fails: `read` gets the raw value, or marshmallow's `missing`."""

    def __init__(self, read: Callable[[object], object], *, data_key: str | None = None) -> None:
        super().__init__(data_key=data_key)
        self.read = read

    def deserialize(self, value: object, *_: object, **__: object) -> object:
        """Return the typed value, or the neutral one."""
        return self.read(value)


class ObjectSchema(Schema):
    """The schema of one dataclass; unknown keys are left out."""

    class Meta:
        unknown = EXCLUDE

    def __init__(self, model: type) -> None:
        super().__init__()
        self._model = model

    @post_load
    def _make(self, data: dict[str, Any], **_: object) -> object:
        return self._model(**data)


def schema_of(model: type) -> Schema:
    """Return the schema that reads a JSON object as this dataclass. It raises nothing."""
    return cast("Schema", type(f"{model.__name__}Schema", (ObjectSchema,), _declarations(model))(model))


def reader_of(model: type[T]) -> Callable[[Mapping[str, object]], T]:
    """Return a function that reads a JSON object inside another one: what `schema_of` reads, in a third of the time."""
    readings = tuple((field.data_key or name, field.read) for name, field in _declarations(model).items())

    def read(value: Mapping[str, object]) -> T:
        return model(*(read(value.get(key, missing)) for key, read in readings))

    return read


def _declarations(model: type) -> dict[str, LenientField]:
    return {field.name: field.metadata[_READS] for field in dataclasses.fields(cast("Any", model))}


def _declared(neutral: T, read: Callable[[object], T], data_key: str | None = None) -> T:
    return dataclasses.field(default=neutral, metadata={_READS: LenientField(read, data_key=data_key)})


def short_text() -> str:
    """Declare a short text: a name, a label, a code."""
    return _declared("", lambda value: _text(value, MAX_WORD_CHARS))


def long_text() -> str:
    """Declare a long text: what a person wrote."""
    return _declared("", lambda value: _text(value, MAX_TEXT_CHARS))


def url_field() -> str:
    """Declare a URL."""
    return _declared("", lambda value: _text(value, MAX_ADDRESS_CHARS))


def id_field() -> str:
    """Declare an id; a customer's may be a number."""
    return _declared("", _identifier)


def id_list() -> tuple[str, ...]:
    """Declare a list of ids."""
    return _declared((), lambda value: tuple(filter(None, map(_identifier, _listed(value)))))


def short_texts() -> tuple[str, ...]:
    """Declare a list of short texts."""
    return _declared((), lambda value: _texts(value, MAX_WORD_CHARS))


def long_texts() -> tuple[str, ...]:
    """Declare a list of long texts."""
    return _declared((), lambda value: _texts(value, MAX_TEXT_CHARS))


def url_list() -> tuple[str, ...]:
    """Declare a list of URLs."""
    return _declared((), lambda value: _texts(value, MAX_ADDRESS_CHARS))


def instant_field() -> datetime | None:
    """Declare an instant in either encoding."""
    return _declared(None, instant_of)


def number_field() -> float | None:
    """Declare a finite number; true and false do not count."""
    return _declared(None, finite_number)


def boolean_field() -> bool:
    """Declare a boolean; only `true` is True."""
    return _declared(neutral=False, read=lambda value: value is True)


def scalars_field() -> ScalarValues:
    """Declare a customer's object, of which texts, numbers and booleans are kept, as text."""
    return dataclasses.field(default_factory=dict, metadata={_READS: LenientField(_scalars)})


def nested_object(model: type[T], data_key: str | None = None) -> T | None:
    """Declare a nested object."""
    read = reader_of(model)
    return _declared(None, lambda value: read(value) if isinstance(value, Mapping) else None, data_key)


def nested_list(model: type[T], limit: int = MAX_ENTRIES) -> tuple[T, ...]:
    """Declare a list of objects; of more than `limit` the first and the last halves are read."""
    read = reader_of(model)
    return _declared((), lambda value: tuple(read(entry) for entry in _objects(value, limit)))


def nested_values(model: type[T], limit: int = MAX_ENTRIES) -> tuple[T, ...]:
    """Declare an object of objects whose names do not matter."""
    read = reader_of(model)
    return _declared((), lambda value: tuple(read(entry) for entry in _objects(_values(value), limit)))


def custom_field(read: Callable[[object], T], neutral: T) -> T:
    """Declare a field that a function of its own reads; it must accept any value."""
    return _declared(neutral, read)


def finite_number(value: object) -> float | None:
    """Return a finite number within a float's range, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _text(value: object, limit: int) -> str:
    return storable_text(value[:limit]).strip() if isinstance(value, str) else ""


def _identifier(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_ID_DIGITS:
        return str(value)
    return bounded_id(value) if isinstance(value, str) else ""


def _texts(value: object, limit: int) -> tuple[str, ...]:
    return tuple(text for entry in _listed(value) if (text := _text(entry, limit)))


def _listed(value: object) -> list[object]:
    return value[:MAX_ENTRIES] if isinstance(value, list) else []


def _objects(value: object, limit: int) -> list[Mapping[str, object]]:
    entries = [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
    half = limit // 2
    return entries if len(entries) <= limit else entries[:half] + entries[-half:]


def _values(value: object) -> object:
    return list(value.values()) if isinstance(value, Mapping) else None


def _scalars(value: object) -> ScalarValues:
    if not isinstance(value, Mapping):
        return {}
    entries = ((_text(name, MAX_WORD_CHARS), _scalar(entry)) for name, entry in list(value.items())[:MAX_ENTRIES])
    return {name: entry for name, entry in entries if name and entry}


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _decimal(value) if math.isfinite(value) else ""
    return _identifier(value)


def _decimal(value: float) -> str:
    """Return a number as text (3.0 is `3`); different numbers give different texts."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
