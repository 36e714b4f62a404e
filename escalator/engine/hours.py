"""When hours of the policy hold: in the conditions of a route, and for a step that waits for them."""

from datetime import datetime

from escalator.model.policy import Policy, Step
from escalator.rota.hours import closes_at, is_open, opens_at

DURING = "during"
OUTSIDE = "outside"
_MOST_TURNS = 50


def hold(name: str, wanted: tuple[str, ...], at: datetime, policy: Policy) -> bool:
    """Whether it is `during`, or `outside`, any of the named hours."""
    return any(is_open(policy.hours[key], at) is (name == DURING) for key in wanted if key in policy.hours)


def fires_at(step: Step, at: datetime, policy: Policy) -> datetime:
    """Return when a step that falls due at that instant fires: then, or when its hours open.

    Hours that never come (the policy is refused for them) hold nobody up.
    """
    during, outside = (policy.hours.get(key or "") for key in (step.during, step.outside))
    fires: datetime | None = at
    for _ in range(_MOST_TURNS):
        before = fires
        if during is not None and fires is not None:
            fires = opens_at(during, fires)
        if outside is not None and fires is not None:
            fires = closes_at(outside, fires)
        if fires is None:
            return at
        if fires == before:
            return fires
    return at
