"""Classifications of Stream's engines: a tree of labels (Classification, getstream 7.0.0), read as a flat list."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from escalator.stream.lenient_fields import number_field, reader_of, short_text

MAX_CLASSIFICATIONS = 500


@dataclass(frozen=True, slots=True)
class Classification:
    """A label, with its confidence (images) or severity (texts). `parent` is the label of the first level above it."""

    name: str = short_text()
    confidence: float | None = number_field()
    severity: str = short_text()
    parent: str = short_text()


_read = reader_of(Classification)


def flatten_classifications(value: object) -> tuple[Classification, ...]:
    """Return the labels of a tree of any depth, level by level."""
    labels: list[Classification] = []
    waiting: deque[tuple[str, object]] = deque([("", value)])
    while waiting and len(labels) < MAX_CLASSIFICATIONS:
        parent, level = waiting.popleft()
        for node in level if isinstance(level, list) else ():
            if isinstance(node, Mapping):
                label = replace(_read(node), parent=parent)
                labels.append(label)
                waiting.append((parent or label.name, node.get("subclassifications")))
    return tuple(labels[:MAX_CLASSIFICATIONS])
