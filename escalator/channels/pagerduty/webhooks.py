"""Webhooks v3 of PagerDuty: verify their signature, and read what was done.

The form: developer.pagerduty.com, "Webhooks overview" and "Verifying signatures"; the kinds of agents were observed on
a real account. Only the body is signed: no time, no header, so an event is identified by the id in the body.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from escalator.errors import InvalidEvent, Unauthorized
from escalator.model.destination_kind import DestinationKind
from escalator.model.vendor_event import VendorActor, VendorActorKind, VendorEvent, VendorEventKind
from escalator.stream.text import storable_text
from escalator.stream.timestamps import parse_instant

SIGNATURE_HEADER = "X-PagerDuty-Signature"
SCHEME = "v1="

_MOST_SIGNATURES = 32
_MAX_EVENT_ID_CHARS = 128
_MAX_ID_CHARS = 255
_MAX_TITLE_CHARS = 1024
_PERSON = "user_reference"
_MERGE = "merge_resolve_reason"
_KINDS = {
    "incident.acknowledged": VendorEventKind.ACKNOWLEDGED,
    "incident.unacknowledged": VendorEventKind.UNACKNOWLEDGED,
    "incident.resolved": VendorEventKind.RESOLVED,
    "incident.reopened": VendorEventKind.REOPENED,
    "incident.triggered": VendorEventKind.NOTED,
    "incident.escalated": VendorEventKind.NOTED,
    "incident.reassigned": VendorEventKind.NOTED,
    "incident.delegated": VendorEventKind.NOTED,
    "incident.annotated": VendorEventKind.NOTED,
    "incident.priority_updated": VendorEventKind.NOTED,
    "incident.responder.added": VendorEventKind.NOTED,
    "incident.responder.replied": VendorEventKind.NOTED,
    "incident.status_update_published": VendorEventKind.NOTED,
}
"""Every other type, and the ping that a new subscription sends, is not supported."""


def sign(body: bytes, secret: str) -> str:
    """Return one signature of a body, as PagerDuty writes it."""
    return SCHEME + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str]) -> None:
    """Raise Unauthorized unless one of the secrets signed this body.

    PagerDuty sends a signature for each of its active secrets, and we may have several too: any matching pair counts.
    Empty secrets are skipped, and without any nothing is accepted. Replays are detected by the event's id.
    """
    signature_header = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER.lower()), "")
    given_signatures = [
        part.strip().encode("utf-8", "replace")
        for part in signature_header.split(",", _MOST_SIGNATURES)[:_MOST_SIGNATURES]
    ]
    right = [sign(body, secret).encode() for secret in secrets if secret.strip()]
    fits = [
        hmac.compare_digest(expected, given_signature) for expected in right for given_signature in given_signatures
    ]
    if not any(fits):
        raise Unauthorized("pagerduty signature")


def event_id(body: bytes) -> str:
    """Return the id of the event, which is the same whenever it is sent again. Raises InvalidEvent."""
    event: dict[str, Any] = _load(_Named(), _event(body))
    return storable_text(event["id"])


def parse(body: bytes) -> VendorEvent | None:
    """Return the event of a verified body, or None for a ping and unsupported types. Raises InvalidEvent."""
    event = _event(body)
    word = event.get("event_type")
    kind = _KINDS.get(word) if isinstance(word, str) else None
    if kind is None:
        return None
    loaded = _load(_EventSchema(), event)
    data = loaded["data"]
    incident = data["incident"] or {"id": data["id"], "title": data["title"]}
    reason = data["resolve_reason"] or {}
    if kind is VendorEventKind.RESOLVED and reason.get("type") == _MERGE:
        kind = VendorEventKind.MERGED
    return VendorEvent(
        vendor=DestinationKind.PAGERDUTY,
        kind=kind,
        word=str(word),
        agent=_agent(loaded["agent"]),
        refs=_texts(data["incident_key"]),
        vendor_incident_id=_text(incident["id"]),
        merged_into=_text((reason.get("incident") or {}).get("id")) if kind is VendorEventKind.MERGED else "",
        title=_text(incident["title"], _MAX_TITLE_CHARS),
        at=parse_instant(event.get("occurred_at")),
    )


class _Tolerant(Schema):
    class Meta:
        unknown = EXCLUDE


class _Named(_Tolerant):
    id = fields.String(required=True, validate=validate.Length(1, _MAX_EVENT_ID_CHARS))


class _Reference(_Tolerant):
    """A reference to an object of PagerDuty. One to an incident has its title as `summary`."""

    id = fields.String(load_default="", allow_none=True)
    type = fields.String(load_default="", allow_none=True)
    title = fields.String(load_default="", allow_none=True, data_key="summary")


class _Reason(_Tolerant):
    type = fields.String(load_default="", allow_none=True)
    incident = fields.Nested(_Reference, load_default=None, allow_none=True)


class _Data(_Tolerant):
    """An incident, or an addition to one, which has the incident in `incident`. The text of a note is not read."""

    id = fields.String(load_default="", allow_none=True)
    title = fields.String(load_default="", allow_none=True)
    incident_key = fields.String(load_default=None, allow_none=True)
    incident = fields.Nested(_Reference, load_default=None, allow_none=True)
    resolve_reason = fields.Nested(_Reason, load_default=None, allow_none=True)


class _EventSchema(_Tolerant):
    agent = fields.Nested(_Reference, load_default=None, allow_none=True)
    data = fields.Nested(_Data, required=True)


def _event(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent({"_schema": ["Not valid JSON."]}) from error
    event = value.get("event") if isinstance(value, dict) else None
    if not isinstance(event, dict):
        raise InvalidEvent({"event": ["Not an object."]})
    return event


def _load(schema: Schema, event: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(event)
    except ValidationError as error:
        raise InvalidEvent(dict(error.messages_dict)) from error
    return loaded


def _agent(agent: dict[str, Any] | None) -> VendorActor:
    if agent is None:
        return VendorActor(VendorActorKind.NOBODY)
    kind = VendorActorKind.PERSON if agent["type"] == _PERSON else VendorActorKind.INTEGRATION
    return VendorActor(kind, _text(agent["id"]))


def _text(value: str | None, limit: int = _MAX_ID_CHARS) -> str:
    return storable_text(value or "")[:limit]


def _texts(value: str | None) -> tuple[str, ...]:
    return (_text(value),) if value else ()
