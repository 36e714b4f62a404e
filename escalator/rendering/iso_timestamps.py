"""Instants as text for machines."""

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """Return an instant as `2026-01-05T18:00:00Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def exact(at: datetime) -> str:
    """Return an instant in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def exact_or_none(at: datetime | None) -> str | None:
    """Return an instant, or None for none."""
    return None if at is None else exact(at)
