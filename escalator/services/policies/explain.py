"""What an event would do now: the live engine, run ahead of the clock with the installation's data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from json import JSONDecodeError
from typing import Any

from escalator.engine.preview import Preview, preview
from escalator.engine.reviews import stream_ids_of_people
from escalator.errors import InvalidEvent
from escalator.model.facts import Observation
from escalator.rendering.preview_json import document
from escalator.services.auth import incident_access
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import events
from escalator.store.events import StoredEvent
from escalator.stream.read_event import observe

_MOST_EVENTS = 20
"""At most so many events are offered."""

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)
"""Schedules and delays are added to the time and must stay within the calendar."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The effects of an event accepted at that time; `observation` is None for one that is not supported."""

    at: datetime
    source: str
    observation: Observation | None
    found: Preview | None


def explain_event(
    core: Core, running: RunningPolicy, body: bytes, source: str | None, at: datetime | None
) -> Explanation:
    """Return what an event would do under the running policy, with its calendars and every silence that has not ended.

    By default `source` is the policy's first and `at` (aware) is now. Nothing is stored or sent. Raises InvalidEvent,
    by field, for a body that is no event, an unknown `source`, and an unreasonable `at`.
    """
    policy, now = running.policy, at or core.clock.now()
    if not _EARLIEST <= now <= _LATEST:
        raise InvalidEvent({"at": [f"Enter a time between {_EARLIEST:%Y} and {_LATEST:%Y}."]})
    observation = observe(body, now, stream_ids_of_people(policy))
    name = next(iter(policy.sources), "") if source is None else source
    if source is not None and source not in policy.sources:
        raise InvalidEvent({"source": [f"Unknown source; known: {', '.join(policy.sources) or 'none'}."]})
    begun = tuple(silence for silence in running.silences if silence not in policy.silences)
    result = preview(observation, name, policy, now, running.calendars, begun) if observation else None
    return Explanation(now, name, observation, result)


def stored_events(core: Core, running: RunningPolicy, viewer: Viewer, number: int) -> tuple[StoredEvent, ...] | None:
    """Return an incident's first events whose bodies are kept, sealed; None when they may see no such incident.

    The result may be empty: bodies are purged.
    """
    with core.database.reading() as connection:
        incident = incident_access.find_visible_incident(core, connection, viewer, number, running.policy)
        if incident is None:
            return None
        return tuple(events.of_incident(connection, incident.id, _MOST_EVENTS))


def read_stored_event(core: Core, event: StoredEvent) -> bytes:
    """Return the body of a stored event, to parse but not to show. Raises ContentLocked."""
    return core.seal.open(event.sealed_body or b"")


def event_problems(error: InvalidEvent) -> Iterator[tuple[str, str]]:
    """Yield the problems of an event: the field, empty for the whole event, and the problem with its place."""
    cause = error.__cause__
    if isinstance(cause, JSONDecodeError):
        yield "", f"not valid JSON at line {cause.lineno}, column {cause.colno}: {cause.msg}"
        return
    if isinstance(cause, UnicodeDecodeError):
        yield "", f"not valid UTF-8 at byte {cause.start}"
        return
    for name, messages in error.errors.items():
        yield name.strip("_").removesuffix("schema"), " ".join(messages)


def explain_as_json(
    core: Core, running: RunningPolicy, body: bytes, source: str | None, at: datetime | None
) -> dict[str, Any]:
    """Return the JSON object of RULES 6 for an event; defaults and errors are those of `explain_event`."""
    explanation = explain_event(core, running, body, source, at)
    return document(explanation.found, explanation.at)
