"""The handoff message of a shift: the team's incidents as a list, never their content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from escalator.engine.handoff import HandoffRole
from escalator.engine.permissions import check_permission
from escalator.model.incident import HELD_STATES, Incident, State, Verb
from escalator.model.levels import Severity
from escalator.model.message import Button, Card, InlineTime, Line
from escalator.model.policy import Policy
from escalator.rendering.buttons import incident_button
from escalator.rendering.push_text import headline, words
from escalator.rendering.view import display_name

MOST_LINES = 15

_HINTS = {
    HandoffRole.ON: "You can take over incidents from people who are no longer on call.",
    HandoffRole.OFF: ("The people now on call can take them over. Release restarts an incident from step 1 at once."),
    HandoffRole.LEAD: "The people on call for the team have been notified too.",
}


@dataclass(frozen=True, slots=True)
class ShiftView:
    """The handoff for one reader: incidents with the titles of their categories, the gravest and oldest first.

    `policy` is the running one (outside Slack with keys for names). `is_cut`: there are more than were read.
    """

    part: HandoffRole
    team: str
    reader: str
    listed: tuple[tuple[Incident, str], ...]
    policy: Policy
    now: datetime
    is_cut: bool = False


def card(view: ShiftView) -> Card:
    """Return the bulletin for this reader, with the present state of the incidents."""
    text = _text(view)
    return Card(
        text=text,
        header=f"Your shift: {view.team}" if view.part is HandoffRole.ON else text,
        lines=tuple(_lines(view)),
        buttons=tuple(_buttons(view)),
        is_bulletin=True,
    )


def _text(view: ShiftView) -> str:
    """Return the text that a locked phone shows: numbers, without titles."""
    count = len(view.listed)
    several = f"{count} or more" if view.is_cut else str(count)
    incidents = "incident" if several == "1" else "incidents"
    match view.part:
        case HandoffRole.ON if not count:
            return f"Your shift for {view.team}: nothing is open"
        case HandoffRole.ON:
            grave = sum(incident.severity is Severity.CRITICAL for incident, _title in view.listed)
            return f"Your shift for {view.team}: {several} open{f', {grave} critical' if grave else ''}"
        case HandoffRole.OFF:
            return f"You still own {several if count else 'no'} {incidents} of {view.team}"
        case HandoffRole.LEAD:
            return f"{several if count else 'No'} critical {incidents} of {view.team} without an owner"


def _lines(view: ShiftView) -> Iterator[Line]:
    for incident, title in view.listed[:MOST_LINES]:
        many = f" · {incident.member_count} alerts" if incident.is_group else ""
        yield (f"#{incident.number} {headline(incident.severity, title)}{many} · ", *_state(incident, view))
    left = len(view.listed) - MOST_LINES
    if left > 0:
        yield (f"and {left} more",)
    if view.listed and (
        view.part is not HandoffRole.ON or any(incident.state in HELD_STATES for incident, _title in view.listed)
    ):
        yield (_HINTS[view.part],)


def _state(incident: Incident, view: ShiftView) -> Line:
    owner = (
        "you"
        if incident.owner == view.reader
        else display_name(incident.owner, view.policy)
        if incident.owner
        else "the team"
    )
    if incident.state is State.SNOOZED and incident.due_at is not None:
        return (f"snoozed by {owner} until ", InlineTime(incident.due_at))
    if incident.state in HELD_STATES:
        return (f"with {owner} for {words(view.now - (incident.acknowledged_at or view.now))}",)
    return ("unacknowledged since ", InlineTime(incident.waiting_since or incident.opened_at))


def _buttons(view: ShiftView) -> Iterator[Button]:
    """Yield a button for each line: Release for the reader's own incidents, Take over for others."""
    verb, label = (Verb.RELEASE, "Release") if view.part is HandoffRole.OFF else (Verb.TAKE_OVER, "Take over")
    for incident, _title in view.listed[:MOST_LINES]:
        person = view.policy.people[view.reader]
        is_theirs = incident.state in HELD_STATES and incident.owner == view.reader
        if is_theirs is (verb is Verb.RELEASE) and check_permission(verb, person, incident, view.policy) is None:
            yield incident_button(incident, verb, label)
