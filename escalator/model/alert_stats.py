"""The values of an incident that reports need."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlertStats:
    """One incident that somebody should answer. Every field is as in `Incident`."""

    opened_at: datetime
    waiting_since: datetime | None
    first_acknowledged_at: datetime | None
    escalated_at: datetime | None
    closed_at: datetime | None
    category: str | None
    severity: str
    assign: str | None
    outcome: str | None

    @property
    def was_reviewed_when_opened(self) -> bool:
        """Whether Stream had reviewed it before anybody was notified, so that no answer was needed.

        Then one transaction both started the wait and counted the answer.
        """
        return self.first_acknowledged_at is not None and self.first_acknowledged_at == self.waiting_since
