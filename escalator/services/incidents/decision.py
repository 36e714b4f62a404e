"""A decision that is to be written: an incident before it, and what it changes."""

from dataclasses import dataclass

from escalator.engine.incident_change import Change
from escalator.model.incident import Incident


@dataclass(frozen=True, slots=True)
class Decision:
    """A change and the incident before it; `before` is None for a new incident."""

    before: Incident | None
    change: Change
