"""Ids are UUIDv7 (RFC 9562, section 5.7): generated in order of time, so a range of ids is a period."""

from datetime import datetime
from uuid import UUID

_VERSION, _VARIANT = 7 << 76, 2 << 62


def first_id(instant: datetime) -> UUID:
    """Return the lowest id that could be generated at an instant (aware)."""
    return UUID(int=int(instant.timestamp() * 1000) << 80 | _VERSION | _VARIANT)
