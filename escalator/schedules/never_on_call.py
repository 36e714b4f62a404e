"""Who of a rotation is never on call, because their turns always fall outside the hours of their layer."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import lcm

from escalator.model.schedule import Hours, Layer, RotationUnit, Schedule
from escalator.schedules.local_time import first_instant
from escalator.schedules.oncall import shifts_between
from escalator.schedules.rotation import handoffs

_WEEK_H = 7 * 24
_HALF_A_YEAR = timedelta(weeks=26)
_LONGEST_TURN = timedelta(days=32)


def never_on_call(schedule: Schedule, hours: Mapping[str, Hours]) -> tuple[str, ...]:
    """Return the people of a schedule's layers whom their turns never put on call, in the order of the schedule.

    Turns and weekly hours repeat together after a cycle. One cycle is checked turn by turn from the start of each
    layer, from when all have started, and half a year later, when daylight saving may differ. Holidays, overrides and
    the calendar are left out: they are exceptions.
    """
    plain = replace(schedule, overrides=(), people=())
    always = {key: replace(opening_hours, holidays=None) for key, opening_hours in hours.items()}
    missing = dict.fromkeys(person for layer in schedule.layers for person in layer.people)
    latest = max((layer.start for layer in schedule.layers), default=None)
    for layer in schedule.layers:
        for day in (layer.start, latest or layer.start, (latest or layer.start) + _HALF_A_YEAR):
            begin = first_instant(datetime.combine(day, layer.handover), schedule.timezone)
            for start, end in _turns(layer, schedule, begin):
                if not missing.keys() & set(layer.people):
                    break
                for shift in shifts_between(plain, always, (), start, end):
                    for person in shift.people:
                        missing.pop(person, None)
    return tuple(missing)


def _turns(layer: Layer, schedule: Schedule, begin: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the turns of one whole cycle of a layer, from that instant on."""
    count = _turns_in_a_cycle(layer)
    length = timedelta(hours=layer.every) if layer.turn is RotationUnit.HOURS else _LONGEST_TURN
    edges = handoffs(layer, schedule.timezone, begin, begin + (count + 2) * length)
    for _number, turn in zip(range(count), pairwise(edges), strict=False):
        yield turn


def _turns_in_a_cycle(layer: Layer) -> int:
    """Return after how many turns a layer and the weekly hours repeat together.

    A turn of a week or a month contains every hour of the week, but the first may be shorter.
    """
    people = len(layer.people)
    if layer.turn in {RotationUnit.WEEKS, RotationUnit.MONTHS}:
        return people + 1
    turn_h = layer.every if layer.turn is RotationUnit.HOURS else 24
    return lcm(people * turn_h, _WEEK_H) // turn_h
