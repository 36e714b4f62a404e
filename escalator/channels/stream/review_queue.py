"""Stream's review queue, read page by page. Nothing is ever locked: that would hide items from the moderators there.

A misspelt filter key is no error at Stream, it matches nothing; so filters stand here, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from escalator.channels.stream.client import StreamClient
from escalator.model.message import Failed, FailureReason
from escalator.stream.timestamps import parse_instant

MOST_ITEMS = 100
"""The most that Stream returns on one page."""

Filter = Mapping[str, Any]
"""Conditions by field; all must hold."""

UNREVIEWED: Filter = {"reviewed": False}
GRAVEST_FIRST: tuple[Filter, ...] = (
    {"escalated": True},
    {"ai_text_severity": "CRITICAL"},
    {"ai_text_severity": "HIGH"},
)
"""What is read before all else when there is much to read."""


def updated_since(instant: datetime) -> Filter:
    """Return the filter for items that were updated at that instant (Stream's time) or later."""
    return {"updated_at": {"$gte": instant.astimezone(UTC).isoformat().replace("+00:00", "Z")}}


def with_ids(item_ids: Sequence[str]) -> Filter:
    """Return the filter for these items, of which there are at most `MOST_ITEMS`."""
    return {"id": {"$in": list(item_ids)}}


@dataclass(frozen=True, slots=True)
class Page:
    """Some items as Stream answers them, and the cursor of the next page; empty on the last one."""

    items: tuple[dict[str, Any], ...]
    next: str
    at: datetime | None


def read_page(  # noqa: PLR0913  # what a page is asked by
    client: StreamClient,
    filter_by: Filter,
    *,
    sort_by: str = "created_at",
    limit: int = MOST_ITEMS,
    cursor: str = "",
) -> Page | Failed:
    """Return one page, the oldest by `sort_by` first (POST /api/v2/moderation/review_queue)."""
    body: dict[str, Any] = {
        "filter": filter_by,
        "sort": [{"field": sort_by, "direction": 1}],
        "limit": limit,
        "exclude_default_action_config": True,
    }
    if cursor:
        body["next"] = cursor
    answer = client.ask("POST", "/api/v2/moderation/review_queue", body=body)
    if isinstance(answer, Failed):
        return answer
    items, following = answer.body.get("items"), answer.body.get("next")
    if not isinstance(items, list):
        return Failed(FailureReason.BAD_ANSWER, "no_items")
    found = tuple(item for item in items if isinstance(item, dict))
    return Page(found, following if isinstance(following, str) else "", answer.at)


def is_too_large(failed: Failed) -> bool:
    """Whether a page has more bytes than are read: a smaller one may be readable."""
    return failed.reason is FailureReason.BAD_ANSWER and failed.detail == "too_large"


def created_at(item: Mapping[str, Any]) -> datetime | None:
    """Return when an item came into the queue, by Stream's clock; None where it does not say so."""
    return parse_instant(item.get("created_at"))
