"""The window that a click opens when input is needed first, or why it is not opened."""

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.modals import Choice, Origin, hand_over_view, note_view, resolve_view
from escalator.engine.available_actions import handover_candidates
from escalator.engine.permissions import Refusal, RefusalReason, check_permission, is_withheld
from escalator.model.incident import HELD_STATES, Incident, State, Verb
from escalator.model.policy import Person, Policy
from escalator.rendering.buttons import ButtonValue

NEEDS_DIALOG = frozenset({Verb.RESOLVE, Verb.HAND_OVER, Verb.NOTE})


def dialog_refusal(
    verb: Verb, button: ButtonValue, person: Person, incident: Incident, policy: Policy
) -> Refusal | None:
    """Return why no window is opened for this verb, or None if it is. `policy` is the running one."""
    if verb is Verb.NOTE:
        return (
            Refusal(RefusalReason.MERGED)
            if incident.state is State.MERGED
            else check_permission(verb, person, incident, policy)
        )
    if incident.closed_at:
        return Refusal(RefusalReason.RESOLVED, incident.closed_by, incident.closed_at)
    if (button.round, button.fence) != (incident.round, incident.fence):
        return Refusal(RefusalReason.STALE, incident.owner, incident.acknowledged_at)
    refused = check_permission(verb, person, incident, policy)
    if refused is not None or verb is not Verb.HAND_OVER:
        return refused
    if incident.state not in HELD_STATES:
        return Refusal(RefusalReason.NOT_NOW)
    return None if handover_candidates(person, incident, policy) else Refusal(RefusalReason.NOBODY_ELSE)


def dialog_view(verb: Verb, origin: Origin, person: Person, incident: Incident, policy: Policy) -> Json:
    """Return the window for a verb that `dialog_refusal` allows."""
    if verb is Verb.HAND_OVER:
        return hand_over_view(incident.number, origin, hand_over_choices(person, incident, policy))
    if verb is Verb.NOTE:
        return note_view(incident.number, origin, is_posted=may_post_note(incident, policy))
    return resolve_view(incident.number, origin)


def hand_over_choices(person: Person, incident: Incident, policy: Policy) -> list[Choice]:
    """Return the people it may be handed over to, by key and name."""
    return [(candidate.key, candidate.name) for candidate in handover_candidates(person, incident, policy)]


def may_post_note(incident: Incident, policy: Policy) -> bool:
    """Whether a note may be shown in the thread: never where the content is withheld (RULES 5)."""
    return not is_withheld(incident, policy)
