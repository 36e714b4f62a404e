"""What one destination is told of many incidents at once: how many, how grave, of what, and which, to be answered."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from escalator.model.incident import Verb
from escalator.model.levels import Severity
from escalator.model.message import Button, Card, Line, Link
from escalator.rendering import push_text

_MOST_GROUPS = 4
_MOST_SPANS = 80
"""How many spans of numbers one line holds: `#99999 to #99999, ` that often stays below Slack's 3,000 characters."""

MOST_BUTTONS = 24
"""How many incidents have a button of their own: with the one for all of them what one row of Slack's holds, 25."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One incident on a list: `title` is its category's, the only word about the harm (RULES 4).

    `answer` is what the button to acknowledge it brings back, empty where it has none. `is_answered` when somebody has
    acknowledged or closed it, `owner` is the name of who has it, where names may be said.
    """

    number: int
    severity: Severity
    title: str
    is_drill: bool = False
    answer: str = ""
    is_answered: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a list is answered: `all_` is what the button for all of it brings back, `links` lead elsewhere."""

    all_: str = ""
    bundle_id: UUID | None = None
    links: tuple[Link, ...] = ()


NO_WAYS = Ways()


def list_card(listed: Sequence[Listed], answered: int, ways: Ways = NO_WAYS, *, is_test: bool = False) -> Card:
    """Return the card of these incidents, at least one; `answered` have dropped out of it.

    Each is named by its number, in at most eight lines, and may be acknowledged where it stands.
    """
    gravest = max((one.severity for one in listed), key=lambda severity: severity.gravity)
    alerts = "alert" if len(listed) == 1 else "alerts"
    is_drill = all(one.is_drill for one in listed)
    header = push_text.marked(
        f"{gravest.value.upper()} · {len(listed)} more {alerts}", is_test=is_test, is_drill=is_drill
    )
    numbers = [one.number for one in listed]
    span = f"#{min(numbers)} to #{max(numbers)}" if len(numbers) > 1 else f"#{numbers[0]}"
    return Card(
        text=f"{header} · {span}",
        header=header,
        lines=tuple(_lines(listed, answered, ways.links)),
        buttons=tuple(_buttons(listed, ways.all_)),
        severity=gravest,
        is_bulletin=True,
        bundle_id=ways.bundle_id,
    )


def _buttons(listed: Sequence[Listed], all_: str) -> Iterator[Button]:
    answerable = sorted((one for one in listed if one.answer), key=lambda one: (-one.severity.gravity, one.number))
    if all_ and len(answerable) > 1:
        label = f"Acknowledge all {len(answerable)}"
        question = f"Acknowledge all {len(answerable)} alerts in this message? You become their owner."
        yield Button(Verb.ACKNOWLEDGE, label, all_, is_primary=True, confirm=question)
    for one in answerable[:MOST_BUTTONS]:
        yield Button(Verb.ACKNOWLEDGE, f"Acknowledge #{one.number}", one.answer)


def _answered_line(answered: Sequence[Listed]) -> Iterator[Line]:
    if answered:
        owners = ", ".join(sorted({one.owner for one in answered if one.owner}))
        numbers = spans(one.number for one in answered)
        yield (f"Acknowledged or closed: {len(answered)} ({numbers})" + (f" · {owners}" if owners else ""),)


def _lines(listed: Sequence[Listed], answered: int, links: Sequence[Link]) -> Iterator[Line]:
    groups: dict[tuple[int, str], list[int]] = {}
    for one in sorted(listed, key=lambda one: one.number):
        what = push_text.marked(push_text.headline(one.severity, one.title), is_test=False, is_drill=one.is_drill)
        groups.setdefault((-one.severity.gravity, what), []).append(one.number)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], -len(group[1]), group[0][1]))
    for (_, what), numbers in ordered[:_MOST_GROUPS]:
        yield (f"{what}: {len(numbers)} ({spans(numbers)})",)
    rest = ordered[_MOST_GROUPS:]
    if rest:
        others = [number for _, numbers in rest for number in numbers]
        yield (f"{len(others)} more of {len(rest)} other kinds ({spans(others)})",)
    if answered:
        yield (f"Already handled: {answered}",)
    yield from _answered_line([one for one in listed if one.is_answered])
    if links:
        yield tuple(part for link in links for part in (link, " "))[:-1]


def spans(numbers: Iterable[int]) -> str:
    """Return these numbers, those that follow one another as a span: `#1021 to #1030, #1045`."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    said = [_span(span) for span in found[:_MOST_SPANS]]
    left = sum(len(span) for span in found[_MOST_SPANS:])
    return ", ".join(said) + (f" and {left} more" if left else "")


_MOST_REFUSALS = 20


def all_words(done: Sequence[int], refused: Sequence[str]) -> str:
    """Return what somebody is told who has acknowledged a whole list: which, and of the others why not."""
    said = [f"{len(done)} acknowledged: {spans(done)}." if done else "Nothing was acknowledged."]
    said += refused[:_MOST_REFUSALS]
    left = len(refused) - _MOST_REFUSALS
    return "\n".join([*said, f"{left} more were not acknowledged."] if left > 0 else said)


def _span(numbers: Sequence[int]) -> str:
    if len(numbers) < 3:
        return ", ".join(f"#{number}" for number in numbers)
    return f"#{numbers[0]} to #{numbers[-1]}"
