"""Performs a person's action: the caller has verified them; it is decided and written in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.modals import Origin, reveal_view
from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.endpoints import PERSON_PREFIX, endpoint_of
from escalator.engine.exposure_limits import RevealRequest
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.engine.stream_actions import NewStreamAction
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Incident, Outcome, Verb
from escalator.model.levels import Mode
from escalator.model.message import MessageContext
from escalator.model.policy import Person, Policy
from escalator.rendering.buttons import ButtonValue, encode
from escalator.rendering.replies import done_words, refusal_words
from escalator.services.auth.slack_users import is_our_workspace, person_by_slack_id
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.dialogs import NEEDS_DIALOG, dialog_refusal, dialog_view
from escalator.services.incidents.exposure_limits import person_exposure
from escalator.services.incidents.transaction import unit_of_work
from escalator.store import audit_log, incidents, notes, posted_message_refs
from escalator.store.notes import Note
from escalator.store.posted_messages import PostedMessage

SANDBOX = "sandbox"
SLACK = "slack"


@dataclass(frozen=True, slots=True)
class SlackRequest:
    """A request from Slack; `is_sandbox` when the sandbox's own secret signed it.

    `is_filled`: a window was submitted, with its input.
    """

    user_id: str
    team_id: str
    verb: Verb
    button: ButtonValue
    channel_id: str = ""
    message_ts: str = ""
    is_sandbox: bool = False
    is_filled: bool = False
    outcome: Outcome | None = None
    reference: str = ""
    to: str = ""
    note: str = ""
    enterprise_id: str = ""


@dataclass(frozen=True, slots=True)
class ActionReply:
    """The answer to the person: a text only they see, or a window; empty when the message shows the result.

    `note` is what they have written, to be shown where it may be; `refused` is why nothing changed, if so.
    """

    context: MessageContext
    mode: Mode
    text: str = ""
    view: Json | None = None
    refused: RefusalReason | None = None
    note: UUID | None = None

    @property
    def needs_reference(self) -> bool:
        """Whether it was refused only because the reference is missing."""
        return self.refused is RefusalReason.NO_REFERENCE


@dataclass(frozen=True, slots=True)
class _Case:
    """The locked incident, the running policy, and who asks."""

    request: SlackRequest
    incident: Incident
    running: RunningPolicy
    person: Person | None
    now: datetime
    text_id: UUID

    @property
    def via(self) -> str:
        return SANDBOX if self.request.is_sandbox else SLACK

    @property
    def actor(self) -> Actor:
        return Actor("person", self.person.key) if self.person else Actor("stranger", self.request.user_id)


def perform_action(core: Core, request: SlackRequest) -> ActionReply:
    """Perform an action, or say why not. Raises Unavailable when it could not be recorded."""
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.required(connection)
        locked = incidents.lock(connection, [request.button.incident_id], core.seal)
        incident = locked.get(request.button.incident_id)
        if incident is None or is_in_sandbox(core, incident, running.policy) is not request.is_sandbox:
            nothing = refusal_words(Refusal(RefusalReason.NO_INCIDENT), None, running.policy, now)
            return ActionReply(
                MessageContext(None, None, ""), _mode(request), nothing, refused=RefusalReason.NO_INCIDENT
            )
        case = _Case(
            request,
            incident,
            running,
            person_by_slack_id(core, connection, request.user_id, running.policy),
            now,
            uuid7(),
        )
        work.has_deliveries = _adopt(core, connection, case)
        result = _judge(core, connection, case)
        if isinstance(result, Change):
            work.apply([Decision(incident, result)], running, now)
            _keep_note(core, connection, case)
        elif result is not None:
            record_refusal(connection, incident, case.actor, case.via, request.verb.value, result, now)
    return _reply(case, result)


def is_in_sandbox(core: Core, incident: Incident, policy: Policy) -> bool:
    """Whether an incident is in the sandbox now: actions in the sandbox count only there, others only outside."""
    return core.mode_for(incident, policy) is Mode.SANDBOX


def reply_mode(*, is_sandbox: bool) -> Mode:
    """Return the mode for the answer: it goes to where the click came from, in any mode."""
    return Mode.SANDBOX if is_sandbox else Mode.PRODUCTION


def _mode(request: SlackRequest) -> Mode:
    return reply_mode(is_sandbox=request.is_sandbox)


def _judge(core: Core, connection: Connection, case: _Case) -> Change | Refusal | None:
    """Return the action's change or refusal; None when a window must be filled in first."""
    request = case.request
    if not request.is_sandbox and not is_our_workspace(connection, request.team_id, request.enterprise_id):
        return Refusal(RefusalReason.WRONG_WORKSPACE)
    if case.person is None:
        return Refusal(RefusalReason.UNKNOWN_PERSON, by=request.user_id)
    if request.verb in NEEDS_DIALOG and not request.is_filled:
        return dialog_refusal(request.verb, request.button, case.person, case.incident, case.running.policy)
    seen = (request.button.round, request.button.fence)
    if request.is_filled:
        # A step may change the fence while the window is open; a new round may not begin.
        seen = (request.button.round, case.incident.fence)
    action_request = ActionRequest(
        verb=request.verb,
        person=case.person,
        via=case.via,
        seen=seen,
        outcome=request.outcome,
        reference=request.reference,
        minutes=request.button.minutes,
        to=request.to,
        note=str(case.text_id),
        reading=_reading(connection, case) if request.verb is Verb.REVEAL else None,
        stream_action=NewStreamAction(request.button.action, uuid7()) if request.button.action else None,
    )
    return apply_action(
        action_request, case.incident, rules_for(core, connection, case.incident, case.running), case.now
    )


def _reading(connection: Connection, case: _Case) -> RevealRequest | None:
    if case.person is None:
        return None
    return RevealRequest(person_exposure(connection, case.person, case.running.policy, case.now, case.incident.id))


def _keep_note(core: Core, connection: Connection, case: _Case) -> None:
    if case.request.verb is Verb.NOTE and case.person is not None:
        sealed = core.seal.seal(case.request.note.encode())
        notes.insert(connection, Note(case.text_id, case.incident.id, case.now, case.person.key, sealed))


def _adopt(core: Core, connection: Connection, case: _Case) -> bool:
    """Store a message of ours that we did not know: a worker may die between the post and its `ts`."""
    request, incident = case.request, case.incident
    if not request.channel_id or not request.message_ts or case.person is None:
        return False
    is_direct = request.channel_id.startswith("D")
    destination = f"{PERSON_PREFIX}{case.person.key}" if is_direct else request.channel_id
    new = PostedMessage(
        id=uuid7(),
        incident_id=incident.id,
        destination=destination,
        endpoint=endpoint_of(destination, DestinationKind.SLACK, request.channel_id, case.running.policy),
        address=request.channel_id,
        slot=posted_message_refs.next_slot(connection, incident.id),
        mode=core.mode_for(incident, case.running.policy),
        channel=DestinationKind.SLACK,
        person=case.person.key if is_direct else None,
        vendor_ref=f"{request.channel_id}/{request.message_ts}",
        wanted_revision=incident.revision,
        shown_revision=0,
        claim_number=0,
        attempts=0,
    )
    return posted_message_refs.adopt(connection, new, case.now)


def record_refusal(  # noqa: PLR0913  # the fields of a record
    connection: Connection, incident: Incident, actor: Actor, via: str, verb: str, why: Refusal, now: datetime
) -> None:
    """Record that somebody tried an action and why it was refused."""
    entry = AuditEntry(AuditAction.REFUSED, actor, via, why.why.value, after={"verb": verb}, incident_id=incident.id)
    audit_log.insert(connection, [(entry, incident.policy_version)], now)


def _reply(case: _Case, result: Change | Refusal | None) -> ActionReply:
    incident, request = case.incident, case.request
    context = MessageContext(incident.id, incident.number, request.channel_id, case.person.key if case.person else None)
    if result is None and case.person is not None:
        origin = Origin(encode(request.button), request.channel_id, request.message_ts)
        view = dialog_view(request.verb, origin, case.person, incident, case.running.policy)
        return ActionReply(context, _mode(request), view=view)
    refusal_ = result.note if isinstance(result, Change) else result
    if refusal_ is not None:
        text = refusal_words(refusal_, incident, case.running.policy, case.now)
        return ActionReply(context, _mode(request), text, refused=refusal_.why)
    if request.verb is Verb.REVEAL:
        return ActionReply(context, _mode(request), view=reveal_view(incident.number, incident.content["text"]))
    if request.verb is Verb.NOTE:
        return ActionReply(context, _mode(request), note=case.text_id)
    if isinstance(result, Change) and case.person is not None and not request.message_ts:
        return ActionReply(context, _mode(request), done_words(case.person.key, result.incident, case.running.policy))
    return ActionReply(context, _mode(request))
