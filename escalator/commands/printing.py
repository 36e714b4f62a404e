"""What commands print alike: columns that people read, instants that machines read, what channels are called."""

from collections.abc import Sequence
from datetime import UTC, datetime

from escalator.model.policy import DestinationKind

CHANNELS = {
    DestinationKind.SLACK: "Slack",
    DestinationKind.PAGERDUTY: "PagerDuty",
    DestinationKind.EMAIL: "email",
    DestinationKind.JIRA: "Jira",
    DestinationKind.WEBHOOK: "webhook",
}


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows of as many cells each as lines whose cells stand beneath one another."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def stamp(at: datetime) -> str:
    """Return an instant as `2026-01-05T18:00:00Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
