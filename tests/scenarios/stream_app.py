"""An app of Stream in which things happen: items are flagged and reviewed, and each change has its webhook.

The webhook has its times as RFC 3339, the queue as nanoseconds, as Stream does.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from tests.doubles.stream import StreamDouble, nanoseconds
from tests.scenarios.harness import STREAM_KEY, STREAM_SECRET, Harness


def item_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


class StreamApp:
    """The items of one app, and its queue over real HTTP."""

    def __init__(self, harness: Harness, double: StreamDouble) -> None:
        self.harness, self.double = harness, double
        self.items: dict[int, dict] = {}
        self._shown: dict[int, dict] = {}
        self.skew = timedelta()
        double.key, double.secrets = STREAM_KEY, [STREAM_SECRET]
        double.now = self.now
        double.limits = {"QueryReviewQueue": 60}

    def now(self) -> datetime:
        """Return Stream's time, which may differ from ours."""
        return self.harness.clock.now() + self.skew

    def flag(self, number: int, label: str = "SELF_HARM", **fields: object) -> bytes:
        """Flag an item, and return the webhook about it."""
        item = self.items.setdefault(number, self._created(number))
        flag = {"type": "bodyguard", "labels": [label], "created_at": self.now(), "user_id": f"f-{len(item['flags'])}"}
        return self._changed(number, flags=[*item["flags"], flag], **fields)

    def act(self, number: int, kind: str, by: str = "mod-1", **fields: object) -> bytes:
        """Let a moderator act on an item, and return the webhook about it."""
        action = {"type": kind, "user_id": by, "reporter_type": "moderator", "created_at": self.now()}
        return self._changed(number, actions=[action, *self.items[number]["actions"]], **fields)

    def review(self, number: int, by: str = "mod-1") -> bytes:
        return self.act(number, "mark_reviewed", by, reviewed_at=self.now(), reviewed_by=by, reviewed=True)

    def touch(self, number: int) -> None:
        """Let Stream update an item without telling anybody."""
        self._changed(number)

    def _created(self, number: int) -> dict:
        return {
            "id": item_id(number),
            "entity_type": "stream:chat:v1:message",
            "entity_id": f"message-{number}",
            "entity_creator_id": f"user-{number}",
            "moderation_payload": {"texts": [f"text {number}"]},
            "created_at": self.now(),
            "reviewed": False,
            "escalated": False,
            "flags": [],
            "actions": [],
        }

    def _changed(self, number: int, **fields: object) -> bytes:
        item = self.items[number]
        item.update(fields, updated_at=self.now())
        self._shown[number] = _with_times(item, nanoseconds)
        self.double.items = list(self._shown.values())
        is_new = len(item["flags"]) <= 1 and not item["actions"]
        event = {
            "type": f"review_queue_item.{'new' if is_new else 'updated'}",
            "created_at": self.now(),
            "review_queue_item": item,
            **({"action": item["actions"][0]} if item["actions"] else {}),
        }
        return json.dumps(_with_times(event, datetime.isoformat)).encode()


def _with_times(value, write):
    if isinstance(value, dict):
        return {name: _with_times(inner, write) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_times(inner, write) for inner in value]
    return write(value) if isinstance(value, datetime) else value


@contextmanager
def running_app(harness: Harness, **how: object) -> Iterator[StreamApp]:
    """Start the installation beside an app of Stream."""
    with StreamDouble() as double:
        app = StreamApp(harness, double)
        harness.start(**({"STREAM_API_URL": double.origin} | how))
        yield app
