"""Facts -> categories, severity and content rule, by the policy."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from escalator.model.facts import Facts, normalized
from escalator.model.levels import ContentRule, Severity
from escalator.model.policy import Category, Policy

_WORDS = {severity.value: severity for severity in Severity if severity is not Severity.UNKNOWN}


_DIGEST_CHARS = 16


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an item is. `categories` are all that fit, in the order of the file: the first names the incident."""

    categories: tuple[str, ...]
    severity: Severity
    reason: str
    content: ContentRule

    @property
    def category(self) -> str | None:
        """Return the category that names the incident."""
        return self.categories[0] if self.categories else None


def assess(facts: Facts, policy: Policy) -> Assessment:
    """Return what these facts amount to under this policy."""
    labels, reasons = (_plain(facts.values(name)) for name in ("label", "reason"))
    named = facts.values("category")
    fitting = tuple(
        category
        for category in policy.categories.values()
        if category.key in named
        or not (labels.isdisjoint(_plain(category.labels)) and reasons.isdisjoint(_plain(category.reasons)))
    )
    severity, reason = max(_claims(facts, fitting, policy), key=lambda claim: claim[0])
    content = max((category.content for category in fitting), default=ContentRule.HIDE)
    return Assessment(tuple(category.key for category in fitting), severity, reason, content)


def category_rules_digest(policy: Policy) -> str:
    """Return what changes when other categories may fit the same facts: 32 characters.

    It begins with `restriction_rules_digest` this policy: who may see an incident is judged by those categories alone.
    """
    return restriction_rules_digest(policy) + _digest(policy.categories.values())


def restriction_rules_digest(policy: Policy) -> str:
    """Return what changes when other restricted categories may fit the same facts: 16 characters."""
    return _digest(category for category in policy.categories.values() if category.restricted_to)


def _digest(categories: Iterable[Category]) -> str:
    rules = [[one.key, sorted(_plain(one.labels)), sorted(_plain(one.reasons))] for one in categories]
    return hashlib.sha256(json.dumps(sorted(rules)).encode()).hexdigest()[:_DIGEST_CHARS]


def _plain(words: Iterable[str]) -> frozenset[str]:
    return frozenset(normalized(word) for word in words)


def _claims(facts: Facts, fitting: tuple[Category, ...], policy: Policy) -> Iterator[tuple[Severity, str]]:
    """Yield every severity that something states, and why; of two equal ones the first is told."""
    yield Severity.UNKNOWN, "nothing states a severity"
    for word in sorted(facts.values("severity")):
        yield Severity(word), f"the drill rehearses {word}"
    for word in sorted(facts.values("text_severity")):
        if word.casefold() in _WORDS:
            yield _WORDS[word.casefold()], f"Stream's text severity is {word.casefold()}"
    for number in sorted(facts.values("severity_number"), key=float, reverse=True):
        yield severity_by_threshold(float(number), policy.severity.numeric), f"Stream's score is {number}"
    if fitting:
        for share in sorted(facts.values("confidence"), key=float, reverse=True):
            grade = severity_by_threshold(float(share), policy.severity.confidence)
            yield grade, f"Stream is {float(share):.0%} sure"
    for category in fitting:
        yield category.at_least, f"{category.title} is at least {category.at_least}"


def severity_by_threshold(value: float, thresholds: Mapping[Severity, float]) -> Severity:
    """Return the highest severity whose threshold the value reaches; low below all of them."""
    return max((grade for grade, least in thresholds.items() if value >= least), default=Severity.LOW)
