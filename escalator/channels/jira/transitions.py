"""What an incident's state asks of its issue: a status of another category, and a word about it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from escalator.channels.contract import digest_of
from escalator.channels.jira.api import Category, Transition
from escalator.model.incident import CLOSED_STATES, HELD_STATES, State
from escalator.model.message import IncidentStatus

MOST_TRIES = 2
"""How many of a workflow's ways to the same category are tried: the first may ask for fields that we do not know."""

_OPEN_AGAIN = (Category.NEW, Category.UNDEFINED, Category.INDETERMINATE)
_MARKER_CHARS = 16


@dataclass(frozen=True, slots=True)
class Remark:
    """What is commented once: `marker` is the same for the same fact, and stands in the comment."""

    marker: str
    text: str


def wanted_categories(state: State, present: Category) -> tuple[Category, ...]:
    """Return the categories that the issue should be moved to, the best one first; none while it may stay.

    What a person holds is left where they have put it, as long as that is not done.
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
    """Return what is said once of how the incident stands; None when there is nothing to say."""
    if status.state in CLOSED_STATES:
        return Remark(_marker("over", status, str(status.outcome)), text)
    if status.state in HELD_STATES:
        return Remark(_marker("taken", status), text)
    if status.state is State.TRIGGERED and present is Category.DONE:
        return Remark(_marker("open", status), f"Reopened: {text}")
    return None


def marker(*parts: str) -> str:
    """Return a mark for these facts that nobody writes by chance."""
    return f"escalator-{digest_of(*parts)[:_MARKER_CHARS]}"


def _marker(kind: str, status: IncidentStatus, *more: str) -> str:
    since = status.since.isoformat() if status.since else ""
    return marker(kind, str(status.incident_id), str(status.round), status.by or "", since, *more)
