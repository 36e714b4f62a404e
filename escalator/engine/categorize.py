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
    """The categories of an item, with severity and content rule. `categories` are all that fit, in the order of the
    policy; the first names the incident."""

    categories: tuple[str, ...]
    severity: Severity
    reason: str
    content: ContentRule

    @property
    def category(self) -> str | None:
        """Return the category that names the incident."""
        return self.categories[0] if self.categories else None


def assess(facts: Facts, policy: Policy) -> Assessment:
    """Return categories, severity and content rule of these facts under this policy."""
    labels, reasons = (_normalized_set(facts.values(name)) for name in ("label", "reason"))
    named_keys = facts.values("category")
    matching = tuple(
        category
        for category in policy.categories.values()
        if category.key in named_keys
        or not (
            labels.isdisjoint(_normalized_set(category.labels))
            and reasons.isdisjoint(_normalized_set(category.reasons))
        )
    )
    severity, reason = max(_claims(facts, matching, policy), key=lambda claim: claim[0])
    content = max((category.content for category in matching), default=ContentRule.HIDE)
    return Assessment(tuple(category.key for category in matching), severity, reason, content)


def category_rules_digest(policy: Policy) -> str:
    """Return a digest (32 characters) that changes when the rules for choosing categories change.

    It begins with `restriction_rules_digest`: only restricted categories decide who may see an incident.
    """
    return restriction_rules_digest(policy) + _digest(policy.categories.values())


def restriction_rules_digest(policy: Policy) -> str:
    """Return a digest (16 characters) that changes when the rules for choosing restricted categories change."""
    return _digest(category for category in policy.categories.values() if category.restricted_to)


def _digest(categories: Iterable[Category]) -> str:
    rules = [
        [category.key, sorted(_normalized_set(category.labels)), sorted(_normalized_set(category.reasons))]
        for category in categories
    ]
    return hashlib.sha256(json.dumps(sorted(rules)).encode()).hexdigest()[:_DIGEST_CHARS]


def _normalized_set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(normalized(word) for word in words)


def _claims(facts: Facts, matching: tuple[Category, ...], policy: Policy) -> Iterator[tuple[Severity, str]]:
    """Yield every severity that something states, with the reason; of two equal ones the caller takes the first."""
    yield Severity.UNKNOWN, "nothing states a severity"
    for word in sorted(facts.values("severity")):
        yield Severity(word), f"the drill rehearses {word}"
    for word in sorted(facts.values("text_severity")):
        if word.casefold() in _WORDS:
            yield _WORDS[word.casefold()], f"Stream's text severity is {word.casefold()}"
    for number in sorted(facts.values("severity_number"), key=float, reverse=True):
        yield severity_by_threshold(float(number), policy.severity.numeric), f"Stream's score is {number}"
    if matching:
        for confidence in sorted(facts.values("confidence"), key=float, reverse=True):
            severity = severity_by_threshold(float(confidence), policy.severity.confidence)
            yield severity, f"Stream is {float(confidence):.0%} sure"
    for category in matching:
        yield category.at_least, f"{category.title} is at least {category.at_least}"


def severity_by_threshold(value: float, thresholds: Mapping[Severity, float]) -> Severity:
    """Return the highest severity whose threshold the value reaches; low below all of them."""
    return max((severity for severity, threshold in thresholds.items() if value >= threshold), default=Severity.LOW)
