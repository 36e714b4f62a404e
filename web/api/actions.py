"""`POST /incidents/{number}/...`: the verbs of RULES 3, checked and recorded like a click in Slack."""

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from escalator.engine.permissions import RefusalReason
from escalator.model.incident import Verb
from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from escalator.services.views.perform_action import ViewerAction, act_as_viewer
from web.api.blueprint import ApiBlueprint
from web.api.incidents import NUMBERED, find_incident_or_404
from web.api.problems import refuse
from web.api.request_schemas import NoteSchema, ReassignSchema, ResolveSchema, SnoozeSchema, StreamActionSchema
from web.api.response_schemas import IncidentDetailSchema
from web.note_publishing import publish_later
from web.session import viewer


@dataclass(frozen=True, slots=True)
class _Kind:
    """One possible action: its verb, its fields, and its description."""

    verb: Verb
    summary: str
    asks: type[Schema] | None = None


_KINDS = {
    "acknowledge": _Kind(
        Verb.ACKNOWLEDGE, "Acknowledge the incident: you own it until it is resolved, released or handed over."
    ),
    "release": _Kind(Verb.RELEASE, "Release the incident: it restarts from step 1 at once."),
    "resolve": _Kind(Verb.RESOLVE, "Resolve the incident with an outcome.", ResolveSchema),
    "false-alarm": _Kind(Verb.FALSE_ALARM, "Resolve the incident with the outcome `no_violation`."),
    "snooze": _Kind(
        Verb.SNOOZE, "Snooze the incident: it stays yours and restarts from step 1 when the snooze ends.", SnoozeSchema
    ),
    "reassign": _Kind(
        Verb.HAND_OVER,
        "Hand the incident over to another person, who is notified and must acknowledge it.",
        ReassignSchema,
    ),
    "take-over": _Kind(Verb.TAKE_OVER, "Take the incident over from its present owner."),
    "escalate": _Kind(Verb.ESCALATE_NOW, "Escalate now: the next step fires at once."),
    "still-on-it": _Kind(Verb.STILL_ON_IT, "Keep working on it: the time to resolve starts again."),
    "reopen": _Kind(Verb.REOPEN, "Reopen the incident."),
    "note": _Kind(Verb.NOTE, "Add a note to the incident.", NoteSchema),
    "stream-action": _Kind(
        Verb.STREAM_ACTION,
        "Carry out an action of the policy in Stream, or approve it. It is done once `stream_actions` says so.",
        StreamActionSchema,
    ),
}
_PUBLISHERS = 1
_FORBIDDEN = frozenset({RefusalReason.ROLE, RefusalReason.RESTRICTED})


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add a route for each verb except reveal: text is read in the dashboard only."""
    publishers = ThreadPoolExecutor(_PUBLISHERS, thread_name_prefix="api-note")
    for name, kind in _KINDS.items():
        _add(blueprint, core, publishers, name, kind)


def _add(blueprint: ApiBlueprint, core: Core, publishers: Executor, name: str, kind: _Kind) -> None:
    def do(asked: dict[str, Any] | None = None, *, number: int) -> dict[str, Any]:
        result = act_as_viewer(core, viewer(), number, ViewerAction(kind.verb, **(asked or {})))
        if result is None:
            refuse(404)
        if result.refused is not None:
            refuse(403 if result.refused in _FORBIDDEN else 409, result.refused.value, result.words)
        if result.note is not None:
            publish_later(publishers, core, result.note)
        return find_incident_or_404(core, number)

    do.__name__ = name.replace("-", "_")
    blueprint.route(
        "POST",
        f"{NUMBERED}/{name}",
        scope=Scope.ACT,
        asks=kind.asks,
        answers=IncidentDetailSchema,
        problems=(404, 409),
        summary=kind.summary,
    )(do)
