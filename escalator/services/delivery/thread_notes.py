"""Notes in Slack: a reply in the thread of each full message, updated like that message.

Each is a row in `posted_messages` like other messages, so it is removed at once when the rule gets stricter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.channels.contract import Notification
from escalator.channels.slack.blocks import message
from escalator.errors import ContentLocked
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.message import Failed, MessageContext
from escalator.rendering.thread_notes import note_card
from escalator.rendering.view import View
from escalator.services.core.context import Core
from escalator.services.incidents.dialogs import may_post_note
from escalator.services.notifications import compose
from escalator.store import incidents, notes, posted_message_refs, posted_messages
from escalator.store.notes import Note
from escalator.store.posted_messages import PostedMessage

log = structlog.get_logger(__name__)

_NOTE = "note:"


@dataclass(frozen=True, slots=True)
class _Plan:
    """A note that may be shown, and the full messages it replies to."""

    incident: Incident
    mode: Mode
    under: Sequence[PostedMessage]
    notification: Notification
    note: Note


def post_thread_notes(core: Core, text_id: UUID) -> None:
    """Show a note under the full messages of its incident in channels; without any, under direct ones.

    The note is stored already; if Slack refuses, it is only not shown. A process that dies between Slack's answer and
    the row leaves a reply that we do not know and cannot redact: only Slack's answer has its place, and unlike a page,
    which a click makes known, a note has no button. Raises Unavailable.
    """
    plan = _planned(core, text_id)
    if plan is None:
        return
    slack, payload = core.slack(plan.mode), message(plan.notification.card)
    face = core.channels(plan.mode)[DestinationKind.SLACK].face(plan.notification)
    shown = []
    for post in plan.under:
        channel, _, ts = (post.vendor_ref or "").partition("/")
        context = MessageContext(plan.incident.id, plan.incident.number, post.destination, post.person)
        result = slack.post(context, channel, payload, ts)
        if isinstance(result, Failed):
            log.warning("note_not_shown", reason=result.reason.value, detail=result.detail)
        else:
            shown.append(replace(post, vendor_ref=result.ref, address=channel, shown_fingerprint=face))
    _keep(core, plan, shown)


def _planned(core: Core, text_id: UUID) -> _Plan | None:
    """Return what to show and where, or None when it is not shown."""
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        note = notes.find(connection, [text_id]).get(text_id)
        if running is None or note is None:
            return None
        incident = incidents.read(connection, [note.incident_id], core.seal)[note.incident_id]
        mode = core.mode_for(incident, running.policy)
        under = _full_messages(connection, incident, mode, now)
        if not under or not may_post_note(incident, running.policy):
            return None
        frozen = core.policies.version(connection, incident.policy_version)
        view = compose.build_view(core, incident, frozen, running, under[0], now=now)
    notification = compose.build_notification(core, view, under[0], key=text_id, post=None)
    return _Plan(incident, mode, under, as_note_update(core, notification, view, note), note)


def _full_messages(connection: Connection, incident: Incident, mode: Mode, now: datetime) -> list[PostedMessage]:
    standing = [
        post
        for post in posted_messages.of_incident(connection, incident.id, now)
        if post.channel is DestinationKind.SLACK and post.mode is mode and post.vendor_ref and not _is_note(post)
    ]
    return [post for post in standing if post.person is None] or standing


def _keep(core: Core, plan: _Plan, shown: Sequence[PostedMessage]) -> None:
    """Record what was posted; if its incident has changed meanwhile, mark it as outdated."""
    with core.database.writing() as connection:
        present = incidents.lock(connection, [plan.incident.id], core.seal)[plan.incident.id]
        first = posted_message_refs.next_slot(connection, present.id)
        rows = [
            replace(
                post,
                id=uuid7(),
                destination=f"{_NOTE}{plan.note.id}",
                slot=first + index,
                wanted_revision=present.revision,
                shown_revision=plan.incident.revision,
                claim_number=0,
                attempts=0,
            )
            for index, post in enumerate(shown)
        ]
        posted_messages.insert(connection, rows, None, core.clock.now())


def _is_note(post: PostedMessage) -> bool:
    return post.destination.startswith(_NOTE)


def note_texts(connection: Connection, behind: Iterable[PostedMessage]) -> dict[UUID, Note]:
    """Return the texts of those posted messages that are notes, by id."""
    ids = {post.id: UUID(post.destination.removeprefix(_NOTE)) for post in behind if _is_note(post)}
    notes_by_id = notes.find(connection, ids.values())
    return {post_id: notes_by_id[text_id] for post_id, text_id in ids.items() if text_id in notes_by_id}


def as_note_update(core: Core, notification: Notification, view: View, note: Note) -> Notification:
    """Return the notification that updates a note."""
    return replace(notification, card=note_card(view, note.author, _body(core, note)))


def _body(core: Core, note: Note) -> str | None:
    """Return the text; None when it is deleted or none of our keys decrypts it."""
    if note.sealed_body is None:
        return None
    try:
        return core.seal.open(note.sealed_body).decode()
    except ContentLocked:
        return None
