"""What an item of Stream's review queue means here, compared with what is known of it (RULES 6).

All instants are Stream's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from escalator.model.facts import ItemState

SETTLED_AFTER = timedelta(seconds=30)
"""Stream repeats a webhook for 15 s: until then it may still come, and it is the normal way."""
OVERLAP = timedelta(seconds=120)
"""How far the next run looks back: an item may be found in the queue some time after its update."""
OPENED_BACK_TO = timedelta(hours=24)
"""How long before the first contact an item may have been created that is still opened (RULES 6)."""


class Finding(StrEnum):
    """What an item of the queue means here."""

    KNOWN = "known"
    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"
    TOO_OLD = "too_old"
    NOT_SETTLED = "not_settled"


RECOVERED = frozenset({Finding.OPENED, Finding.CHANGED, Finding.CLOSED})
"""What is processed as the webhook that never came would have been."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """An item as the queue shows it. `has_incident`: an incident here has its id, whatever is known of its state."""

    state: ItemState
    created_at: datetime
    has_incident: bool = False


def judge_item(
    item: QueueItem,
    known: ItemState | None,
    now: datetime,
    connected_at: datetime,
    settled_after: timedelta = SETTLED_AFTER,
) -> Finding:
    """Return what an item means. `now` is Stream's time; `connected_at` that of the first contact with the source."""
    if item.state.updated_at > now - settled_after:
        return Finding.NOT_SETTLED
    if known is not None and (item.state.updated_at <= known.updated_at or is_same(item.state, known)):
        return Finding.KNOWN
    is_seen = known is not None or item.has_incident
    if not is_seen and item.created_at < connected_at - OPENED_BACK_TO:
        return Finding.TOO_OLD
    if item.state.reviewed_at is not None and (known is None or item.state.reviewed_at != known.reviewed_at):
        return Finding.CLOSED
    return Finding.CHANGED if is_seen else Finding.OPENED


def is_same(state: ItemState, known: ItemState) -> bool:
    """Whether two states mean the same here, so that no webhook about the newer one is missing."""
    return bool(state.digest) and state.digest == known.digest


def was_lost(state: ItemState, now: datetime, connected_at: datetime) -> bool:
    """Whether the webhook about a state should have come. Nothing was sent to us before the first contact."""
    return connected_at <= state.updated_at <= now - SETTLED_AFTER


def next_watermark(newest_seen: datetime, skipped_until: datetime | None) -> datetime:
    """Return from when on the next run reads, after one that has read all: with an overlap, behind what is skipped."""
    overlapping = newest_seen - OVERLAP
    return overlapping if skipped_until is None else max(overlapping, skipped_until)
