"""`POST /incidents/{number}/...`: the verbs of RULES 3, judged and recorded as a click in Slack is."""

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from escalator.engine.permissions import RefusalReason
from escalator.model.incident import Verb
from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from escalator.services.views.actions import ViewerAction, act_as_viewer
from web.api.blueprint import ApiBlueprint
from web.api.incidents import NUMBERED, find_incident_or_404
from web.api.problems import refuse
from web.api.request_schemas import NoteSchema, ReassignSchema, ResolveSchema, SnoozeSchema
from web.api.response_schemas import OpenedIncidentSchema
from web.note_publishing import publish_later
from web.session import viewer


@dataclass(frozen=True, slots=True)
class _Kind:
    """One thing that may be done: its verb, what it asks for, and what it says."""

    verb: Verb
    summary: str
    asks: type[Schema] | None = None


_KINDS = {
    "acknowledge": _Kind(Verb.ACKNOWLEDGE, "I have it: I finish it or hand it over."),
    "release": _Kind(Verb.RELEASE, "I cannot take it after all: the path begins from the top, at once."),
    "resolve": _Kind(Verb.RESOLVE, "It is done, with an outcome.", ResolveSchema),
    "false-alarm": _Kind(Verb.FALSE_ALARM, "It is done: there was no violation."),
    "snooze": _Kind(Verb.SNOOZE, "Nothing can be done for a while, and I keep it.", SnoozeSchema),
    "reassign": _Kind(Verb.HAND_OVER, "Somebody else has it: they are told and must acknowledge.", ReassignSchema),
    "take-over": _Kind(Verb.TAKE_OVER, "I have it instead of who has it now."),
    "escalate": _Kind(Verb.ESCALATE_NOW, "This needs somebody more senior: the next step fires now."),
    "still-on-it": _Kind(Verb.STILL_ON_IT, "I need longer: the time to resolve it begins anew."),
    "reopen": _Kind(Verb.REOPEN, "It is not over after all."),
    "note": _Kind(Verb.NOTE, "Write down what others should know.", NoteSchema),
}
_PUBLISHERS = 1
_FORBIDDEN = frozenset({RefusalReason.ROLE, RefusalReason.RESTRICTED})


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add a route for each verb. Revealing is not among them: text is read in the dashboard only."""
    publishers = ThreadPoolExecutor(_PUBLISHERS, thread_name_prefix="api-note")
    for name, kind in _KINDS.items():
        _add(blueprint, core, publishers, name, kind)


def _add(blueprint: ApiBlueprint, core: Core, publishers: Executor, name: str, kind: _Kind) -> None:
    def do(asked: dict[str, Any] | None = None, *, number: int) -> dict[str, Any]:
        done = act_as_viewer(core, viewer(), number, ViewerAction(kind.verb, **(asked or {})))
        if done is None:
            refuse(404)
        if done.refused is not None:
            refuse(403 if done.refused in _FORBIDDEN else 409, done.refused.value, done.words)
        if done.note is not None:
            publish_later(publishers, core, done.note)
        return find_incident_or_404(core, number)

    do.__name__ = name.replace("-", "_")
    blueprint.route(
        "POST",
        f"{NUMBERED}/{name}",
        scope=Scope.ACT,
        asks=kind.asks,
        answers=OpenedIncidentSchema,
        problems=(404, 409),
        summary=kind.summary,
    )(do)
