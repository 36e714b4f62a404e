"""The sections that say when and what then: routes, paths, clocks, storms."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError

from escalator.model.conditions import COMPARISONS, Comparison
from escalator.model.levels import Severity
from escalator.model.policy import (
    AcknowledgedRule,
    Conditions,
    ExposureLimit,
    Feed,
    Grouping,
    Heartbeat,
    Route,
    SeverityScale,
    Step,
    UnansweredRule,
)
from escalator.policy.containers import Items, Keys, Named, OneOrMore, Section, Several
from escalator.policy.problems import quoted, remedy
from escalator.policy.scalars import (
    AnyText,
    Complaint,
    Delay,
    Duration,
    Matching,
    Number,
    OneOf,
    Target,
    Text,
    Value,
    Whole,
    Word,
    refusal,
)

FACTS = tuple(COMPARISONS)
"""What conditions can ask about, besides `custom.<key>`."""

_GRADES: list[Severity] = [grade for grade in Severity if grade is not Severity.UNKNOWN]
_WORDS: Mapping[str, Value[Any]] = {
    "severity": Word([*Severity]),
    "min_severity": Word(_GRADES),
    "min_reports": Whole(1, 1_000_000),
    "escalation_priority": OneOf("low", "medium", "high"),
}
_ANYTHING = "*"
_MAY_BE_ANYTHING = frozenset({"severity", "escalation_priority"})


class When(Value[Conditions]):
    """A `when` or an `unless`: name of the fact -> one text or several."""

    right = "write a mapping such as {category: csam, min_severity: high}"

    def read(self, value: object, name: str) -> Conditions:  # noqa: ARG002
        """Return the conditions, or complain of each that is wrong."""
        if not isinstance(value, dict):
            raise refusal("is not a mapping", self.right)
        tests: dict[str, tuple[str, ...]] = {}
        errors: dict[str, Any] = {}
        for fact, wanted in value.items():
            try:
                tests[fact] = _test(fact, wanted)
            except ValidationError as error:
                errors[fact] = error.messages
        if errors:
            raise ValidationError(errors)
        return Conditions(tests)


def _test(fact: str, wanted: object) -> tuple[str, ...]:
    if fact not in FACTS and not (fact.startswith("custom.") and fact != "custom."):
        raise refusal("is not a condition", remedy(fact, (*FACTS, "custom.<key>")))
    values = OneOrMore(Text()).deserialize(wanted, fact)
    typed = _WORDS.get(fact)
    if typed is not None and not (fact in _MAY_BE_ANYTHING and _ANYTHING in values):
        OneOrMore(typed).deserialize(wanted, fact)
    return tuple(values)


class RouteKeys(Keys):
    """One rule: what it takes, who is assigned, which path runs."""

    name = Text("give the route a name", required=True)
    path = Text("name a path", required=True)
    when = When()
    unless = When()
    assign = Target()
    acknowledgements = Whole(1, 20)


def route(assign: str | None = None, **keys: Any) -> Route:  # noqa: ANN401
    """Return a route; `team:x` is assigned as the team x."""
    return Route(assign=assign.removeprefix("team:") if assign else None, **keys)


class StepKeys(Keys):
    """One rung of a path."""

    notify = Several(Target(), required=True)
    after = Delay()
    repeat = Whole(0, 100)
    during = Text()
    outside = Text()


class FeedKeys(Keys):
    """A copy of incidents for a machine."""

    to = Text("name a destination", required=True)
    when = When()


class _Thresholds(Value[Mapping[Severity, float]]):
    """Severity -> the least number that counts as it."""

    right = "write a mapping such as {medium: 40, high: 70, critical: 90}"

    def __init__(self, most: float) -> None:
        super().__init__()
        self._named = Named(Number(most))

    def read(self, value: object, name: str) -> Mapping[Severity, float]:
        """Return the thresholds, which rise with the severity."""
        found = self._named.read(value, name)
        names = [grade.value for grade in _GRADES]
        strange = {key: [Complaint("is not a severity", remedy(key, names))] for key in found if key not in names}
        if strange:
            raise ValidationError(strange)
        thresholds: dict[Severity, float] = {grade: found[grade] for grade in _GRADES if grade in found}
        if list(thresholds.values()) != sorted(set(thresholds.values())):
            raise refusal("does not increase from low to critical", self.right)
        return thresholds


class SeverityKeys(Keys):
    """From where a number counts as a severity."""

    numeric = _Thresholds(1_000_000)
    confidence = _Thresholds(1)


class UnansweredKeys(Keys):
    """What happens when a path has ended without an answer."""

    restart_after = Duration()
    tell = OneOrMore(Target())


class AlarmKeys(Keys):
    """Who hears of the product's own trouble."""

    notify = OneOrMore(Target(), required=True)


def alarms(notify: tuple[str, ...]) -> tuple[str, ...]:
    """Return whom to tell."""
    return notify


class AcknowledgedKeys(Keys):
    """The second clock."""

    resolve_within = Duration(required=True)
    remind = Duration()


_NOTHING_ALIKE = frozenset(
    fact for fact, compared in COMPARISONS.items() if compared in {Comparison.COUNTED, Comparison.HOURS}
)
_ALIKE = tuple(fact for fact in FACTS if fact not in _NOTHING_ALIKE)


class _Alike(OneOf):
    """A fact in which alerts can be alike; what only asks something of a fact is none."""

    def __init__(self) -> None:
        super().__init__(*_ALIKE, "text")

    def _typed(self, text: str) -> str | None:
        if text in _NOTHING_ALIKE:
            what = f"{quoted(text)} is a condition, not a fact by which alerts can be grouped"
            raise refusal(what, "write a fact such as category, author or text")
        return super()._typed(text)


class GroupKeys(Keys):
    """What makes a storm."""

    by = OneOrMore(_Alike(), required=True)
    within = Duration(required=True)
    after = Whole(1, 1_000_000, required=True)


class StormKeys(Keys):
    """How storms are grouped."""

    group = Section(GroupKeys, Grouping, required=True)


def storms(group: Grouping) -> Grouping:
    """Return when and by what alerts are grouped."""
    return group


class RetentionKeys(Keys):
    """How long things are kept."""

    content = Duration()
    records = Duration()


def retention(content: timedelta | None = None, records: timedelta | None = None) -> dict[str, timedelta]:  # noqa: ARG001
    """Return the duration that is given, by its name in the policy.

    `records` is refused in a file (`checks.unsupported`); a version that was accepted with it is still read.
    """
    return {"retain_content": content} if content else {}


class HeartbeatKeys(Keys):
    """Whom to tell that no deadline is overdue."""

    every = Duration(required=True)
    url = AnyText('write the address to call, or "${HEARTBEAT_URL:-}"', required=True)


class CareKeys(Keys):
    """How many grave items a day somebody looks at before they are asked to stop."""

    reveals_per_day = Whole(1, 1_000, required=True)


VERSION = Matching("1", "write `version: 1`")
SEVERITY = Section(SeverityKeys, SeverityScale)
ROUTES = Items(Section(RouteKeys, route))
PATHS = Named(Items(Section(StepKeys, Step)), required=True)
FEEDS = Items(Section(FeedKeys, Feed))
UNANSWERED = Section(UnansweredKeys, UnansweredRule)
ACKNOWLEDGED = Section(AcknowledgedKeys, AcknowledgedRule)
ALARMS = Section(AlarmKeys, alarms)
STORMS = Section(StormKeys, storms)
RETENTION = Section(RetentionKeys, retention)
HEARTBEAT = Section(HeartbeatKeys, Heartbeat)
CARE = Section(CareKeys, ExposureLimit)
