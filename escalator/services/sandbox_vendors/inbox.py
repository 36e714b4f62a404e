"""Where the sandbox keeps what would have been sent: rows whose words stand only in a sealed column."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from uuid6 import uuid7

from escalator.channels.slack.blocks import Json
from escalator.clock import Clock
from escalator.encryption import Seal
from escalator.errors import Unavailable
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.policy import DestinationKind
from escalator.store import Database, sandbox_inbox
from escalator.store.sandbox_inbox import InboxItem, InboxItemType

NOT_NOW = Failed(FailureReason.UNREACHABLE, "inbox")
NOT_THERE = Failed(FailureReason.BAD_TARGET, "message_not_found")

_TRIES = 20
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """Keeps items; what stands there has the reference `ADDRESS/TS`."""

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
        new = self.item(channel, context, address, self._sealed(said))
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

    def item(
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

    def rewrite(self, ref: str, change: Callable[[dict[str, Any]], Json]) -> Delivered | Failed:
        """Let what stands say what `change` makes of what it says; BAD_TARGET when nothing stands there."""
        address, _, ts = ref.rpartition("/")
        try:
            with self.database.writing() as connection:
                item = sandbox_inbox.lock_message(connection, address, ts)
                if item is None:
                    return NOT_THERE
                said = self._sealed(change(opened(item, self.seal)))
                sandbox_inbox.update_payload(connection, item.id, said, self.clock.now())
        except Unavailable:
            return NOT_NOW
        return Delivered(ref)

    def destination_at(self, address: str) -> str | None:
        """Return which destination was last written to at an address. Raises Unavailable."""
        with self.database.reading() as connection:
            return sandbox_inbox.destination_at(connection, address)

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
