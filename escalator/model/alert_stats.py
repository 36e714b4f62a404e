"""What is left of an incident in the figures of a report."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlertStats:
    """One incident that somebody was to answer. `first_answered_at` and `escalated_at` as in `Incident`."""

    opened_at: datetime
    first_answered_at: datetime | None
    escalated_at: datetime | None
    closed_at: datetime | None
    category: str | None
    severity: str
    assign: str | None
    outcome: str | None
