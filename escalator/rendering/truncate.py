"""Cut texts visibly, in the vendor's unit of length, and never inside a character.

A visible character may be several code points (a flag, a family, a letter with accents): Unicode calls it a grapheme
cluster (UAX 29). The rules here are the part of UAX 29 that keeps such a cluster together.
"""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import accumulate

MORE = "…"
"""Marks where a text was cut."""

Cost = Callable[[str], int]
"""How many units a text takes: as many as all its code points, one by one."""

_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")
_TAGS = ("\U000e0020", "\U000e007f")
_REGIONAL_INDICATORS = ("\U0001f1e6", "\U0001f1ff")
_HANGUL_JAMO = ("\u1100", "\u11ff")
_LONGEST_CLUSTER = 64
"""Code points; a longer cluster is cut inside, or one letter with accents could fill the whole text."""


def utf16(text: str) -> int:
    """Return how many UTF-16 units a text takes: never less than its characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int, cost: Cost = len) -> str:
    """Return the text in at most `limit` units; one that is longer ends in `…`. Empty when not even that fits.

    By default characters are counted.
    """
    if len(text) <= limit and cost(text) <= limit:
        return text
    room = limit - cost(MORE)
    return "" if room < 0 else text[: _boundary(text, _fitting(text, room, cost))] + MORE


def pieces(text: str, limit: int, cost: Cost = len) -> Iterator[str]:
    """Yield the text in pieces of at most `limit` units, which must be more than the longest cluster takes."""
    while text:
        length = _fitting(text, limit, cost)
        at = _boundary(text, length) or length
        yield text[:at]
        text = text[at:]


def _fitting(text: str, room: int, cost: Cost) -> int:
    """Return how many code points from the beginning take at most `room` units."""
    return sum(units <= room for units in accumulate(map(cost, text[: room + 1])))


def _boundary(text: str, at: int) -> int:
    """Return the last index not after `at` where a cluster ends."""
    for place in range(at, max(0, at - _LONGEST_CLUSTER), -1):
        if place == len(text) or not _belongs_together(text, place):
            return place
    return 0 if at < _LONGEST_CLUSTER else at


def _belongs_together(text: str, at: int) -> bool:
    """Whether the code points before and after this index are of one cluster."""
    before, after = text[at - 1], text[at]
    if _ZERO_WIDTH_JOINER in (before, after) or unicodedata.category(after) in {"Mn", "Me", "Mc"}:
        return True
    if _is_within(after, _SKIN_TONES) or _is_within(after, _TAGS):
        return True
    if _is_within(before, _HANGUL_JAMO) and _is_within(after, _HANGUL_JAMO):
        return True
    return _is_within(after, _REGIONAL_INDICATORS) and _regional_indicators_before(text, at) % 2 == 1


def _regional_indicators_before(text: str, at: int) -> int:
    """Return how many are right before this index: each two of them are one flag."""
    count = 0
    while count < at and _is_within(text[at - 1 - count], _REGIONAL_INDICATORS):
        count += 1
    return count


def _is_within(char: str, span: tuple[str, str]) -> bool:
    return span[0] <= char <= span[1]
