"""A signed-in person acts on an incident: with the same engine and records as a click in Slack."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid6 import uuid7

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.engine.stream_actions import NewStreamAction
from escalator.model.incident import Incident, Outcome, Verb
from escalator.model.policy import Policy
from escalator.rendering.redaction import names_by_key
from escalator.rendering.replies import done_words, refusal_words
from escalator.services.auth.incident_access import find_visible_incident
from escalator.services.auth.viewer import API, Viewer
from escalator.services.core.context import Core
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.views.viewer_refusal import record_viewer_refusal
from escalator.store import notes
from escalator.store.notes import Note


@dataclass(frozen=True, slots=True)
class ViewerAction:
    """What somebody wants to do. `seen` is the (round, fence) of the page they used, None for a machine.

    `action` is the key of an action in Stream.
    """

    verb: Verb
    seen: tuple[int, int] | None = None
    outcome: Outcome | None = None
    reference: str = ""
    minutes: int | None = None
    to: str = ""
    note: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The result: the incident's state now, the message to the person, and why it was refused, if it was.

    `note` is what they have written, to be published where it may be shown.
    """

    incident: Incident
    words: str
    refused: RefusalReason | None = None
    note: UUID | None = None


def act_as_viewer(core: Core, viewer: Viewer, number: int, action: ViewerAction) -> ActionResult | None:
    """Perform an action, or return why not; None when there is no such incident that they may see.

    Raises Unavailable when it could not be recorded.
    """
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.required(connection)
        incident = find_visible_incident(core, connection, viewer, number, running.policy, is_locked=True)
        if incident is None:
            return None
        # Outside Slack and the dashboard, people are keys, not names.
        spoken = names_by_key(running.policy) if viewer.via == API else running.policy
        text_id = uuid7()
        request = ActionRequest(
            verb=action.verb,
            person=viewer.person,
            via=viewer.via,
            seen=action.seen,
            outcome=action.outcome,
            reference=action.reference or None,
            minutes=action.minutes,
            to=action.to or None,
            note=str(text_id) if action.note else None,
            stream_action=NewStreamAction(action.action, uuid7()) if action.action else None,
        )
        result = apply_action(request, incident, rules_for(core, connection, incident, running), now)
        if isinstance(result, Refusal):
            record_viewer_refusal(connection, viewer, incident, action.verb, result, now)
            return ActionResult(incident, refusal_words(result, incident, spoken, now), result.why)
        work.apply([Decision(incident, result)], running, now)
        if action.note:
            sealed = core.seal.seal(action.note.encode())
            notes.insert(connection, Note(text_id, incident.id, now, viewer.person.key, sealed))
        words, why_not = _words(result, viewer, spoken, now), result.note.why if result.note else None
        return ActionResult(result.incident, words, why_not, text_id if action.note else None)


def _words(change: Change, viewer: Viewer, policy: Policy, now: datetime) -> str:
    if change.note is not None:
        return refusal_words(change.note, change.incident, policy, now)
    return done_words(viewer.person.key, change.incident, policy)
