"""The rotation of one layer: whose turn it is, and when the turns change.

Handovers are counted on the local clock, so they keep their local time after a change of the clock. Handover 0 is the
start of the layer; turn n lasts from handover n to the next.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from escalator.model.schedule import Layer, RotationUnit
from escalator.schedules.local_time import first_instant, local_time_reached

_WEEK = timedelta(days=7)


def person_on_turn(layer: Layer, now: datetime) -> str | None:
    """Return the person whose turn it is when the local clock has reached `now`, or None.

    It is nobody's turn before the layer's start, and where the rotation has `NOBODY` instead of a person.
    """
    turn = _turn(layer, now)
    return None if turn < 0 else layer.people[turn % len(layer.people)] or None


def handoffs(layer: Layer, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield every instant in [start, end) at which a turn begins, also the first one, ascending.

    A turn without length (in an hour that the clock skips) does not begin.
    """
    turn = max(_turn(layer, local_time_reached(start, zone)), 0)
    last = None
    while (begins := first_instant(_handover(layer, turn), zone)) < end:
        if begins >= start and begins != last:
            yield begins
        last = begins
        turn += 1


def _turn(layer: Layer, now: datetime) -> int:
    """Return the number of the turn at this local time: that of the latest handover until then, else -1."""
    if now < _anchor(layer):
        return -1
    first = _handover(layer, 1)
    if now < first:
        return 0
    if layer.turn is not RotationUnit.MONTHS:
        return 1 + (now - first) // _length(layer)
    months = _months(now.date()) - _months(first.date())
    return 1 + months if now >= _handover(layer, 1 + months) else months


def _handover(layer: Layer, number: int) -> datetime:
    """Return the local time of the handover of that number."""
    anchor = _anchor(layer)
    if number == 0:
        return anchor
    if layer.turn is RotationUnit.MONTHS:
        return datetime.combine(_day_of_month(layer, number), layer.handover)
    return anchor + _first_turn(layer) + (number - 1) * _length(layer)


def _anchor(layer: Layer) -> datetime:
    return datetime.combine(layer.start, layer.handover)


def _length(layer: Layer) -> timedelta:
    """Return how long a turn lasts on the local clock (not for months, which differ)."""
    if layer.turn is RotationUnit.HOURS:
        return timedelta(hours=layer.every)
    return _WEEK if layer.turn is RotationUnit.WEEKS else timedelta(days=1)


def _first_turn(layer: Layer) -> timedelta:
    """Return how long the first turn lasts: shorter where a weekly rotation starts between two of its weekdays."""
    if layer.turn is not RotationUnit.WEEKS or layer.day is None:
        return _length(layer)
    return timedelta(days=(layer.day - layer.start.weekday()) % 7 or 7)


def _day_of_month(layer: Layer, number: int) -> date:
    """Return the date of that handover of a monthly rotation, the first of which comes after the start."""
    day = layer.day or layer.start.day
    month = _months(layer.start)
    in_the_first_month = _in_month(month, day) > layer.start
    return _in_month(month + number - in_the_first_month, day)


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _in_month(month: int, day: int) -> date:
    """Return that day of a month counted from the year 0, or the month's last day where it is shorter."""
    year, place = divmod(month, 12)
    return date(year, place + 1, min(day, monthrange(year, place + 1)[1]))
