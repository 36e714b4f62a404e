"""What API requests may contain: filters, and bodies of actions. Unknown fields are rejected."""

from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, Range

from escalator.engine.snooze import LONGEST_SNOOZE_MIN
from escalator.model.incident import Outcome, State
from escalator.model.levels import Severity
from escalator.store.incidents import MOST_NUMBER
from web.api.response_schemas import Instant

MOST_KEY, MOST_REFERENCE, MOST_NOTE = 128, 200, 2000
MOST_ITEMS = 100


def _readable(text: str) -> None:
    """Reject what a database cannot store as text."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValidationError("Contains invalid characters.")


class Line(fields.String):
    """Text of limited length that a database can store."""

    def __init__(self, most: int = MOST_KEY, *, least: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=[Length(least, most), _readable], **kwargs)


class LimitSchema(Schema):
    """How many entries of a list to return."""

    limit = fields.Integer(load_default=50, validate=Range(1, MOST_ITEMS))


class IncidentFilterSchema(LimitSchema):
    """Which incidents to return: those opened from `since` until `until`. `state` and `severity` may be repeated."""

    state = fields.List(fields.Enum(State, by_value=True), load_default=list)
    severity = fields.List(fields.Enum(Severity, by_value=True), load_default=list)
    category = Line()
    owner = Line()
    assign = Line()
    source = Line()
    since = Instant()
    until = Instant()
    cursor = fields.Integer(
        validate=Range(0, MOST_NUMBER), metadata={"description": "Cursor of the page: `next` of the answer before it."}
    )


class ResolveSchema(Schema):
    """`referred` needs a `reference`."""

    outcome = fields.Enum(Outcome, by_value=True, required=True)
    reference = Line(MOST_REFERENCE, least=0, load_default="")


class SnoozeSchema(Schema):
    """How long to snooze."""

    minutes = fields.Integer(required=True, strict=True, validate=Range(1, LONGEST_SNOOZE_MIN))


class ReassignSchema(Schema):
    """Who takes the incident: a person's key in the policy."""

    to = Line(required=True)


class NoteSchema(Schema):
    """The note."""

    note = Line(MOST_NOTE, required=True)


class StreamActionSchema(Schema):
    """`action` is the key of an action in the policy's section `actions`."""

    action = Line(required=True)
