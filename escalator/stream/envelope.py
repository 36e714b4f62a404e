"""What the web request needs to know of a signed body before it is stored: its type, and whether to keep it whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from escalator.errors import InvalidEvent
from escalator.stream.events import is_handled
from escalator.stream.text import clean

MAX_TYPE_CHARS = 100
_NOT_JSON = {"_schema": ["Not valid JSON."]}


class EnvelopeKind(StrEnum):
    """Whether an event is stored whole, or only its type, id, time and hash."""

    HANDLED = "handled"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The least that is known of an event."""

    type: str
    kind: EnvelopeKind


class EnvelopeSchema(Schema):
    """What every webhook of Stream's has: a type (webhook conformance fixtures)."""

    class Meta:
        unknown = EXCLUDE

    type = fields.String(required=True, validate=validate.Length(1, MAX_TYPE_CHARS))


_SCHEMA = EnvelopeSchema()


def parsed(body: bytes) -> object:
    """Return the JSON value of a body. Raises InvalidEvent for what is none, or nests deeper than we can read."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(_NOT_JSON) from error
    return value


def read_envelope(body: bytes) -> Envelope:
    """Return the envelope of an uncompressed, verified body.

    Raises InvalidEvent with marshmallow's errors for what is not JSON, no object, or has no type that is a text of
    1 to 100 characters.
    """
    value = parsed(body)
    event_type = type_of(value)
    is_kept = isinstance(value, Mapping) and is_handled(event_type, value)
    return Envelope(event_type, EnvelopeKind.HANDLED if is_kept else EnvelopeKind.IGNORED)


def type_of(value: object) -> str:
    """Return the type of an event, as it can be stored. Raises InvalidEvent for what has none."""
    try:
        loaded = _SCHEMA.load(value)  # type: ignore[arg-type]  # what is no object is answered with an error
    except ValidationError as error:
        raise InvalidEvent(dict(error.messages_dict)) from error
    return clean(loaded["type"])
