"""Every condition of the policy language, and how its values are compared (RULES 2)."""

from enum import Enum

from escalator.model.entities import long_name
from escalator.model.facts import normalized


class Comparison(Enum):
    """How the accepted values of a condition are compared with the known values of an item."""

    EXACT = "exact"
    """Identifiers: case, spaces, hyphens and underscores count, since two users may differ in nothing else."""
    LOOSE = "loose"
    """Words with several spellings: without case, spaces, hyphens and underscores."""
    WORD = "word"
    """Words of a fixed list: without case."""
    ENTITY_TYPE = "entity type"
    """Exact, but a short name means the same as Stream's long one."""
    COUNTED = "counted"
    """A threshold: the known value is at least this one."""
    HOURS = "hours"
    """The name of hours of the policy, which are open, or closed, at the incident's opening."""


COMPARISONS = {
    "source": Comparison.EXACT,
    "event": Comparison.WORD,
    "category": Comparison.LOOSE,
    "label": Comparison.LOOSE,
    "severity": Comparison.WORD,
    "min_severity": Comparison.COUNTED,
    "kind": Comparison.WORD,
    "action": Comparison.EXACT,
    "entity_type": Comparison.ENTITY_TYPE,
    "reporter": Comparison.EXACT,
    "reason": Comparison.LOOSE,
    "min_reports": Comparison.COUNTED,
    "rule": Comparison.EXACT,
    "language": Comparison.WORD,
    "channel": Comparison.EXACT,
    "config_key": Comparison.EXACT,
    "author": Comparison.EXACT,
    "stream_team": Comparison.EXACT,
    "during": Comparison.HOURS,
    "outside": Comparison.HOURS,
    "escalation_priority": Comparison.WORD,
}
"""Every condition but `custom.<key>`, which is exact."""

_FORMS = {
    Comparison.LOOSE: normalized,
    Comparison.WORD: str.lower,
    Comparison.ENTITY_TYPE: long_name,
}


def comparison_of(condition: str) -> Comparison:
    """Return how the values of a condition are compared; exactly, for `custom.<key>`."""
    return COMPARISONS.get(condition, Comparison.EXACT)


def comparable_form(condition: str, value: str) -> str:
    """Return the form in which values of that condition are compared."""
    form = _FORMS.get(comparison_of(condition))
    return value if form is None else form(value)
