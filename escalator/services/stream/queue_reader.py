"""Reads Stream's review queue by the time of the last update, page by page, within the time that one run may take."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from escalator.channels.stream.client import StreamClient
from escalator.channels.stream.review_queue import MOST_ITEMS, Filter, is_too_large, read_page, updated_since
from escalator.clock import Clock, Stopwatch
from escalator.model.message import Failed, FailureReason
from escalator.stream.recovered import state_of

PACE = timedelta(seconds=1)
"""Between two calls. With at most 20 pages a run it is less than half of the smallest limit that Stream publishes (60 a
minute); after 429 the next run waits for as long as Stream says.
"""
MOST_S = 60.0
"""After this nothing more is asked in a run; the last call may take 10 s more."""
NO_DATE = Failed(FailureReason.BAD_ANSWER, "no_date")
OUT_OF_TIME = Failed(FailureReason.PACED, "out_of_time")

_TICK = timedelta(microseconds=1)
_FIRST_SPAN, _LAST_SPAN = timedelta(milliseconds=1), timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some items as Stream answers them, the cursor of the next page (empty on the last one), and Stream's time."""

    items: tuple[dict[str, Any], ...]
    next: str
    at: datetime


class QueueReader:
    """Makes the calls of one run, one a second at most."""

    def __init__(self, client: StreamClient, clock: Clock, most_s: float = MOST_S) -> None:
        self._client = client
        self._clock = clock
        self._most_s = most_s
        self._watch = Stopwatch()
        self._asked_at: datetime | None = None

    def read(self, filter_by: Filter, *, limit: int = MOST_ITEMS, cursor: str = "") -> QueuePage | Failed:
        """Return a page, the item that was updated longest ago first; OUT_OF_TIME when the run has taken too long."""
        if self._watch.seconds() > self._most_s:
            return OUT_OF_TIME
        if self._asked_at is not None:
            self._clock.wait_until(self._asked_at + PACE)
        self._asked_at = self._clock.now()
        page = read_page(self._client, filter_by, sort_by="updated_at", limit=limit, cursor=cursor)
        if isinstance(page, Failed):
            return page
        return NO_DATE if page.at is None else QueuePage(page.items, page.next, page.at)


@dataclass(slots=True)
class ChangedItems:
    """The items that were updated at `since` (Stream's time) or later and meet `also`, page by page.

    A page that is too large is asked for again with half as many items. One item alone that is too large is left out:
    the microsecond in which it was updated is found by ever smaller windows of time, and reading goes on behind it.
    """

    reader: QueueReader
    since: datetime
    also: Filter = field(default_factory=dict)
    limit: int = MOST_ITEMS
    newest: datetime | None = None
    is_complete: bool = False
    skipped: int = 0
    skipped_until: datetime | None = None
    _cursor: str = ""
    _problem: Failed | None = None

    def next_page(self) -> QueuePage | Failed:
        """Return the next page; `newest` is then the time of its last item, `is_complete` whether it is the last."""
        while True:
            filter_by = {**updated_since(self.since), **self.also}
            page = self.reader.read(filter_by, limit=self.limit, cursor=self._cursor)
            if not isinstance(page, Failed):
                self._advance(page)
                return page
            if not is_too_large(page):
                return page
            self._start_again(self.newest or self.since)
            if self.limit > 1:
                self.limit //= 2
            elif (failed := self._skip_item()) is not None:
                return failed

    def _advance(self, page: QueuePage) -> None:
        updates = [state.updated_at for state in map(state_of, page.items) if state is not None]
        self.newest = max([*updates, *([self.newest] if self.newest else [])], default=None)
        self._cursor = page.next
        self.is_complete = not page.next

    def _start_again(self, since: datetime) -> None:
        """Ask anew from there: whether a cursor may be used with another limit, Stream does not say."""
        self.since, self._cursor = since, ""

    def _skip_item(self) -> Failed | None:
        """Go on behind the item that comes next; items of the same microsecond are left out with it."""
        start = self.newest + _TICK if self.newest else self.since
        low, high, span = start, start + _FIRST_SPAN, _FIRST_SPAN
        while (is_inside := self._is_inside(start, high)) is False and span < _LAST_SPAN:
            span *= 4
            low, high = high, high + span
        while is_inside and high - low > _TICK:
            middle = low + (high - low) / 2
            is_inside_lower = self._is_inside(start, middle)
            if is_inside_lower is None:
                return self._problem
            low, high = (low, middle) if is_inside_lower else (middle, high)
        if is_inside is None:
            return self._problem
        # Where no window holds it, it was updated in the same microsecond as the item before.
        self.skipped_until = self.newest = high if is_inside else start
        self.skipped += 1
        self.limit = MOST_ITEMS
        self._start_again(self.skipped_until)
        return None

    def _is_inside(self, start: datetime, end: datetime) -> bool | None:
        """Whether the item that is too large was updated within [start, end); None after another failure."""
        window = {"updated_at": {**updated_since(start)["updated_at"], "$lt": updated_since(end)["updated_at"]["$gte"]}}
        page = self.reader.read({**window, **self.also}, limit=1)
        if not isinstance(page, Failed):
            return False
        self._problem = page
        return True if is_too_large(page) else None
