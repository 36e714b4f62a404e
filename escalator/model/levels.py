"""Ordered words: severity, content rule, mode, role."""

from enum import StrEnum
from functools import cache


class Ranked(StrEnum):
    """A word whose position in its class is its rank: the later, the higher.

    All four comparisons are written out: `total_ordering` would keep those of `str`, which compare alphabetically.
    """

    @property
    def rank(self) -> int:
        """Return the position in the class, from 0."""
        return _ranks(type(self))[self]

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.rank < other.rank

    def __le__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.rank <= other.rank

    def __gt__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.rank > other.rank

    def __ge__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.rank >= other.rank


@cache
def _ranks(words: type[Ranked]) -> dict[Ranked, int]:
    return {word: rank for rank, word in enumerate(words)}


class Severity(Ranked):
    """How grave an incident is. `unknown` is below everything and is matched by no `min_severity`."""

    UNKNOWN = "unknown"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def gravity(self) -> int:
        """Return the rank for ordering work: an unknown severity does not come last."""
        return Severity.MEDIUM.rank if self is Severity.UNKNOWN else self.rank


class ContentRule(Ranked):
    """Which content may be shown; the later, the stricter."""

    SHOW = "show"
    HIDE = "hide"
    WITHHOLD = "withhold"


class Mode(Ranked):
    """Whether messages are sent; the earlier, the milder."""

    SANDBOX = "sandbox"
    DIVERT = "divert"
    PRODUCTION = "production"


class Role(Ranked):
    """What a person may do. `auditor` reads everything and changes nothing, as a viewer."""

    AUDITOR = "auditor"
    VIEWER = "viewer"
    MODERATOR = "moderator"
    SENIOR = "senior"
    ADMIN = "admin"

    @property
    def may_acknowledge(self) -> bool:
        """Whether somebody of this role may acknowledge an incident that is open to them."""
        return self >= Role.MODERATOR
