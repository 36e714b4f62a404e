"""The issue's status and comments for an incident's state. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from escalator.channels.contract import fingerprint_of
from escalator.channels.jira.api import Category, Transition
from escalator.model.incident import CLOSED_STATES, HELD_STATES, State
from escalator.model.message import IncidentStatus

MOST_TRIES = 2
"""How many transitions are tried: the first may require fields that we do not know."""

_OPEN_AGAIN = (Category.NEW, Category.UNDEFINED, Category.INDETERMINATE)
_MARKER_CHARS = 16


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment that is added once: `marker` is the same for the same fact, and is part of the comment."""

    marker: str
    text: str


def wanted_categories(state: State, present: Category) -> tuple[Category, ...]:
    """Return the categories that the issue should be moved to, the best one first; none while it may stay.

    While a person holds the incident the issue keeps the status they chose, unless that is done.
    """
    if state in CLOSED_STATES:
        return () if present is Category.DONE else (Category.DONE,)
    if state in HELD_STATES and present is not Category.INDETERMINATE:
        return (Category.INDETERMINATE,) if present is not Category.DONE else (Category.INDETERMINATE, *_OPEN_AGAIN)
    if state is State.TRIGGERED and present is Category.DONE:
        return _OPEN_AGAIN
    return ()


def usable_transitions(offered: Sequence[Transition], categories: Sequence[Category]) -> tuple[Transition, ...]:
    """Return the offered transitions worth trying, in order of preference."""
    matching = [
        transition for category in categories for transition in offered if transition.to is category and transition.id
    ]
    return tuple(dict.fromkeys(matching))[:MOST_TRIES]


def remark(status: IncidentStatus, text: str, present: Category) -> Remark | None:
    """Return the comment on the incident's state; None when there is none."""
    if status.state in CLOSED_STATES:
        return Remark(_marker("over", status, str(status.outcome)), text)
    if status.state in HELD_STATES:
        return Remark(_marker("taken", status), text)
    if status.state is State.TRIGGERED and present is Category.DONE:
        return Remark(_marker("open", status), f"Reopened: {text}")
    return None


def marker(*parts: str) -> str:
    """Return a marker for these facts that nobody writes by chance."""
    return f"escalator-{fingerprint_of(*parts)[:_MARKER_CHARS]}"


def _marker(kind: str, status: IncidentStatus, *more: str) -> str:
    since = status.since.isoformat() if status.since else ""
    return marker(kind, str(status.incident_id), str(status.round), status.by or "", since, *more)
