"""The conditions of a route or a feed in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from escalator.engine.hours import DURING, OUTSIDE
from escalator.engine.routing import ANYTHING
from escalator.model.policy import Conditions, Policy
from escalator.rendering.view import spoken

_LEADS = {
    "source": "from",
    "min_severity": "severity is at least",
    "min_reports": "reported by at least",
    DURING: DURING,
    OUTSIDE: OUTSIDE,
}
_SECTIONS = {"category": "category", "source": "source", DURING: "hours", OUTSIDE: "hours"}
"""The part of the policy that a condition names, if it names one."""


@dataclass(frozen=True, slots=True)
class Value:
    """One accepted value: its text, and the part of the policy that it names, such as `category` and `csam`."""

    words: str
    section: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: `category is` Self-harm or Threat; it accepts any of the values."""

    lead: str
    values: tuple[Value, ...]

    @property
    def words(self) -> str:
        """Return it in one line: `category is Self-harm or Threat`."""
        return f"{self.lead} {' or '.join(value.words for value in self.values)}"


def condition_words(conditions: Conditions, policy: Policy) -> tuple[Condition, ...]:
    """Return each condition in words, in the order of the file."""
    return tuple(_condition(name, wanted, policy) for name, wanted in conditions.tests.items())


def _condition(name: str, accepted: tuple[str, ...], policy: Policy) -> Condition:
    lead = _LEADS.get(name, f"{spoken(name.removeprefix('custom.'))} is")
    return Condition(lead, tuple(_values(name, accepted, policy)))


def _values(name: str, accepted: tuple[str, ...], policy: Policy) -> Iterator[Value]:
    if ANYTHING in accepted:
        yield Value("anything")
        return
    known = {"category": policy.categories, "source": policy.sources, DURING: policy.hours, OUTSIDE: policy.hours}
    for value in accepted:
        section = _SECTIONS.get(name, "") if value in known.get(name, ()) else ""
        words = policy.categories[value].title if section == "category" else value
        yield Value(words, section, value if section else "")
