"""Why a route took an incident, in words."""

from collections.abc import Iterable

from escalator.engine.hours import DURING, OUTSIDE
from escalator.engine.routing import MatchedCondition
from escalator.model.policy import Policy
from escalator.rendering.targets import join_with_and
from escalator.rendering.view import spoken

_MOST = 4
_LEAST = {"min_severity": "severity is at least {}", "min_reports": "reported by at least {}"}


def reason_words(conditions: Iterable[MatchedCondition], policy: Policy, *, is_withheld: bool) -> str:
    """Return `category is Self-harm; outside office`. For withheld content only names of the policy are shown."""
    return "; ".join(_condition(condition, policy, is_withheld=is_withheld) for condition in conditions)


def _condition(condition: MatchedCondition, policy: Policy, *, is_withheld: bool) -> str:
    if condition.name in {DURING, OUTSIDE}:
        return f"{condition.name} {_any_of(condition.wanted)}"
    if condition.name in _LEAST:
        return _LEAST[condition.name].format(_any_of(condition.wanted))
    if condition.name == "category":
        titles = (policy.categories[key].title if key in policy.categories else key for key in condition.matched)
        return f"category is {join_with_and(titles)}"
    is_ours = not is_withheld or condition.name in {"source", "severity"}
    values = condition.matched if is_ours and condition.matched else condition.wanted
    return f"{spoken(condition.name)} is {_any_of(values)}"


def _any_of(values: tuple[str, ...]) -> str:
    shown = [spoken(value) for value in values[:_MOST]]
    return " or ".join([*shown, "…"] if len(values) > _MOST else shown)
