"""Instants as the sandbox page reads them."""

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """Return an instant in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def stamp_or_none(at: datetime | None) -> str | None:
    """Return an instant, or None for none."""
    return None if at is None else stamp(at)
