"""Plays Stream for what people do from an alert in the sandbox: the item, the action, and the webhook about it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from sqlalchemy import Connection, select
from uuid6 import uuid7

from escalator.channels.stream.client import Json, StreamAnswer
from escalator.channels.stream.review_item import ReviewItem
from escalator.channels.stream.submit_action import Act, action_type
from escalator.clock import Clock
from escalator.encryption import Seal, digest
from escalator.model.incident import Incident
from escalator.model.message import Failed, FailureReason
from escalator.store import Database, events, incidents
from escalator.store.events import EventState, StoredEvent
from escalator.store.stream_calls import CallState
from escalator.store.tables import incident_keys, stream_calls

_ITEM = "/api/v2/moderation/review_queue/"
_SUBMIT = "/api/v2/moderation/submit_action"
_REVIEWS = frozenset({"mark_reviewed"})


class SandboxStream:
    """Stream as far as actions need it. What it did is known from our own calls, so that it holds no state itself."""

    def __init__(self, database: Database, seal: Seal, clock: Clock, source: str) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock
        self._source = source

    def ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Json | None = None
    ) -> StreamAnswer | Failed:
        """Answer for an item, or for an action on one, which comes back as a webhook. Raises Unavailable."""
        now = self._clock.now()
        if method == "GET" and path.startswith(_ITEM):
            with self._database.reading() as connection:
                item = self._item(connection, unquote(path.removeprefix(_ITEM)))
            return Failed(FailureReason.BAD_TARGET, "code_16") if item is None else StreamAnswer({"item": item}, now)
        if method == "POST" and path == _SUBMIT and body is not None:
            return self._submit(body, now)
        return Failed(FailureReason.NOT_SUPPORTED, f"sandbox {query}" if query else "sandbox")

    def _submit(self, body: Json, now: datetime) -> StreamAnswer | Failed:
        action = {
            "id": str(uuid4()),
            "type": body["action_type"],
            "user_id": body["user_id"],
            "reporter_type": "moderator",
            "created_at": now.isoformat(),
        }
        with self._database.writing() as connection:
            item = self._item(connection, body["item_id"])
            if item is None:
                return Failed(FailureReason.BAD_TARGET, "code_16")
            item |= {"actions": [*item["actions"], action], "updated_at": now.isoformat()}
            if action["type"] in _REVIEWS:
                item |= {"reviewed_at": now.isoformat(), "reviewed_by": action["user_id"]}
            self._send(
                connection, {"type": "review_queue_item.updated", "review_queue_item": item, "action": action}, now
            )
        return StreamAnswer({"item": item}, now)

    def _send(self, connection: Connection, event: dict[str, Any], now: datetime) -> None:
        """Store the webhook that Stream would send."""
        body = json.dumps({**event, "created_at": now.isoformat()}).encode()
        events.insert(
            connection,
            StoredEvent(
                id=uuid7(),
                source=self._source,
                sha256=digest(body),
                type=event["type"],
                received_at=now,
                state=EventState.NEW,
                sealed_body=self._seal.seal(body),
            ),
        )

    def _item(self, connection: Connection, item_id: str) -> dict[str, Any] | None:
        incident = self._incident_of(connection, item_id)
        if incident is None:
            return None
        links = incident.links
        done = select(stream_calls).where(
            stream_calls.c.source == self._source,
            stream_calls.c.item_id == item_id,
            stream_calls.c.state == CallState.DONE,
        )
        item = {
            "id": item_id,
            "entity_type": links.get("entity_type", ""),
            "entity_id": links.get("entity_id", ""),
            "entity_creator_id": links.get("user_id", ""),
            "created_at": incident.opened_at.isoformat(),
        }
        return item | {
            "actions": [
                {
                    "id": row.stream_action_id,
                    "type": action_type(Act(row.part, row.user_id), ReviewItem(item, None)),
                    "user_id": row.user_id,
                    "reporter_type": "moderator",
                    "created_at": row.stream_sent_at.isoformat(),
                }
                for row in connection.execute(done)
                if row.stream_sent_at is not None
            ],
        }

    def _incident_of(self, connection: Connection, item_id: str) -> Incident | None:
        mine = (
            incident_keys.c.source == self._source,
            incident_keys.c.kind == "item",
            incident_keys.c.value == item_id,
        )
        owner = connection.scalar(select(incident_keys.c.incident_id).where(*mine))
        return None if owner is None else incidents.read(connection, [owner], self._seal).get(owner)
