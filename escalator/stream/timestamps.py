"""Stream's instants, in both encodings.

RFC 3339 texts (chat webhook docs, with offsets and up to nine fractional digits) and integer unix nanoseconds
(Stream's own conformance fixtures, openapi/v2) both occur; older SDKs also type `reviewed_at` as an object,
`NullTime`. Go writes "no time" as its zero, the year 1 (as nanoseconds: a negative number).
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR = 2000
_LAST_YEAR = 2199
_NANOSECONDS = 1_000
_NULL_TIME_VALUE = ("time", "value")
_NULL_TIME_IS_SET = ("valid", "hasvalue")


def parse_instant(value: object) -> datetime | None:
    """Return the aware UTC instant, cut to microseconds, or None for null, nonsense, and years outside 2000-2199."""
    if isinstance(value, Mapping):
        value = _inside_null_time(value)
    try:
        read = _read(value)
    except (ValueError, OverflowError):
        return None
    return read if read and _FIRST_YEAR <= read.year <= _LAST_YEAR else None


def _inside_null_time(value: Mapping[str, object]) -> object:
    parts = {str(name).lower(): part for name, part in value.items()}
    if any(parts.get(name) is False for name in _NULL_TIME_IS_SET):
        return None
    return next((parts[name] for name in _NULL_TIME_VALUE if name in parts), None)


def _read(value: object) -> datetime | None:
    if isinstance(value, str):
        read = datetime.fromisoformat(value.strip().upper())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return _EPOCH + timedelta(microseconds=int(value) // _NANOSECONDS)
