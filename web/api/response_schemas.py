"""What the API answers: never content, and about an incident never more than the rule `hide` allows."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import DueKind, Outcome, State
from escalator.model.levels import Mode, Severity
from escalator.model.message import Occasion
from escalator.model.silence import SilenceScope
from escalator.model.stream_action import ActionState, PartState
from escalator.store.deliveries import DeliveryState
from web.dashboard.template_filters import iso

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Instant(fields.AwareDateTime):
    """An instant with its zone, written in UTC; in requests it must be within the range of the databases."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=Range(_EARLIEST, _LATEST), **kwargs)

    def _serialize(self, value: datetime | None, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else iso(value)


def _word(words: type[StrEnum], *, allow_none: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=allow_none, validate=OneOf([word.value for word in words]))


def _text(*, allow_none: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=allow_none)


class ProblemSchema(Schema):
    """An error (RFC 9457). `code` is stable; `errors` lists invalid fields."""

    type = _text()
    title = _text()
    status = fields.Integer(required=True)
    detail = _text()
    code = _text()
    errors = fields.Dict()


class IncidentSchema(Schema):
    """An incident as it is now. People are given by their keys in the policy."""

    number = fields.Integer(required=True)
    source = _text()
    mode = _word(Mode)
    state = _word(State)
    category = _text(allow_none=True)
    severity = _word(Severity)
    route = _text(allow_none=True)
    path = _text()
    assign = _text(allow_none=True)
    owner = _text(allow_none=True)
    round = fields.Integer(required=True)
    step = fields.Integer(required=True, metadata={"description": "Counted from 0; -1 before the first step."})
    acks_needed = fields.Integer(required=True)
    due_kind = _word(DueKind, allow_none=True)
    due_at = Instant(required=True, allow_none=True)
    opened_at = Instant(required=True)
    acknowledged_at = Instant(required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)
    closed_by = _text(allow_none=True)
    outcome = _word(Outcome, allow_none=True)
    drill = _text(allow_none=True)
    members = fields.Integer(
        required=True,
        allow_none=True,
        attribute="member_count",
        metadata={"description": "For a group: how many incidents it holds."},
    )


class StreamPartSchema(Schema):
    """One part of an action in Stream, such as `delete` or `ban`. `reason` says why it failed."""

    part = fields.String(required=True, attribute="kind")
    state = _word(PartState)
    reason = _text()


class StreamActionStateSchema(Schema):
    """An action in Stream that somebody asked for. A proposed one waits for a second person until `approve_by`."""

    action = fields.String(required=True, attribute="key")
    person = _text()
    requested_at = Instant(required=True)
    state = _word(ActionState)
    approve_by = Instant(required=True, allow_none=True)
    approved_by = _text(allow_none=True)
    parts = fields.List(fields.Nested(StreamPartSchema), required=True)


class ActorSchema(Schema):
    """Who acted."""

    kind = _text()
    key = _text()


class TimelineEntrySchema(Schema):
    """One entry of an incident's timeline."""

    at = Instant(required=True)
    action = _text()
    actor = fields.Nested(ActorSchema, required=True)
    via = _text()
    reason = _text()
    text = _text()


class DeliverySchema(Schema):
    """One notification and its state. `step` and `sending` count from 0 and from 1."""

    at = Instant(required=True, attribute="created_at")
    occasion = _word(Occasion)
    round = fields.Integer(required=True)
    step = fields.Integer(required=True)
    sending = fields.Integer(required=True, attribute="send_number")
    target = _text()
    destination = _text()
    channel = _word(DestinationKind)
    mode = _word(Mode)
    state = _word(DeliveryState)
    attempts = fields.Integer(required=True)
    delivered_at = Instant(required=True, allow_none=True)
    reason = _text(allow_none=True)


class ShownContentSchema(Schema):
    """What may be shown of the content outside the dashboard. Null means not allowed or unknown."""

    kinds = _text(allow_none=True)
    content = _text(allow_none=True)
    did = _text(allow_none=True)
    why = _text(allow_none=True)
    who = _text(allow_none=True)
    reference = _text(allow_none=True)


class IncidentDetailSchema(IncidentSchema):
    """An incident with its whole timeline, oldest first."""

    said = fields.Nested(ShownContentSchema, required=True)
    stream_actions = fields.List(fields.Nested(StreamActionStateSchema), required=True)
    timeline = fields.List(fields.Nested(TimelineEntrySchema), required=True)
    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)


class OnCallStatusSchema(Schema):
    """Who is on call for a team or on a schedule. `lead` is notified while nobody is."""

    kind = fields.String(required=True, validate=OneOf(["team", "schedule"]))
    key = _text()
    schedule = _text(allow_none=True)
    attended = fields.Boolean(required=True)
    now = fields.List(fields.String(), required=True)
    until = Instant(required=True, allow_none=True)
    next = fields.List(fields.String(), required=True)
    next_from = Instant(required=True, allow_none=True)
    lead = _text(allow_none=True)


class OnCallListSchema(Schema):
    """Who is on call at a given time: every team, then every schedule."""

    at = Instant(required=True)
    oncall = fields.List(fields.Nested(OnCallStatusSchema), required=True)


class PolicySchema(Schema):
    """The active version of the policy, as written: with `${NAME}` in place of secrets."""

    id = fields.UUID(required=True)
    sha256 = _text()
    text = _text()


class OverrideSchema(Schema):
    """An override of a schedule from `start` until `end` (excluded), and who created it."""

    id = fields.UUID(required=True)
    schedule = _text()
    person = _text()
    start = Instant(required=True)
    end = Instant(required=True)
    author = _text()


class OverrideListSchema(Schema):
    """Current and future overrides that the caller may see, except those in the policy file."""

    items = fields.List(fields.Nested(OverrideSchema), required=True)


class SilenceSchema(Schema):
    """A current or future silence. One from the policy file has an empty `handle`: it can only be ended in the file."""

    handle = _text()
    of = _word(SilenceScope)
    name = _text()
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    author = _text()
    reason = _text()
    is_for_critical = fields.Boolean(required=True)
    is_in_force = fields.Boolean(required=True)


class SilenceListSchema(Schema):
    """Current and future silences that the caller may see."""

    items = fields.List(fields.Nested(SilenceSchema), required=True)


class PlannedRecipientSchema(Schema):
    """Who would be notified: the target in the step, the kind of channel, and the person."""

    target = _text()
    kind = _word(DestinationKind)
    person = _text(allow_none=True)


class PlannedSendSchema(Schema):
    """One send of one step: `offset_s` seconds after the event is accepted."""

    offset_s = fields.Integer(required=True)
    at = _text()
    step = fields.Integer(required=True)
    repeat = fields.Integer(required=True)
    notify = fields.List(fields.Nested(PlannedRecipientSchema), required=True)


class ExplanationSchema(Schema):
    """What an event would do. Every field is null or empty if it opens no incident."""

    category = _text(allow_none=True)
    severity = _text(allow_none=True)
    severity_reason = _text(allow_none=True)
    content = _text(allow_none=True)
    route = _text(allow_none=True)
    default = fields.Boolean(required=True, allow_none=True)
    assign = _text(allow_none=True)
    acknowledgements = fields.Integer(required=True, allow_none=True)
    plan = fields.List(fields.Nested(PlannedSendSchema), required=True)
    feeds = fields.List(fields.String(), required=True)


class RecordSchema(Schema):
    """A record of the audit log. One not in the hash chain yet has no `seq`, `prev_hash` and `hash`."""

    seq = fields.Integer(required=True, allow_none=True)
    at = _text()
    incident = _text(allow_none=True)
    action = _text()
    actor = fields.Nested(ActorSchema, required=True)
    via = _text()
    reason = _text()
    before = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    after = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    policy_version = _text(allow_none=True)
    prev_hash = _text(allow_none=True)
    hash = _text(allow_none=True)


class RecordListSchema(Schema):
    """A page of records. `next` is the address of the next page."""

    items = fields.List(fields.Nested(RecordSchema), required=True)
    next = _text(allow_none=True)


class IncidentListSchema(Schema):
    """A page of incidents. `next` is the address of the next page."""

    items = fields.List(fields.Nested(IncidentSchema), required=True)
    next = _text(allow_none=True)
