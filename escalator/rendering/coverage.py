"""What a coverage is told in, in words and in pictures: how soon somebody hears, and for how much of the time."""

from datetime import timedelta
from math import floor

from escalator.rendering.texts import words


def how_soon(delay: timedelta | None) -> str:
    """Return `5 min` or `at once`, and `nobody` where nobody hears at all."""
    if delay is None:
        return "nobody"
    return words(delay) if delay else "at once"


def percent(share: float) -> str:
    """Return a share, rounded down: 100 % is all of it."""
    return f"{floor(share * 1000) / 10:g} %"
