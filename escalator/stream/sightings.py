"""Gathering sightings: a value, and the earliest of Stream's times at which it was seen."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from escalator.model.facts import CUSTOM_PREFIX, Facts, Sightings
from escalator.stream.lenient_fields import MAX_ENTRIES

MAX_VALUES = MAX_ENTRIES
MAX_NAMES = 100
MAX_STATED = 1_000_000.0
_PERCENT = 100.0


class FactCollector:
    """A collector of facts. Empty values are no sightings; of one value the earliest time counts."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, datetime]] = {}
        self._latest: dict[str, tuple[datetime, str]] = {}

    def see(self, name: str, values: Iterable[str], at: datetime) -> None:
        """Note that Stream said these values under that name, then."""
        for value in values:
            if value:
                sightings = self._seen.setdefault(name, {})
                sightings[value] = min(at, sightings.get(value, at))

    def state(self, name: str, value: str, at: datetime) -> None:
        """Note the newest value of what Stream replaces."""
        if value:
            self._latest[name] = max((at, value), self._latest.get(name, (at, value)))

    def facts(self) -> Facts:
        """Return what was gathered: at most 100 names, the customer's own last, and of each the 500 values seen last.

        The oldest are left out because a new report must still count when thousands came before it.
        """
        names = sorted(self._seen, key=lambda name: (name.startswith(CUSTOM_PREFIX), name))[:MAX_NAMES]
        return Facts({name: _newest(self._seen[name]) for name in names}, dict(self._latest))


def _newest(seen: Mapping[str, datetime]) -> Sightings:
    if len(seen) <= MAX_VALUES:
        return seen
    return dict(sorted(seen.items(), key=lambda sighting: (sighting[1], sighting[0]))[-MAX_VALUES:])


def severity_score_text(value: float | None) -> str:
    """Return a severity score as decimal text; 0 and below say nothing (Stream's scale is 1 to 100)."""
    return _decimal(min(value, MAX_STATED)) if value is not None and value > 0 else ""


def confidence_text(value: float | None) -> str:
    """Return a confidence as decimal text between 0 and 1; above 1 it is a percentage, above 100 it is nonsense."""
    if value is None or not 0 < value <= _PERCENT:
        return ""
    return _decimal(value / _PERCENT if value > 1 else value)


def _decimal(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
