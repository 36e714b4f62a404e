"""`/escalate`: somebody opens an incident by hand. It is stored as an event first and processed like all events."""

from dataclasses import dataclass, replace
from enum import StrEnum

import structlog
from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.escalate_modal import CATEGORY, SOURCE, escalate_view
from escalator.channels.slack.modals import Choice
from escalator.channels.slack.submissions import Opening
from escalator.encryption import digest
from escalator.engine.permissions import may_view_category
from escalator.errors import Conflict, Unavailable
from escalator.metrics import EVENTS
from escalator.model.levels import Mode, Role
from escalator.model.policy import Person, Policy
from escalator.ports import PROCESS_EVENTS
from escalator.services.auth.slack_users import slack_sender
from escalator.services.core.context import Core
from escalator.services.intake.process import process_event
from escalator.store import events, incidents
from escalator.store.events import EventState, StoredEvent
from escalator.stream.manual_incident import TYPE, ManualReport, body_of

log = structlog.get_logger(__name__)

_RECORDED = "Recorded. The incident opens in a moment."


class NotOpened(StrEnum):
    """Why nobody may open one, or none was opened."""

    ROLE = "Nothing changed: your role does not allow this. Ask a moderator."
    NO_SOURCE = "Nothing changed: no source of the policy is enabled."
    NO_CATEGORY = "Nothing changed: the policy has no category that you may open an incident in."
    NO_TEXT = "Nothing changed: describe what it is about."


@dataclass(frozen=True, slots=True)
class _Choices:
    """What somebody may choose."""

    categories: tuple[Choice, ...]
    sources: tuple[Choice, ...]


def escalate_dialog(core: Core, person: Person, policy: Policy, *, is_sandbox: bool) -> Json | NotOpened:
    """Return the window that opens an incident by hand, or why this person gets none."""
    choices = _choices(core, person, policy, is_sandbox=is_sandbox)
    return choices if isinstance(choices, NotOpened) else escalate_view(choices.categories, choices.sources)


def manual_choices(core: Core, person: Person, policy: Policy, name: str, *, is_sandbox: bool) -> list[Choice]:
    """Return this person's choices for an input of the window; they may be more than a menu holds."""
    choices = _choices(core, person, policy, is_sandbox=is_sandbox)
    if isinstance(choices, NotOpened):
        return []
    return list({CATEGORY: choices.categories, SOURCE: choices.sources}.get(name, ()))


def _choices(core: Core, person: Person, policy: Policy, *, is_sandbox: bool) -> _Choices | NotOpened:
    """Return the categories whose incidents they may see, and the sources that are on.

    Requests from the sandbox open incidents only there.
    """
    if person.role < Role.MODERATOR:
        return NotOpened.ROLE
    on = [source for source in policy.sources.values() if core.expand(source.api_key)]
    if is_sandbox:
        on = [source for source in on if core.mode_of(source.name, policy) is Mode.SANDBOX]
    if not on:
        return NotOpened.NO_SOURCE
    seen = [category for category in policy.categories.values() if may_view_category(person.key, category, policy)]
    if not seen:
        return NotOpened.NO_CATEGORY
    return _Choices(tuple((one.key, one.title) for one in seen), tuple((one.name, one.name) for one in on))


def open_manual_incident(core: Core, request: Opening, *, is_sandbox: bool) -> str:
    """Open an incident, and return the answer to the person. Raises Unavailable when it could not be stored."""
    with core.database.reading() as connection:
        stored = _checked(core, connection, request, is_sandbox=is_sandbox)
    if isinstance(stored, str):
        return stored
    event, mode = stored
    with core.database.writing() as connection:
        is_new = events.insert(connection, event)
    if is_new:
        core.metrics.count(EVENTS, source=event.source, type=TYPE, outcome="stored")
    core.queue.publish(PROCESS_EVENTS)
    number = _processed(core, event)
    if number is None:
        return _RECORDED
    return f"#{number} opened" if mode is not Mode.SANDBOX else f"#{number} opened in the sandbox: nothing is sent"


def _checked(
    core: Core, connection: Connection, request: Opening, *, is_sandbox: bool
) -> tuple[StoredEvent, Mode] | str:
    """Return the event to store and the mode of its incident, or why it is not stored."""
    running = core.policies.required(connection)
    person = slack_sender(core, connection, running.policy, request, is_sandbox=is_sandbox)
    if isinstance(person, str):
        return person
    choices = _choices(core, person, running.policy, is_sandbox=is_sandbox)
    if isinstance(choices, NotOpened):
        return choices
    if request.category not in dict(choices.categories):
        return NotOpened.NO_CATEGORY
    if not request.about:
        return NotOpened.NO_TEXT
    source = request.source if request.source in dict(choices.sources) else choices.sources[0][0]
    report = ManualReport(
        id=request.view_id or str(uuid7()),
        category=request.category,
        about=request.about,
        person=person.key,
        via="sandbox" if is_sandbox else "slack",
        item=request.item,
        author=request.author,
    )
    return _event(core, source, body_of(report)), core.mode_of(source, running.policy)


def _event(core: Core, source: str, body: bytes) -> StoredEvent:
    event = StoredEvent(
        id=uuid7(),
        source=source,
        sha256=digest(body),
        type=TYPE,
        received_at=core.clock.now(),
        state=EventState.NEW,
    )
    return replace(event, sealed_body=core.seal.seal(body))


def _processed(core: Core, event: StoredEvent) -> int | None:
    """Return the number of the event's incident, after a try to process it now.

    If that fails, the event is stored, and a worker has been notified.
    """
    try:
        process_event(core, event.id)
        with core.database.reading() as connection:
            return incidents.number_of_event(connection, event.source, event.sha256)
    except (Unavailable, Conflict):
        return None
    except Exception:
        log.exception("manual_not_processed", event_id=str(event.id))
        return None
