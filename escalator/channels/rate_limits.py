"""How long a vendor asks us to wait, from several headers.

`Retry-After` is a number of seconds or an instant (RFC 9110, 10.2.3). Where it is missing, a reset of the rate limit
says it, unless requests remain: `RateLimit-Reset` in seconds (PagerDuty; IETF drafts), `X-RateLimit-Reset` as Unix
time (Stream, of which a list has one for each window: its SDKs take the first) or as RFC 3339 (Jira).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER = timedelta(hours=1)

_RESETS = ("ratelimit-reset", "x-ratelimit-reset-after", "x-ratelimit-reset", "x-rate-limit-reset")
_REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_NUMBER = re.compile(r"[0-9]{1,16}(\.[0-9]{1,9})?")
_FIRST_UNIX_TIME, _FIRST_IN_MILLISECONDS = 1e9, 1e11
"""From which number on it is the time since 1970 (2001 on) rather than a wait (of more than 30 years)."""


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a vendor asks us to wait, 0 to an hour; None when no header says so.

    Instants are compared with the vendor's own `Date`, never with our clock; past instants mean 0.
    """
    values = {name.lower(): value.strip() for name, value in headers.items()}
    date = _instant(values.get("date", ""))
    wait = _wait(values.get("retry-after", ""), date)
    if wait is None and all(_first(values.get(name, "0")) in {"0", ""} for name in _REMAINING):
        resets = [values[name] for name in _RESETS if name in values]
        waits = (_wait(text, date) for reset in resets for text in (reset, _first(reset)))
        wait = next((candidate for candidate in waits if candidate is not None), None)
    return None if wait is None else min(max(wait, timedelta()), LONGEST_RETRY_AFTER)


def _first(values: str) -> str:
    return values.partition(",")[0].strip()


def _wait(value: str, date: datetime | None) -> timedelta | None:
    """Return the wait for a number of seconds or an instant, without a limit; None for a negative number."""
    if _NUMBER.fullmatch(value) and float(value) < _FIRST_UNIX_TIME:
        return timedelta(seconds=float(value))
    until = _instant(value)
    return None if until is None or date is None else until - date


def _instant(value: str) -> datetime | None:
    """Return an instant in any of its forms: Unix time in seconds or milliseconds, RFC 3339, an HTTP date."""
    try:
        if _NUMBER.fullmatch(value):
            number = float(value)
            return datetime.fromtimestamp(number / 1000 if number >= _FIRST_IN_MILLISECONDS else number, UTC)
        instant = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
    except (ValueError, OverflowError, OSError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
