"""Facts and content to encrypted JSON, and back."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from escalator.encryption import Seal
from escalator.model.facts import Content, Facts, LatestValues
from escalator.model.stream_action import ActionPart, ActionState, PartState, StreamAction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def seal_facts(facts: Facts, links: Mapping[str, str], seal: Seal) -> bytes:
    """Return an item's facts, with the ids for its links, encrypted."""
    seen = {name: {value: _stamp(at) for value, at in values.items()} for name, values in facts.seen.items()}
    return _sealed({"seen": seen, "latest": _to_json(facts.latest), "links": dict(links)}, seal)


def open_facts(sealed: bytes | None, seal: Seal) -> tuple[Facts, dict[str, str]]:
    """Return decrypted facts and ids; nothing once purged. Raises ContentLocked."""
    if sealed is None:
        return Facts(), {}
    stored = json.loads(seal.open(sealed))
    seen = {name: {value: _instant(at) for value, at in values.items()} for name, values in stored["seen"].items()}
    return Facts(seen, _from_json(stored["latest"])), stored["links"]


def seal_content(content: Content, seal: Seal) -> bytes:
    """Return what a person wrote, encrypted."""
    return _sealed(_to_json(content.latest), seal)


def open_content(sealed: bytes | None, seal: Seal) -> Content:
    """Return the decrypted content; nothing once purged. Raises ContentLocked."""
    return Content() if sealed is None else Content(_from_json(json.loads(seal.open(sealed))))


def categories_to_text(fits: Iterable[str]) -> str:
    """Return categories as stored: plain keys, so that queries can check who may see an incident."""
    return "\n".join(sorted(fits))


def categories_from_text(text: str) -> tuple[str, ...]:
    """Return the stored categories."""
    return tuple(text.split("\n")) if text else ()


def stream_actions_to_text(actions: Iterable[StreamAction]) -> str:
    """Return actions in Stream as stored: JSON of keys, states and ids, without content; empty for none."""
    stored = [
        {
            "id": str(action.id),
            "key": action.key,
            "label": action.label,
            "person": action.person,
            "requested_at": _stamp(action.requested_at),
            "state": action.state.value,
            "parts": [[part.kind, part.state.value, part.reason] for part in action.parts],
            "approve_by": action.approve_by and _stamp(action.approve_by),
            "approved_by": action.approved_by,
            "reason": action.reason,
            "failures": action.failures,
            "round": action.round,
            "outcome": action.outcome,
            "policy_version": action.policy_version and str(action.policy_version),
            "rule_digest": action.rule_digest,
        }
        for action in actions
    ]
    return json.dumps(stored, separators=(",", ":")) if stored else ""


def stream_actions_from_text(text: str) -> tuple[StreamAction, ...]:
    """Return the stored actions in Stream."""
    return tuple(_stream_action(stored) for stored in json.loads(text)) if text else ()


def _stream_action(stored: Mapping[str, Any]) -> StreamAction:
    return StreamAction(
        id=UUID(stored["id"]),
        key=stored["key"],
        label=stored["label"],
        person=stored["person"],
        requested_at=_instant(stored["requested_at"]),
        state=ActionState(stored["state"]),
        parts=tuple(ActionPart(kind, PartState(state), reason) for kind, state, reason in stored["parts"]),
        approve_by=None if stored["approve_by"] is None else _instant(stored["approve_by"]),
        approved_by=stored["approved_by"],
        reason=stored["reason"],
        failures=stored["failures"],
        round=stored["round"],
        outcome=stored["outcome"],
        policy_version=stored["policy_version"] and UUID(stored["policy_version"]),
        rule_digest=stored["rule_digest"],
    )


def _sealed(value: Any, seal: Seal) -> bytes:
    return seal.seal(json.dumps(value, separators=(",", ":")).encode())


def _to_json(register: LatestValues) -> dict[str, tuple[int, str]]:
    return {name: (_stamp(at), value) for name, (at, value) in register.items()}


def _from_json(stored: Mapping[str, tuple[int, str]]) -> LatestValues:
    return {name: (_instant(at), value) for name, (at, value) in stored.items()}


def _stamp(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _instant(stamp: int) -> datetime:
    return _EPOCH + stamp * _MICROSECOND
