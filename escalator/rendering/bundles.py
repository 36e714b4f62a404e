"""Bundles: one message to a destination about several incidents, with buttons to acknowledge them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from escalator.model.incident import Verb
from escalator.model.levels import Severity
from escalator.model.message import Button, Card, Line, Link
from escalator.rendering import push_text

_MOST_GROUPS = 4
_MOST_SPANS = 80
"""How many spans of numbers one line has: `#99999 to #99999, ` that often stays below Slack's 3,000 characters."""

MOST_BUTTONS = 24
"""How many incidents have a button of their own: with the one for all of them 25, the limit of a row in Slack."""


@dataclass(frozen=True, slots=True)
class BundledIncident:
    """One incident of a bundle: `title` is its category's, the only word about the harm (RULES 4).

    `answer` is the value of its acknowledge button, empty where it has none. `is_answered` when somebody has
    acknowledged or closed it; `owner` is the name of its owner, where names may be shown.
    """

    number: int
    severity: Severity
    title: str
    is_drill: bool = False
    answer: str = ""
    is_answered: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class BundleActions:
    """How a bundle is answered: `all_` is the value of the button for all incidents, `links` lead elsewhere."""

    all_: str = ""
    bundle_id: UUID | None = None
    links: tuple[Link, ...] = ()


NO_ACTIONS = BundleActions()


def incidents_card(
    incidents: Sequence[BundledIncident], answered: int, actions: BundleActions = NO_ACTIONS, *, is_test: bool = False
) -> Card:
    """Return the card of at least one incident; `answered` is how many have been left out since, as answered.

    Each is named by its number, in at most eight lines, and may be acknowledged there.
    """
    gravest = max((incident.severity for incident in incidents), key=lambda severity: severity.gravity)
    alerts = "alert" if len(incidents) == 1 else "alerts"
    is_drill = all(incident.is_drill for incident in incidents)
    header = push_text.marked(
        f"{gravest.value.upper()} · {len(incidents)} more {alerts}", is_test=is_test, is_drill=is_drill
    )
    numbers = [incident.number for incident in incidents]
    span = f"#{min(numbers)} to #{max(numbers)}" if len(numbers) > 1 else f"#{numbers[0]}"
    return Card(
        text=f"{header} · {span}",
        header=header,
        lines=tuple(_lines(incidents, answered, actions.links)),
        buttons=tuple(_buttons(incidents, actions.all_)),
        severity=gravest,
        is_bulletin=True,
        bundle_id=actions.bundle_id,
    )


def _buttons(incidents: Sequence[BundledIncident], all_: str) -> Iterator[Button]:
    answerable = sorted(
        (incident for incident in incidents if incident.answer),
        key=lambda incident: (-incident.severity.gravity, incident.number),
    )
    if all_ and len(answerable) > 1:
        label = f"Acknowledge all {len(answerable)}"
        question = f"Acknowledge all {len(answerable)} alerts in this message? You become their owner."
        yield Button(Verb.ACKNOWLEDGE, label, all_, is_primary=True, confirm=question)
    for incident in answerable[:MOST_BUTTONS]:
        yield Button(Verb.ACKNOWLEDGE, f"Acknowledge #{incident.number}", incident.answer)


def _answered_line(incidents: Sequence[BundledIncident]) -> Iterator[Line]:
    if incidents:
        owners = ", ".join(sorted({incident.owner for incident in incidents if incident.owner}))
        numbers = spans(incident.number for incident in incidents)
        yield (f"Acknowledged or closed: {len(incidents)} ({numbers})" + (f" · {owners}" if owners else ""),)


def _lines(incidents: Sequence[BundledIncident], answered: int, links: Sequence[Link]) -> Iterator[Line]:
    groups: dict[tuple[int, str], list[int]] = {}
    for incident in sorted(incidents, key=lambda incident: incident.number):
        headline = push_text.marked(
            push_text.headline(incident.severity, incident.title), is_test=False, is_drill=incident.is_drill
        )
        groups.setdefault((-incident.severity.gravity, headline), []).append(incident.number)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], -len(group[1]), group[0][1]))
    for (_, headline), numbers in ordered[:_MOST_GROUPS]:
        yield (f"{headline}: {len(numbers)} ({spans(numbers)})",)
    remaining = ordered[_MOST_GROUPS:]
    if remaining:
        others = [number for _, numbers in remaining for number in numbers]
        yield (f"{len(others)} more of {len(remaining)} other kinds ({spans(others)})",)
    if answered:
        yield (f"Already handled: {answered}",)
    yield from _answered_line([incident for incident in incidents if incident.is_answered])
    if links:
        yield tuple(part for link in links for part in (link, " "))[:-1]


def spans(numbers: Iterable[int]) -> str:
    """Return these numbers, consecutive ones as a span: `#1021 to #1030, #1045`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [_span(span) for span in runs[:_MOST_SPANS]]
    left = sum(len(span) for span in runs[_MOST_SPANS:])
    return ", ".join(shown) + (f" and {left} more" if left else "")


_MOST_REFUSALS = 20


def bundle_result_words(acknowledged: Sequence[int], refused: Sequence[str]) -> str:
    """Return the answer to somebody who has acknowledged a bundle: which incidents, and why not the others."""
    lines = [
        f"{len(acknowledged)} acknowledged: {spans(acknowledged)}." if acknowledged else "Nothing was acknowledged."
    ]
    lines += refused[:_MOST_REFUSALS]
    left = len(refused) - _MOST_REFUSALS
    return "\n".join([*lines, f"{left} more were not acknowledged."] if left > 0 else lines)


def _span(numbers: Sequence[int]) -> str:
    if len(numbers) < 3:
        return ", ".join(f"#{number}" for number in numbers)
    return f"#{numbers[0]} to #{numbers[-1]}"
