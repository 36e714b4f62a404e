"""Stream's bodies for tests: the stored samples in both encodings of time, and small events made on the spot."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from escalator.model.facts import Observation
from escalator.stream.read_event import observe

FOLDER = Path(__file__).parent.parent / "fixtures" / "stream"
ENCODINGS = ("rfc3339", "unix_ns")
NAMES = sorted(path.stem for path in (FOLDER / "rfc3339").glob("*.json"))

FLAGGED_AT = datetime(2026, 8, 20, 14, 3, 7, 123456, UTC)
REVIEWED_AT = FLAGGED_AT + timedelta(minutes=5)
FLAGGED_AGAIN_AT = FLAGGED_AT + timedelta(minutes=10)
RECEIVED_AT = FLAGGED_AT + timedelta(hours=1)

ITEM_ID = "5b0b5f0e-6d5a-4f3a-9b5b-2f1f6f2a9c11"
MESSAGE_ID = "8bffc454-e1da-4d91-8b88-a87853dfb41c"
MESSAGE_TYPE = "stream:chat:v1:message"


def stored(name: str, encoding: str = "rfc3339") -> bytes:
    """Return a stored sample as it came."""
    return (FOLDER / encoding / f"{name}.json").read_bytes()


def seen(body: bytes | dict[str, object], staff: frozenset[str] = frozenset()) -> Observation:
    """Return what an event says, which must be something; `staff` are the policy's people by their ids in Stream."""
    observation = observe(body, RECEIVED_AT, staff)
    assert observation is not None
    return observation


def stored_seen(name: str, encoding: str = "rfc3339") -> Observation:
    return seen(stored(name, encoding))


def an_event(event_type: str = "review_queue_item.updated", **more: object) -> dict[str, object]:
    return {"type": event_type, "created_at": REVIEWED_AT.isoformat(), "custom": {}, **more}


def an_item(**more: object) -> dict[str, object]:
    flagged = {"created_at": FLAGGED_AT.isoformat(), "updated_at": REVIEWED_AT.isoformat()}
    return {"id": "item-1", "entity_type": "acme:post", "entity_id": "post-1", **flagged, **more}


def an_item_event(event_type: str = "review_queue_item.updated", **item: object) -> dict[str, object]:
    return an_event(event_type, review_queue_item=an_item(**item))


def a_flag(**more: object) -> dict[str, object]:
    return {"type": "bodyguard", "created_at": FLAGGED_AT.isoformat(), **more}


def an_action(**more: object) -> dict[str, object]:
    return {
        "type": "mark_reviewed",
        "user_id": "mod-1",
        "reporter_type": "moderator",
        "created_at": REVIEWED_AT.isoformat(),
        **more,
    }


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()
