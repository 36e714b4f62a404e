"""Stream's labels with what they add to a category: a second level, or how sure Stream is. Kept as one text.

A label is a line of three fields, separated by tabs: its first level where it has two, its name, its confidence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escalator.stream.sightings import confidence_text

if TYPE_CHECKING:
    from escalator.stream.schemas import StreamEvent

MAX_LABELS = 10
_SEPARATOR = "\t"


@dataclass(frozen=True, slots=True)
class StreamLabel:
    """A label: `parent` is its first level (empty: it has one level), `confidence` from 0 to 1."""

    parent: str
    name: str
    confidence: float | None


def labels_of(event: "StreamEvent") -> str:
    """Return the labels of an event that have a second level or a confidence, the surest first."""
    highest: dict[tuple[str, str], float] = {}
    for parent, name, confidence in _found(event):
        sure = float(confidence_text(confidence) or 0)
        if name and (parent or sure):
            highest[parent, name] = max(sure, highest.get((parent, name), 0.0))
    parents = {parent for parent, _name in highest}
    kept = [(sure, *label) for label, sure in highest.items() if label[0] or label[1] not in parents]
    surest = sorted(kept, key=lambda one: (-one[0], *one[1:]))[:MAX_LABELS]
    return "\n".join(_SEPARATOR.join((parent, name, confidence_text(sure))) for sure, parent, name in surest)


def read_labels(text: str) -> list[StreamLabel]:
    """Return the labels in the text that `labels_of` has made."""
    rows = (line.split(_SEPARATOR) for line in text.splitlines())
    return [StreamLabel(row[0], row[1], float(row[2]) if row[2] else None) for row in rows if len(row) == 3]  # noqa: PLR2004


def _found(event: "StreamEvent") -> Iterator[tuple[str, str, float | None]]:
    for flag in event.all_flags:
        yield from (("", _plain(result.label), result.confidence) for result in flag.result)
    for verdict in event.texts + event.images + event.matched_contents:
        for label in verdict.classifications + verdict.ocr_classifications:
            yield _plain(label.parent), _plain(label.name), label.confidence


def _plain(label: str) -> str:
    return " ".join(label.split())
