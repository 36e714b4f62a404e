"""One item of Stream's review queue, as it is now: what was done to it, by whom and when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from escalator.channels.stream.client import StreamApi
from escalator.model.message import Failed, FailureReason
from escalator.stream.text import normalized_word
from escalator.stream.timestamps import parse_instant


@dataclass(frozen=True, slots=True)
class LoggedAction:
    """An entry of an item's action log."""

    id: str
    type: str
    user_id: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An item as Stream answers it; `at` is the time there."""

    body: Mapping[str, Any]
    at: datetime | None

    def text(self, *path: str) -> str:
        """Return a text inside the item, such as `text("message", "cid")`; empty where there is none."""
        value: object = self.body
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) else ""

    @property
    def target_user(self) -> str:
        """Return the id of whoever wrote the content, or is the item."""
        return self.text("entity_creator_id") or self.text("entity_creator", "id") or self.text("message", "user", "id")

    @property
    def channel(self) -> str:
        """Return the cid of the channel that the content stands in; empty where it stands in none."""
        return self.text("message", "cid") or self.text("call", "channel_cid") or self.text("channel_cid")

    @property
    def reviewed_by(self) -> str | None:
        """Return who reviewed it (empty if Stream does not say), None while nobody has."""
        return None if parse_instant(self.body.get("reviewed_at")) is None else self.text("reviewed_by")

    @property
    def actions(self) -> tuple[LoggedAction, ...]:
        """Return the entries of its action log."""
        return tuple(_logged(self.body.get("actions")))


def _logged(entries: object) -> Iterator[LoggedAction]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            item = ReviewItem(entry, None)
            user_id = item.text("user_id") or item.text("user", "id")
            at = parse_instant(entry.get("created_at"))
            yield LoggedAction(item.text("id"), normalized_word(item.text("type")), user_id, at)


def read_item(client: StreamApi, item_id: str) -> ReviewItem | Failed:
    """Return one item (GET /api/v2/moderation/review_queue/{id}); BAD_TARGET where Stream has none of this id."""
    answer = client.ask("GET", f"/api/v2/moderation/review_queue/{quote(item_id, safe='')}")
    if isinstance(answer, Failed):
        return answer
    item = answer.body.get("item")
    return ReviewItem(item, answer.at) if isinstance(item, dict) else Failed(FailureReason.BAD_TARGET, "no_item")
