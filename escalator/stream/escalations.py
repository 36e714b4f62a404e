"""Calls for people (RULES 1): who escalated an item in Stream, or sent it to a custom action, and when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from escalator.stream import events
from escalator.stream.actors import Actors
from escalator.stream.schemas import ModerationAction, StreamEvent
from escalator.stream.text import normalized_word

ESCALATE = "escalate"
CUSTOM = "custom"
PAGE_ACTION = "escalator_page"
"""The custom action of the button that `escalator stream install-action` puts into Stream's dashboard."""

PAGE_MARK = {"escalator": "page"}
"""An option of that button. Which of its values Stream sends as the id of the action is not documented."""


@dataclass(frozen=True, slots=True)
class EscalationCall:
    """One call: its names in conditions (`custom` and the id of the custom action), and when it was made.

    `at` is None where Stream does not send it. `is_automatic` where automation, an API key or the author made it.
    """

    names: tuple[str, ...]
    at: datetime | None
    is_automatic: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


def escalation_calls_of(event: StreamEvent, actors: Actors, at: datetime) -> tuple[EscalationCall, ...]:
    """Return every call in the event. `at` is the event's own time."""
    logged = tuple(_logged(event, actors, at))
    return (*logged, *_by_webhook(event, logged, at), *_by_item(event, logged, actors))


def _logged(event: StreamEvent, actors: Actors, at: datetime) -> Iterator[EscalationCall]:
    """Yield the calls of the action log. Only the action that the event is about may take the event's time."""
    for action in event.all_actions:
        if normalized_word(action.type) in {ESCALATE, CUSTOM}:
            made_at = action.created_at or (at if action is event.action else None)
            yield EscalationCall(action_names_of(action), made_at, actors.is_machine(action), _options(action))


def action_names_of(action: ModerationAction) -> tuple[str, ...]:
    """Return the names of an action in conditions."""
    custom = action.custom if normalized_word(action.type) == CUSTOM else None
    if custom is None:
        return tuple(filter(None, (normalized_word(action.type),)))
    return _custom_names(custom.id or custom.action_id, _options(action))


def _custom_names(action_id: str, options: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of a custom action: its id, and ours if its id or an option says that it is our button."""
    is_page = PAGE_ACTION in {action_id, *options.values()} or PAGE_MARK.items() <= options.items()
    return tuple(dict.fromkeys(filter(None, (CUSTOM, action_id, PAGE_ACTION if is_page else ""))))


def _options(action: ModerationAction) -> Mapping[str, str]:
    custom = action.custom if normalized_word(action.type) == CUSTOM else None
    return {**custom.options, **custom.action_options} if custom else {}


def _by_webhook(event: StreamEvent, logged: tuple[EscalationCall, ...], at: datetime) -> Iterator[EscalationCall]:
    """Yield the custom action that the event itself is, with time and actor from the log where it has them."""
    if event.type != events.CUSTOM_ACTION:
        return
    names = _custom_names(event.action_id, event.action_options)
    same = [call for call in logged if call.names == names and call.at]
    newest = max(same, key=_made_at, default=EscalationCall(names, at))
    yield EscalationCall(names, newest.at, newest.is_automatic, event.action_options)


def _by_item(event: StreamEvent, logged: tuple[EscalationCall, ...], actors: Actors) -> Iterator[EscalationCall]:
    """Yield the escalation in the item, which every later event about the item repeats."""
    item = event.snapshot
    if item is None or not item.escalated:
        return
    same = [call for call in logged if call.names == (ESCALATE,)]
    is_logged = bool(same) and item.escalated_by not in actors.staff
    is_automatic = actors.is_machine_id(item.escalated_by) or (is_logged and all(call.is_automatic for call in same))
    yield EscalationCall((ESCALATE,), item.escalated_at, is_automatic)


def _made_at(call: EscalationCall) -> float:
    return call.at.timestamp() if call.at else 0.0
