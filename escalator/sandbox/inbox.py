"""The sandbox's inbox: rows for what would have been sent, with their texts only in a sealed column."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from uuid6 import uuid7

from escalator.channels.stand_in import NOT_NOW, NOT_THERE, Json
from escalator.clock import Clock
from escalator.encryption import Seal
from escalator.errors import Unavailable
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.sandbox_item import InboxItem, InboxItemType
from escalator.store import Database, sandbox_inbox

_TRIES = 20
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class DatabaseInbox:
    """The inbox of the stand-ins (see `channels.stand_in`), in the database."""

    database: Database
    seal: Seal
    clock: Clock

    def keep(
        self,
        channel: DestinationKind,
        context: MessageContext,
        address: str,
        payload: Json,
        *,
        type_: InboxItemType = InboxItemType.MESSAGE,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Store an item that somebody would see, under a new `ts`: seconds, a point and six digits."""
        new = self._item(channel, context, address, self._sealed(payload))
        item = replace(new, type=type_, thread_ts=thread_ts, broadcast=broadcast)
        try:
            for _ in range(_TRIES):
                ts = f"{int(item.created_at.timestamp())}.{secrets.randbelow(_MICROSECONDS):06d}"
                with self.database.one_statement() as connection:
                    if sandbox_inbox.insert(connection, replace(item, ts=ts)):
                        return Delivered(f"{address}/{ts}")
        except Unavailable:
            return NOT_NOW
        return Failed(FailureReason.VENDOR_ERROR, "no_ts")

    def _item(
        self, channel: DestinationKind, context: MessageContext, address: str, sealed_payload: bytes, ts: str = ""
    ) -> InboxItem:
        """Return a message to one recipient, sent now; `ts` is the vendor's id, where there is one."""
        return InboxItem(
            id=uuid7(),
            created_at=self.clock.now(),
            type=InboxItemType.MESSAGE,
            channel=channel,
            incident_id=context.incident_id,
            number=context.number,
            destination=context.destination,
            address=address,
            person=context.person,
            ts=ts,
            sealed_payload=sealed_payload,
        )

    def add(
        self, channel: DestinationKind, context: MessageContext, address: str, payload: Json, ts: str
    ) -> Delivered | Failed | None:
        """Store a message under this `ts`; return None, and store nothing, when that is taken."""
        item = self._item(channel, context, address, self._sealed(payload), ts)
        try:
            with self.database.one_statement() as connection:
                return Delivered(f"{address}/{ts}") if sandbox_inbox.insert(connection, item) else None
        except Unavailable:
            return NOT_NOW

    def put(
        self,
        channel: DestinationKind,
        context: MessageContext,
        address: str,
        ts: str,
        change: Callable[[Json], Json | None],
    ) -> Failed | None:
        """Replace the payload of the message under this `ts` with the result of `change`; create it where there is
        none.
        """
        try:
            with self.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, address, ts)
                payload = change(open_payload(item, self.seal) if item else {})
                if payload is not None and item is None:
                    sandbox_inbox.insert(connection, self._item(channel, context, address, self._sealed(payload), ts))
                elif payload is not None and item is not None:
                    sandbox_inbox.update_payload(connection, item.id, self._sealed(payload), self.clock.now())
        except Unavailable:
            return NOT_NOW
        return None

    def rewrite(self, ref: str, change: Callable[[Json], Json | None]) -> Delivered | Failed:
        """Replace a message's payload with the result of `change`; BAD_TARGET when that is None or there is no
        message.
        """
        address, _, ts = ref.rpartition("/")
        try:
            with self.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, address, ts)
                payload = change(open_payload(item, self.seal)) if item else None
                if item is None or payload is None:
                    return NOT_THERE
                sandbox_inbox.update_payload(connection, item.id, self._sealed(payload), self.clock.now())
        except Unavailable:
            return NOT_NOW
        return Delivered(ref)

    def read(self, ref: str) -> Json | Failed:
        """Return a message's payload: empty for one that has been purged, BAD_TARGET when there is none."""
        address, _, ts = ref.rpartition("/")
        try:
            with self.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, address, ts)
        except Unavailable:
            return NOT_NOW
        return open_payload(item, self.seal) if item else NOT_THERE

    def about(
        self, channel: DestinationKind, context: MessageContext, limit: int
    ) -> Sequence[tuple[str, Json]] | Failed:
        """Return the newest messages about an incident at a destination, the newest first: `ts` and payload."""
        try:
            with self.database.reading() as connection:
                items = sandbox_inbox.newest_about(connection, channel, context.destination, context.incident_id, limit)
        except Unavailable:
            return NOT_NOW
        return [(item.ts, open_payload(item, self.seal)) for item in items]

    def newest_ts(self, channel: DestinationKind, address: str) -> str | Failed:
        """Return the `ts` of the newest message at an address; empty where there is none."""
        try:
            with self.database.reading() as connection:
                return sandbox_inbox.newest_ts(connection, channel, address) or ""
        except Unavailable:
            return NOT_NOW

    def destination_at(self, address: str) -> str | Failed | None:
        """Return the destination of the last message to an address."""
        try:
            with self.database.reading() as connection:
                return sandbox_inbox.destination_at(connection, address)
        except Unavailable:
            return NOT_NOW

    def _sealed(self, payload: Json) -> bytes:
        return self.seal.seal(json.dumps(payload).encode())


def open_payload(item: InboxItem, seal: Seal) -> dict[str, Any]:
    """Return an item's payload in its vendor's form; empty after it has been purged. Raises ContentLocked.

    In all of them `text` is what a person reads first, and `first_text` what it was at first.
    """
    if item.sealed_payload is None:
        return {}
    payload: dict[str, Any] = json.loads(seal.open(item.sealed_payload))
    return payload
