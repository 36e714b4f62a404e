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


def describe_next_step(one: Incident, frozen: Policy, running: Policy) -> str | None:
    """Return what happens at the next deadline, beginning with its verb; None without a deadline."""
    if one.due_kind is None:
        return None
    if one.due_kind in _SAID:
        return _SAID[one.due_kind]
    is_over = one.due_kind is DueKind.RESTART or (
        one.due_kind is DueKind.STEP and next_send(one, frozen.paths.get(one.path, ())) is None
    )
    what = next_recipients(one, frozen, running)
    return what if is_over else f"notifies {what}"
