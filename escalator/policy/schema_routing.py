"""The sections for routes, paths, deadlines, storms and limits."""

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
from escalator.policy.containers import FixedMapping, ListOf, MappingOfNames, MappingSchema, NonEmptyListOf, OneOrMore
from escalator.policy.problems import did_you_mean, quoted
from escalator.policy.scalars import (
    AnyText,
    Complaint,
    EnumWord,
    MatchingText,
    NonEmptyText,
    Number,
    OneOf,
    PolicyValue,
    Target,
    WholeNumber,
    complaint_error,
)
from escalator.policy.time_scalars import Delay, Duration

FACTS = tuple(COMPARISONS)
"""The facts that conditions can test, besides `custom.<key>`."""

_GRADES: list[Severity] = [grade for grade in Severity if grade is not Severity.UNKNOWN]
_WORDS: Mapping[str, PolicyValue[Any]] = {
    "severity": EnumWord([*Severity]),
    "min_severity": EnumWord(_GRADES),
    "min_reports": WholeNumber(1, 1_000_000),
    "escalation_priority": OneOf("low", "medium", "high"),
}
_ANYTHING = "*"
_MAY_BE_ANYTHING = frozenset({"severity", "escalation_priority"})


class When(PolicyValue[Conditions]):
    """A `when` or an `unless`: name of the fact -> one text or several."""

    right = "write a mapping such as {category: csam, min_severity: high}"

    def read(self, value: object, name: str) -> Conditions:  # noqa: ARG002
        """Return the conditions; raise ValidationError with every wrong one."""
        if not isinstance(value, dict):
            raise complaint_error("is not a mapping", self.right)
        tests: dict[str, tuple[str, ...]] = {}
        errors: dict[str, Any] = {}
        for fact, values in value.items():
            try:
                tests[fact] = _test(fact, values)
            except ValidationError as error:
                errors[fact] = error.messages
        if errors:
            raise ValidationError(errors)
        return Conditions(tests)


def _test(fact: str, raw: object) -> tuple[str, ...]:
    if fact not in FACTS and not (fact.startswith("custom.") and fact != "custom."):
        raise complaint_error("is not a condition", did_you_mean(fact, (*FACTS, "custom.<key>")))
    values = OneOrMore(NonEmptyText()).deserialize(raw, fact)
    typed = _WORDS.get(fact)
    if typed is not None and not (fact in _MAY_BE_ANYTHING and _ANYTHING in values):
        OneOrMore(typed).deserialize(raw, fact)
    return tuple(values)


class RouteKeys(MappingSchema):
    """A route: its conditions, who is assigned, and its path."""

    name = NonEmptyText("give the route a name", required=True)
    path = NonEmptyText("name a path", required=True)
    when = When()
    unless = When()
    assign = Target()
    acknowledgements = WholeNumber(1, 20)


def make_route(assign: str | None = None, **keys: Any) -> Route:  # noqa: ANN401
    """Return a route; `team:x` is assigned as the team x."""
    return Route(assign=assign.removeprefix("team:") if assign else None, **keys)


class StepKeys(MappingSchema):
    """One step of a path."""

    notify = NonEmptyListOf(Target(), required=True)
    after = Delay()
    repeat = WholeNumber(0, 100)
    during = NonEmptyText()
    outside = NonEmptyText()


class FeedKeys(MappingSchema):
    """A copy of incidents for a machine."""

    to = NonEmptyText("name a destination", required=True)
    when = When()


class _Thresholds(PolicyValue[Mapping[Severity, float]]):
    """Severity -> the lowest number that counts as it."""

    right = "write a mapping such as {medium: 40, high: 70, critical: 90}"

    def __init__(self, most: float) -> None:
        super().__init__()
        self._named = MappingOfNames(Number(most))

    def read(self, value: object, name: str) -> Mapping[Severity, float]:
        """Return the thresholds, which rise with the severity."""
        numbers = self._named.read(value, name)
        names = [grade.value for grade in _GRADES]
        strange = {
            key: [Complaint("is not a severity", did_you_mean(key, names))] for key in numbers if key not in names
        }
        if strange:
            raise ValidationError(strange)
        thresholds: dict[Severity, float] = {grade: numbers[grade] for grade in _GRADES if grade in numbers}
        if list(thresholds.values()) != sorted(set(thresholds.values())):
            raise complaint_error("does not increase from low to critical", self.right)
        return thresholds


class SeverityKeys(MappingSchema):
    """The numbers from which a severity counts."""

    numeric = _Thresholds(1_000_000)
    confidence = _Thresholds(1)


class UnansweredKeys(MappingSchema):
    """What happens when a path has ended without an answer."""

    restart_after = Duration()
    tell = OneOrMore(Target())


class AlarmKeys(MappingSchema):
    """The recipients of operator alerts."""

    notify = OneOrMore(Target(), required=True)


def make_alarms(notify: tuple[str, ...]) -> tuple[str, ...]:
    """Return the targets."""
    return notify


class AcknowledgedKeys(MappingSchema):
    """The second deadline, which starts with the acknowledgement."""

    resolve_within = Duration(required=True)
    remind = Duration()


_NOTHING_ALIKE = frozenset(
    fact for fact, compared in COMPARISONS.items() if compared in {Comparison.COUNTED, Comparison.HOURS}
)
_ALIKE = tuple(fact for fact in FACTS if fact not in _NOTHING_ALIKE)


class _Alike(OneOf):
    """A fact by which alerts can be grouped; a condition such as `min_severity` is none."""

    def __init__(self) -> None:
        super().__init__(*_ALIKE, "text")

    def _typed(self, text: str) -> str | None:
        if text in _NOTHING_ALIKE:
            what = f"{quoted(text)} is a condition, not a fact by which alerts can be grouped"
            raise complaint_error(what, "write a fact such as category, author or text")
        return super()._typed(text)


class GroupKeys(MappingSchema):
    """What makes a storm."""

    by = OneOrMore(_Alike(), required=True)
    within = Duration(required=True)
    after = WholeNumber(1, 1_000_000, required=True)


class StormKeys(MappingSchema):
    """How storms are grouped."""

    group = FixedMapping(GroupKeys, Grouping, required=True)


def make_grouping(group: Grouping) -> Grouping:
    """Return when and by what alerts are grouped."""
    return group


class RetentionKeys(MappingSchema):
    """How long things are kept."""

    content = Duration()
    records = Duration()


def make_retention(content: timedelta | None = None, records: timedelta | None = None) -> dict[str, timedelta]:  # noqa: ARG001
    """Return the given duration by its name in the policy.

    `records` is refused in a file (`checks.unsupported`); a version that was accepted with it is still read.
    """
    return {"retain_content": content} if content else {}


class HeartbeatKeys(MappingSchema):
    """Where to send the sign of life that no deadline is overdue."""

    every = Duration(required=True)
    url = AnyText('write the address to call, or "${HEARTBEAT_URL:-}"', required=True)


class CareKeys(MappingSchema):
    """How many grave items a day somebody looks at before they are asked to stop."""

    reveals_per_day = WholeNumber(1, 1_000, required=True)


VERSION = MatchingText("1", "write `version: 1`")
SEVERITY = FixedMapping(SeverityKeys, SeverityScale)
ROUTES = ListOf(FixedMapping(RouteKeys, make_route))
PATHS = MappingOfNames(ListOf(FixedMapping(StepKeys, Step)), required=True)
FEEDS = ListOf(FixedMapping(FeedKeys, Feed))
UNANSWERED = FixedMapping(UnansweredKeys, UnansweredRule)
ACKNOWLEDGED = FixedMapping(AcknowledgedKeys, AcknowledgedRule)
ALARMS = FixedMapping(AlarmKeys, make_alarms)
STORMS = FixedMapping(StormKeys, make_grouping)
RETENTION = FixedMapping(RetentionKeys, make_retention)
HEARTBEAT = FixedMapping(HeartbeatKeys, Heartbeat)
CARE = FixedMapping(CareKeys, ExposureLimit)
