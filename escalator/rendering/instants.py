"""Instants as machines read them."""

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """Return an instant as `2026-01-05T18:00:00Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
