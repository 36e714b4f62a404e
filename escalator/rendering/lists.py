"""What one destination is told of many incidents at once: how many, how grave, of what, and their numbers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from escalator.model.message import Card, Line
from escalator.model.ranks import Severity
from escalator.rendering import texts

_MOST_GROUPS = 4
_MOST_NUMBERS = 5
_WHERE = "`escalator incidents` lists them all."


@dataclass(frozen=True, slots=True)
class Listed:
    """One incident on a list: `title` is its category's, the only word about the harm (RULES 4)."""

    number: int
    severity: Severity
    title: str
    is_drill: bool = False


def list_card(listed: Sequence[Listed], answered: int, *, is_test: bool = False) -> Card:
    """Return the card of these incidents, at least one, in at most eight lines; `answered` have dropped out of it."""
    gravest = max((one.severity for one in listed), key=lambda severity: severity.gravity)
    alerts = "alert" if len(listed) == 1 else "alerts"
    is_drill = all(one.is_drill for one in listed)
    header = texts.marked(f"{gravest.value.upper()} · {len(listed)} more {alerts}", is_test=is_test, is_drill=is_drill)
    numbers = [one.number for one in listed]
    span = f"#{min(numbers)} to #{max(numbers)}" if len(numbers) > 1 else f"#{numbers[0]}"
    lines = tuple(_lines(listed, answered))
    return Card(text=f"{header} · {span}", header=header, lines=lines, severity=gravest)


def _lines(listed: Iterable[Listed], answered: int) -> Iterator[Line]:
    groups: dict[tuple[int, str], list[int]] = {}
    for one in sorted(listed, key=lambda one: one.number):
        what = texts.marked(texts.headline(one.severity, one.title), is_test=False, is_drill=one.is_drill)
        groups.setdefault((-one.severity.gravity, what), []).append(one.number)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], -len(group[1]), group[0][1]))
    for (_, what), numbers in ordered[:_MOST_GROUPS]:
        yield (f"{what}: {len(numbers)} ({_some(numbers)})",)
    rest = ordered[_MOST_GROUPS:]
    if rest:
        yield (f"{sum(len(numbers) for _, numbers in rest)} more of {len(rest)} other kinds",)
    if answered:
        yield (f"Dealt with meanwhile: {answered}",)
    yield (_WHERE,)


def _some(numbers: Sequence[int]) -> str:
    shown = [f"#{number}" for number in numbers[:_MOST_NUMBERS]]
    return ", ".join(shown if len(numbers) <= _MOST_NUMBERS else [*shown, "…"])
