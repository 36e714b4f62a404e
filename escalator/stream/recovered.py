"""Items that were read from Stream's review queue: events of our own, which stand in for webhooks that never came.

Such an event says what the webhooks about the item would have said. It is processed like them, so that a webhook that
comes late after all changes nothing. A webhook with this type is counted and dropped.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from escalator.model.facts import Facts, ItemState
from escalator.stream import events
from escalator.stream.lenient_fields import reader_of
from escalator.stream.schemas import ReviewQueueItem, StreamEvent
from escalator.stream.text import bounded_id
from escalator.stream.timestamps import parse_instant

TYPE = "escalator.recovered"

_FIRST = datetime.min.replace(tzinfo=UTC)
_READ = reader_of(ReviewQueueItem)

Json = Mapping[str, Any]


def state_of(item: Json) -> ItemState | None:
    """Return the state of a queue item as Stream answers it; None for one without an id or any time."""
    item_id = item.get("id")
    updated_at = parse_instant(item.get("updated_at")) or parse_instant(item.get("created_at"))
    if not isinstance(item_id, str) or not item_id or updated_at is None:
        return None
    return ItemState(bounded_id(item_id), updated_at, parse_instant(item.get("reviewed_at")))


def item_state_in(event: StreamEvent) -> ItemState | None:
    """Return the state of the queue item that an event shows; None where it shows none."""
    item = event.snapshot
    updated_at = (item.updated_at or item.created_at) if item else None
    if item is None or not item.id or updated_at is None:
        return None
    return ItemState(item.id, updated_at, item.reviewed_at, _digest(item))


def body_of(item: Json, *, was_lost: bool) -> bytes:
    """Return the event to store. `was_lost`: a webhook about this state should have come, and did not."""
    return json.dumps({"type": TYPE, "was_lost": was_lost, "item": item}).encode()


def digest_of(item: Json) -> str:
    """Return a SHA-256 of the parts of an item that are ever read, without `updated_at`.

    So the same state is stored once, whatever else of the item changes (a user who comes online, say).
    """
    return _digest(_READ(item))


def _digest(item: ReviewQueueItem) -> str:
    read = replace(item, updated_at=None)
    return hashlib.sha256(f"{TYPE}/{read!r}".encode("utf-8", "surrogatepass")).hexdigest()


def was_lost(body: Json) -> bool:
    """Whether a stored event stands in for a webhook that should have come."""
    return body.get("was_lost") is True


def webhook_of(body: Json) -> dict[str, object]:
    """Return the webhook that would have shown the state in a stored event.

    It is `review_queue_item.updated` for an item with several flags or any action, of which the newest is the one that
    the webhook would have been about; else `review_queue_item.new`.
    """
    item = body.get("item")
    held = item if isinstance(item, Mapping) else {}
    flags, actions = _listed(held.get("flags")), _listed(held.get("actions"))
    newest = max(actions, key=lambda action: parse_instant(action.get("created_at")) or _FIRST, default=None)
    is_new = len(flags) <= 1 and not actions
    return {
        "type": events.REVIEW_QUEUE_ITEM_NEW if is_new else events.REVIEW_QUEUE_ITEM_UPDATED,
        "created_at": held.get("updated_at") or held.get("created_at"),
        "review_queue_item": held,
        **({"action": newest} if newest else {}),
    }


def facts_of_creation(event: Json, at: datetime) -> Facts:
    """Return the fact that the item came into the queue, which was a webhook of its own."""
    item = event.get("review_queue_item")
    created_at = parse_instant(item.get("created_at")) if isinstance(item, Mapping) else None
    return Facts({"event": {events.REVIEW_QUEUE_ITEM_NEW: created_at or at}})


def _listed(values: object) -> list[Json]:
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
