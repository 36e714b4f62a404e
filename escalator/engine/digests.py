"""Digests: which period is due, and which incidents it counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from escalator.model.levels import Severity
from escalator.model.policy import Conditions, Digest
from escalator.schedules.daily import last_due_daily
from escalator.schedules.weekly import last_due

_ANYTHING = "*"
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DigestTurn:
    """What is known of a digest: by which `rule` it was planned, the last time it was due, until when what has been
    sent reaches.
    """

    rule: str
    due_at: datetime
    covered_until: datetime


@dataclass(frozen=True, slots=True)
class DigestPeriod:
    """What a digest is about: [since, until). `has_missed`: it also covers earlier digests, which were not sent."""

    since: datetime
    until: datetime
    has_missed: bool = False


def zone_of(digest: Digest, zone: ZoneInfo) -> ZoneInfo:
    """Return a digest's time zone; `zone` is the policy's."""
    return digest.timezone or zone


def next_turn(
    digest: Digest, zone: ZoneInfo, known: DigestTurn | None, now: datetime
) -> tuple[DigestTurn, DigestPeriod | None]:
    """Return what is known from now on, and the period of the digest that is due, if one is.

    A digest that is new in the policy, or has another time there, waits for its next turn. Of several that were missed
    only the newest is due, for the time of all.
    """
    rule, due = _rule(digest, zone), _last_due(digest, zone, now)
    if known is None:
        return DigestTurn(rule, due, due), None
    if known.rule != rule:
        return DigestTurn(rule, due, known.covered_until), None
    if due <= known.due_at or due <= known.covered_until:
        return known, None
    before = _last_due(digest, zone, due - _TICK)
    period = DigestPeriod(known.covered_until, due, has_missed=known.due_at < before)
    return DigestTurn(rule, due, due), period


def _last_due(digest: Digest, zone: ZoneInfo, now: datetime) -> datetime:
    if digest.weekday is None:
        return last_due_daily(digest.at, zone_of(digest, zone), now)
    return last_due(digest.weekday, digest.at, zone_of(digest, zone), now)


def _rule(digest: Digest, zone: ZoneInfo) -> str:
    return f"{digest.weekday} {digest.at} {zone_of(digest, zone).key}"


@dataclass(frozen=True, slots=True)
class Counted:
    """The only categories and sources that a digest counts, empty for all, and its severities. `needs_category`: only
    incidents that have one.
    """

    categories: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset(Severity)
    sources: frozenset[str] = frozenset()
    needs_category: bool = False


def counted_by(conditions: Conditions) -> Counted:
    """Return what a digest with these conditions counts."""
    tests = conditions.tests
    severities = {severity for severity in Severity if _is_named(severity, tests.get("severity"))}
    least = [Severity(word) for word in tests.get("min_severity", ())]
    if least:
        severities = {severity for severity in severities if severity >= min(least)}
    categories = frozenset(tests.get("category", ()))
    sources = frozenset(tests.get("source", ()))
    return Counted(
        categories=frozenset() if _ANYTHING in categories else categories,
        severities=frozenset(severities),
        sources=frozenset() if _ANYTHING in sources else sources,
        needs_category=_ANYTHING in categories,
    )


def _is_named(severity: Severity, named: tuple[str, ...] | None) -> bool:
    return named is None or _ANYTHING in named or severity.value in {word.lower() for word in named}
