"""The envelope of a signed body, read before it is stored: its type, and whether to store it completely."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from escalator.errors import InvalidEvent
from escalator.stream.events import is_handled
from escalator.stream.text import storable_text

MAX_TYPE_CHARS = 100
_MOST_FLAGS = 20
_QUEUE_CHARS = 16
_NOT_JSON = {"_schema": ["Not valid JSON."]}


class EnvelopeKind(StrEnum):
    """Whether an event is stored whole, or only its type, id, time and hash."""

    HANDLED = "handled"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope of an event. `queue` is equal for events that were flagged as the same kinds of harm."""

    type: str
    kind: EnvelopeKind
    queue: str = ""


class EnvelopeSchema(Schema):
    """The required part of every webhook of Stream: a type (webhook conformance fixtures)."""

    class Meta:
        unknown = EXCLUDE

    type = fields.String(required=True, validate=validate.Length(1, MAX_TYPE_CHARS))


_SCHEMA = EnvelopeSchema()


def parse_json(body: bytes) -> object:
    """Return the JSON value of a body. Raises InvalidEvent for invalid or too deeply nested JSON."""
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
    value = parse_json(body)
    event_type = event_type_of(value)
    if not isinstance(value, Mapping) or not is_handled(event_type, value):
        return Envelope(event_type, EnvelopeKind.IGNORED)
    return Envelope(event_type, EnvelopeKind.HANDLED, harm_digest_of(value))


def harm_digest_of(event: Mapping[str, object]) -> str:
    """Return a digest of the labels and reasons of an event's flags, 16 characters; empty when it has none.

    It is a cheap guess: the categories are decided when the event is processed.
    """
    item = event.get("review_queue_item")
    flags = [event.get("flags"), item.get("flags") if isinstance(item, Mapping) else None]
    words = {word for some in flags if isinstance(some, list) for flag in some[:_MOST_FLAGS] for word in _words(flag)}
    serialized = json.dumps(sorted(words)).encode()
    return hashlib.sha256(serialized).hexdigest()[:_QUEUE_CHARS] if words else ""


def _words(flag: object) -> Iterator[str]:
    """Yield the labels and reasons of a flag."""
    if not isinstance(flag, Mapping):
        return
    labels = flag.get("labels")
    for word in [flag.get("reason"), *(labels[:_MOST_FLAGS] if isinstance(labels, list) else ())]:
        if isinstance(word, str) and word:
            yield word


def event_type_of(value: object) -> str:
    """Return the type of an event, as it can be stored. Raises InvalidEvent when there is none."""
    try:
        loaded = _SCHEMA.load(value)  # type: ignore[arg-type]  # what is no object is answered with an error
    except ValidationError as error:
        raise InvalidEvent(dict(error.messages_dict)) from error
    return storable_text(loaded["type"])
