"""What happens to an incident at its next deadline, in words."""

from escalator.engine.steps import next_send
from escalator.model.incident import DueKind, Incident
from escalator.model.policy import Policy
from escalator.services.notifications.compose import next_recipients

_AGAIN = "restarts from step 1"
_SAID = {
    DueKind.REMIND: "reminds the owner",
    DueKind.RESOLVE_WITHIN: _AGAIN,
    DueKind.SNOOZE_END: _AGAIN,
}


def describe_next_step(incident: Incident, frozen: Policy, running: Policy) -> str | None:
    """Return what happens at the next deadline, starting with its verb; None without a deadline."""
    if incident.due_kind is None:
        return None
    if incident.due_kind in _SAID:
        return _SAID[incident.due_kind]
    is_over = incident.due_kind is DueKind.RESTART or (
        incident.due_kind is DueKind.STEP and next_send(incident, frozen.paths.get(incident.path, ())) is None
    )
    recipients = next_recipients(incident, frozen, running)
    return recipients if is_over else f"notifies {recipients}"
