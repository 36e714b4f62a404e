"""A digest in words: what was only logged, what is open, what waits in Stream; never content."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from escalator.engine.digests import DigestPeriod
from escalator.model.levels import Severity
from escalator.model.message import Card, Line, Link
from escalator.model.policy import Policy
from escalator.rendering.push_text import headline
from escalator.rendering.redaction import one_line
from escalator.rendering.view import title_of

MOST_LINES = 10
"""How many categories and severities of a section, and how many queues, have a line of their own."""
_NAME_CHARS = 64


@dataclass(frozen=True, slots=True)
class DigestCount:
    """How many incidents of a category (by key, None for none) and severity, and how many are unacknowledged."""

    category: str | None
    severity: Severity
    count: int
    unacknowledged: int = 0


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest for one reader: what they may see of it.

    `queues` are sentences about Stream's queues; `has_waiting` says whether anything waits there, `has_unknown` that
    this is not known of one of them. `base_url` leads to the dashboard, `zone` is of the times.
    """

    name: str
    period: DigestPeriod
    zone: ZoneInfo
    policy: Policy
    base_url: str
    logged: Sequence[DigestCount]
    still_open: Sequence[DigestCount]
    queues: Sequence[str] = ()
    has_waiting: bool = False
    has_unknown: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return not (self.logged or self.still_open or self.has_waiting or self.has_unknown)


def digest_card(view: DigestView) -> Card:
    """Return the message. What a locked phone shows are numbers only."""
    name = f"Digest {one_line(view.name, _NAME_CHARS)}"
    period = _period(view)
    if view.is_empty:
        text = f"{name}: nothing is open, nothing was logged"
        return Card(text, text, (period,))
    waiting = "; items wait in Stream" if view.has_waiting else ""
    text = f"{name}: {_total(view.still_open)} open, {_total(view.logged)} logged{waiting}"
    return Card(text, text, (period, *_open_lines(view), *_logged_lines(view), *_queue_lines(view), _links(view)))


def _period(view: DigestView) -> Line:
    since, until = (_time(at, view.zone) for at in (view.period.since, view.period.until))
    missed = "; earlier digests were not sent, this one covers their time too" if view.period.has_missed else ""
    return (f"{since} to {until} ({view.zone.key}){missed}",)


def _time(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def _open_lines(view: DigestView) -> Iterator[Line]:
    waiting = sum(count.unacknowledged for count in view.still_open)
    unanswered = f", {waiting} unacknowledged" if waiting else ""
    yield (f"Open: {_total(view.still_open)}{unanswered}",)
    for count in _shown(view.still_open):
        unanswered = f", {count.unacknowledged} unacknowledged" if count.unacknowledged else ""
        yield _count_line(view, count, unanswered, "/", {})
    yield from _more(view.still_open)


def _logged_lines(view: DigestView) -> Iterator[Line]:
    yield (f"Logged, nobody was notified: {_total(view.logged)}",)
    for count in _shown(view.logged):
        yield _count_line(view, count, "", "/incidents", {"state": "logged"})
    yield from _more(view.logged)


def _count_line(view: DigestView, count: DigestCount, more: str, path: str, filters: dict[str, str]) -> Line:
    category = {"category": count.category} if count.category else {}
    query = urlencode({**filters, **category, "severity": count.severity.value})
    title = title_of(view.policy.categories.get(count.category or ""))
    words = f"{headline(count.severity, title)}: {count.count}{more} · "
    return (words, Link("Show", f"{view.base_url}{path}?{query}"))


def _shown(counts: Sequence[DigestCount]) -> Sequence[DigestCount]:
    """Return the gravest, then the most frequent."""
    order = sorted(counts, key=lambda count: (-count.severity.gravity, -count.count, count.category or ""))
    return order[:MOST_LINES]


def _more(counts: Sequence[DigestCount]) -> Iterator[Line]:
    left = _total(counts) - _total(_shown(counts))
    if left:
        yield (f"and {left} more",)


def _queue_lines(view: DigestView) -> Iterator[Line]:
    for words in view.queues[:MOST_LINES]:
        yield (words,)
    left = len(view.queues) - MOST_LINES
    if left > 0:
        yield (f"and {left} more queues of Stream",)


def _links(view: DigestView) -> Line:
    logged = Link("All logged", f"{view.base_url}/incidents?state=logged")
    return (Link("All open", f"{view.base_url}/"), " ", logged)


def _total(counts: Sequence[DigestCount]) -> int:
    return sum(count.count for count in counts)
