"""How many items wait in Stream's review queue, and since when the oldest does.

Stream can answer with statistics alone (`stats_only`), but no source says what they hold, or whether they are of the
filter; so the items are counted, page by page, up to a bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from escalator.channels.stream.client import StreamClient
from escalator.channels.stream.review_queue import MOST_ITEMS, created_at, read_page
from escalator.clock import Stopwatch
from escalator.model.message import Failed

MOST_S = 20.0
"""No further page is asked for after this long; the last call adds its own limit of 10 s."""
_MOST_CALLS = 12
_TOO_LARGE = "too_large"
"""What `channels.http` says of an answer beyond its limit."""


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How many items there are, or at least are (`has_more`), how long the oldest has waited by Stream's clock (None
    where there is none, or it does not say), and how many calls it took.
    """

    items: int
    has_more: bool
    waited: timedelta | None
    calls: int


def count_items(client: StreamClient, filter_by: Mapping[str, Any], most: int) -> QueueCount | Failed:
    """Count the items of a filter, up to `most`, the oldest first.

    A page that is too large for our limits is asked for again with half as many items. What fails after the first page
    fails as a whole, so that nobody takes a part for all.
    """
    watch, limit, cursor, items, calls = Stopwatch(), MOST_ITEMS, "", 0, 0
    waited: timedelta | None = None
    while True:
        page = read_page(client, filter_by, limit=min(limit, most - items), cursor=cursor)
        calls += 1
        if isinstance(page, Failed):
            if page.detail != _TOO_LARGE or limit == 1 or calls == _MOST_CALLS:
                return page
            limit //= 2
            continue
        if not cursor and page.items and page.at is not None:
            came = created_at(page.items[0])
            waited = max(page.at - came, timedelta(0)) if came is not None else None
        items += len(page.items)
        cursor = page.next if page.items else ""
        if not cursor or items >= most or calls == _MOST_CALLS or watch.seconds() > MOST_S:
            return QueueCount(items, bool(cursor), waited, calls)
