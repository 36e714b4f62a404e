"""Why a route took an incident, in words."""

from collections.abc import Iterable

from escalator.engine.hours import DURING, OUTSIDE
from escalator.engine.routing import MatchedCondition
from escalator.model.policy import Policy
from escalator.rendering.targets import listed
from escalator.rendering.view import spoken

_MOST = 4
_LEAST = {"min_severity": "severity is at least {}", "min_reports": "reported by at least {}"}


def reason_words(met: Iterable[MatchedCondition], policy: Policy, *, is_withheld: bool) -> str:
    """Return `category is Self-harm; outside office`. Of what is withheld only what we have named ourselves is said."""
    return "; ".join(_condition(one, policy, is_withheld=is_withheld) for one in met)


def _condition(met: MatchedCondition, policy: Policy, *, is_withheld: bool) -> str:
    if met.name in {DURING, OUTSIDE}:
        return f"{met.name} {_any_of(met.wanted)}"
    if met.name in _LEAST:
        return _LEAST[met.name].format(_any_of(met.wanted))
    if met.name == "category":
        titles = (policy.categories[key].title if key in policy.categories else key for key in met.said)
        return f"category is {listed(titles)}"
    is_ours = not is_withheld or met.name in {"source", "severity"}
    said = met.said if is_ours and met.said else met.wanted
    return f"{spoken(met.name)} is {_any_of(said)}"


def _any_of(values: tuple[str, ...]) -> str:
    shown = [spoken(value) for value in values[:_MOST]]
    return " or ".join([*shown, "…"] if len(values) > _MOST else shown)
