"""The sections about time: hours, schedules with their layers and overrides, drills, silences."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, validates_schema

from escalator.model.policy import Drill
from escalator.model.schedule import WEEKDAYS, Hours, Layer, Override, RotationUnit, Schedule
from escalator.model.silence import Silence, SilenceScope
from escalator.policy.containers import (
    FixedMapping,
    ListOf,
    MappingOfNames,
    MappingSchema,
    NamedMapping,
    NonEmptyListOf,
    OneOrMore,
)
from escalator.policy.scalars import AnyText, Complaint, MatchingText, NonEmptyText, OneOf, TrueOrFalse, complaint_error
from escalator.policy.time_scalars import (
    CalendarDate,
    DateAndTime,
    Duration,
    EndOfSpan,
    HandoverRule,
    HandoverText,
    Rotation,
    TimeOfDay,
    TimeZone,
    Weekly,
)

UTC = ZoneInfo("UTC")
MIDNIGHT = time(0)
EXPECTED_WITHIN = timedelta(minutes=10)


class HoursKeys(MappingSchema):
    """A span of the day, on some days of the week; whole days where no times are written."""

    weekdays = OneOrMore(OneOf(*WEEKDAYS))
    start = TimeOfDay(data_key="from")
    end = EndOfSpan(data_key="to")
    timezone = TimeZone()
    holidays = MatchingText(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", "write a country such as US, or US-NY")


def make_hours(  # noqa: PLR0913  # as the file has them
    key: str,
    start: time | None = None,
    end: time | None = None,
    weekdays: tuple[str, ...] | None = None,
    timezone: ZoneInfo = UTC,
    holidays: str | None = None,
) -> Hours:
    """Return the hours of that name; equal times mean 24 hours from that time on."""
    for name, at, other in (("from", start, end), ("to", end, start)):
        if at is None and (other is not None or weekdays is None):
            right = "write both `from` and `to`, or neither: `weekdays` alone means whole days"
            raise ValidationError({name: [Complaint("is missing", right)]})
    days = frozenset(WEEKDAYS.index(day) for day in weekdays or WEEKDAYS)
    return Hours(key, start or MIDNIGHT, end or MIDNIGHT, days, timezone, holidays)


class LayerKeys(MappingSchema):
    """People who take turns."""

    rotate = Rotation(required=True)
    handover = HandoverText(required=True)
    start = CalendarDate(required=True)
    people = NonEmptyListOf(NonEmptyText(), required=True)
    hours = NonEmptyText()


_DAY_WANTED = {
    RotationUnit.WEEKS: ("names no weekday", "write a weekday and a time such as mon 09:00"),
    RotationUnit.MONTHS: ("names no day of the month", "write a day and a time such as 1 09:00"),
}


def make_layer(
    rotate: tuple[RotationUnit, int],
    handover: HandoverRule,
    start: date,
    people: tuple[str, ...],
    hours: str | None = None,
) -> Layer:
    """Return a layer; a handover needs a day where turns last longer than a day."""
    turn, every = rotate
    day = {RotationUnit.WEEKS: handover.weekday, RotationUnit.MONTHS: handover.monthday}.get(turn)
    if turn in _DAY_WANTED and day is None:
        raise ValidationError({"handover": [Complaint(*_DAY_WANTED[turn])]})
    if turn is not RotationUnit.MONTHS and handover.monthday is not None:
        what = "names a day of the month, but the rotation is not monthly"
        raise ValidationError({"handover": [Complaint(what, "write 09:00, or mon 09:00")]})
    return Layer(people, turn, start, handover.at, day, every, hours)


class OverrideKeys(MappingSchema):
    """A person on call instead of the one by rotation."""

    person = NonEmptyText(required=True)
    start = DateAndTime(data_key="from", required=True)
    end = DateAndTime(data_key="to", required=True)


def make_override(person: str, start: datetime, end: datetime) -> Override:
    """Return an override; raise ValidationError unless it ends after it begins."""
    _in_order(start, end)
    return Override(person, start, end)


def _in_order(start: datetime, end: datetime) -> None:
    if (start.tzinfo is None) == (end.tzinfo is None) and start >= end:
        raise complaint_error("ends before it begins", "write a `to` that is later than `from`")


class ScheduleKeys(MappingSchema):
    """A schedule: layers with overrides, or a calendar."""

    timezone = TimeZone()
    layers = ListOf(FixedMapping(LayerKeys, make_layer))
    overrides = ListOf(FixedMapping(OverrideKeys, make_override))
    ical = AnyText()
    people = NonEmptyListOf(NonEmptyText())


def make_schedule(  # noqa: PLR0913  # as the file has them
    key: str,
    timezone: ZoneInfo = UTC,
    layers: Mapping[int, Layer] | None = None,
    overrides: Mapping[int, Override] | None = None,
    ical: str | None = None,
    people: tuple[str, ...] = (),
) -> Schedule:
    """Return a schedule; it must name somebody itself, for times without calendar events."""
    schedule = Schedule(key, timezone, tuple((layers or {}).values()), tuple((overrides or {}).values()), ical, people)
    if not schedule.everybody:
        raise complaint_error("names nobody", "add `layers` with people, or `people` for times without calendar events")
    return schedule


class DrillKeys(MappingSchema):
    """A rehearsal."""

    name = MatchingText(r".{1,100}", "name it in at most 100 characters", required=True)
    route = NonEmptyText("name the route that the drill tests", required=True)
    at = Weekly(required=True)
    expect_acknowledged_within = Duration()


def make_drill(
    name: str, route: str, at: tuple[int, time], expect_acknowledged_within: timedelta = EXPECTED_WITHIN
) -> Drill:
    """Return a drill."""
    return Drill(name, route, *at, expect_acknowledged_within)


class SilenceKeys(MappingSchema):
    """A category or a route whose first step notifies nobody for a limited time."""

    category = NonEmptyText()
    route = NonEmptyText()
    start = DateAndTime(data_key="from", required=True)
    end = DateAndTime(data_key="to", required=True)
    by = NonEmptyText("name the person who silences", required=True)
    reason = NonEmptyText("write a reason", required=True)
    critical = TrueOrFalse()

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def names_one(self, _data: Mapping[str, Any], original: Mapping[str, Any], **_: object) -> None:
        """Refuse a silence of nothing, or of two things."""
        if len({"category", "route"} & set(original)) != 1:
            raise ValidationError([Complaint("must name exactly one thing", "write either `category` or `route`")])


def make_silence(  # noqa: PLR0913  # as the file has them
    start: datetime,
    end: datetime,
    by: str,
    reason: str,
    category: str | None = None,
    route: str | None = None,
    *,
    critical: bool = False,
) -> Silence:
    """Return a silence; its times are naive in the policy's zone unless they have their own."""
    _in_order(start, end)
    of, name = (SilenceScope.ROUTE, route) if route else (SilenceScope.CATEGORY, category or "")
    return Silence(of, name, start, end, by, reason, critical)


HOURS = MappingOfNames(NamedMapping(HoursKeys, make_hours))
SCHEDULES = MappingOfNames(NamedMapping(ScheduleKeys, make_schedule))
DRILLS = ListOf(FixedMapping(DrillKeys, make_drill))
SILENCES = ListOf(FixedMapping(SilenceKeys, make_silence))
