"""Hours of the policy: in the conditions of a route, and for a step that waits for them."""

from datetime import datetime

from escalator.model.policy import Policy, Step
from escalator.schedules.hours import first_instant_in_hours, is_open

DURING = "during"
OUTSIDE = "outside"


def are_hours_met(name: str, wanted: tuple[str, ...], at: datetime, policy: Policy) -> bool:
    """Whether it is `during`, or `outside`, any of the named hours."""
    return any(is_open(policy.hours[key], at) is (name == DURING) for key in wanted if key in policy.hours)


def step_fires_at(step: Step, at: datetime, policy: Policy) -> datetime:
    """Return when a step that falls due at that instant fires: then, or when its hours open.

    A step does not wait for hours that never open (the check of the policy refuses them).
    """
    during, outside = (policy.hours.get(key or "") for key in (step.during, step.outside))
    return first_instant_in_hours(during, outside, at) or at
