"""Where the sandbox keeps what would have been sent: rows whose words stand only in a sealed column."""

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
    """The inbox that stand-ins keep things in (see `channels.stand_in`), in the database."""

    database: Database
    seal: Seal
    clock: Clock

    def keep(
        self,
        channel: DestinationKind,
        context: MessageContext,
        address: str,
        said: Json,
        *,
        type_: InboxItemType = InboxItemType.MESSAGE,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Keep something that somebody would see, under a `ts` that is new here: seconds, a point and six digits."""
        new = self._item(channel, context, address, self._sealed(said))
        item = replace(new, type=type_, thread_ts=thread_ts, broadcast=broadcast)
        try:
            for _ in range(_TRIES):
                ts = f"{int(item.at.timestamp())}.{secrets.randbelow(_MICROSECONDS):06d}"
                with self.database.one_statement() as connection:
                    if sandbox_inbox.insert(connection, replace(item, ts=ts)):
                        return Delivered(f"{address}/{ts}")
        except Unavailable:
            return NOT_NOW
        return Failed(FailureReason.VENDOR_ERROR, "no_ts")

    def _item(
        self, channel: DestinationKind, context: MessageContext, address: str, sealed_payload: bytes, ts: str = ""
    ) -> InboxItem:
        """Return a message to one recipient, said now; `ts` names it where its vendor has a name for it."""
        return InboxItem(
            id=uuid7(),
            at=self.clock.now(),
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
        self, channel: DestinationKind, context: MessageContext, address: str, said: Json, ts: str
    ) -> Delivered | Failed | None:
        """Keep a message under this `ts`; None, and nothing is kept, when that is taken."""
        item = self._item(channel, context, address, self._sealed(said), ts)
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
        """Let the message under this `ts` say what `change` makes of what it says; it is made where nothing stands."""
        try:
            with self.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, address, ts)
                said = change(opened(item, self.seal) if item else {})
                if said is not None and item is None:
                    sandbox_inbox.insert(connection, self._item(channel, context, address, self._sealed(said), ts))
                elif said is not None and item is not None:
                    sandbox_inbox.update_payload(connection, item.id, self._sealed(said), self.clock.now())
        except Unavailable:
            return NOT_NOW
        return None

    def rewrite(self, ref: str, change: Callable[[Json], Json | None]) -> Delivered | Failed:
        """Let what stands say what `change` makes of what it says; BAD_TARGET for None, and when nothing stands."""
        address, _, ts = ref.rpartition("/")
        try:
            with self.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, address, ts)
                said = change(opened(item, self.seal)) if item else None
                if item is None or said is None:
                    return NOT_THERE
                sandbox_inbox.update_payload(connection, item.id, self._sealed(said), self.clock.now())
        except Unavailable:
            return NOT_NOW
        return Delivered(ref)

    def read(self, ref: str) -> Json | Failed:
        """Return what a message says: nothing of one that has been purged, BAD_TARGET when nothing stands there."""
        address, _, ts = ref.rpartition("/")
        try:
            with self.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, address, ts)
        except Unavailable:
            return NOT_NOW
        return opened(item, self.seal) if item else NOT_THERE

    def about(
        self, channel: DestinationKind, context: MessageContext, limit: int
    ) -> Sequence[tuple[str, Json]] | Failed:
        """Return the newest messages about an incident at a destination, the newest first: `ts` and what it says."""
        try:
            with self.database.reading() as connection:
                found = sandbox_inbox.newest_about(connection, channel, context.destination, context.incident_id, limit)
        except Unavailable:
            return NOT_NOW
        return [(item.ts, opened(item, self.seal)) for item in found]

    def newest_ts(self, channel: DestinationKind, address: str) -> str | Failed:
        """Return the `ts` of the newest message at an address; empty where there is none."""
        try:
            with self.database.reading() as connection:
                return sandbox_inbox.newest_ts(connection, channel, address) or ""
        except Unavailable:
            return NOT_NOW

    def destination_at(self, address: str) -> str | Failed | None:
        """Return which destination was last written to at an address."""
        try:
            with self.database.reading() as connection:
                return sandbox_inbox.destination_at(connection, address)
        except Unavailable:
            return NOT_NOW

    def _sealed(self, said: Json) -> bytes:
        return self.seal.seal(json.dumps(said).encode())


def opened(item: InboxItem, seal: Seal) -> dict[str, Any]:
    """Return what an item says, in its vendor's form; nothing once it has been purged. Raises ContentLocked.

    In all of them `text` is what a person reads first, and `first_text` what it was when it came.
    """
    if item.sealed_payload is None:
        return {}
    said: dict[str, Any] = json.loads(seal.open(item.sealed_payload))
    return said
