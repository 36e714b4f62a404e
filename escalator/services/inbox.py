"""What stands in Slack's place in the sandbox: nothing leaves the machine, and every button works."""

import json
import secrets
from dataclasses import replace
from typing import Any

from uuid6 import uuid7

from escalator.channels.slack.api import Workspace
from escalator.channels.slack.blocks import Json, Payload
from escalator.clock import Clock
from escalator.engine.targets import PERSON
from escalator.errors import Unavailable
from escalator.model.message import Context, Delivered, Failed, FailureReason
from escalator.model.policy import DestinationKind
from escalator.sealing import Seal
from escalator.store import Database, inbox
from escalator.store.inbox import Item, ItemType

TEAM = "SANDBOX"
"""The workspace that the sandbox is."""

_TRIES = 20
_MICROSECONDS = 1_000_000
_NOT_NOW = Failed(FailureReason.UNREACHABLE, "inbox")


class InboxSlack:
    """A SlackApi whose messages are rows. An address is its own channel id, as `C0…` and `U0…` are at Slack."""

    def __init__(self, database: Database, seal: Seal, clock: Clock) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock

    def post(
        self,
        context: Context,
        /,
        channel: str,
        payload: Payload,
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Keep a message; the reference is `ADDRESS/TS`."""
        said = {**payload, "first_text": payload.get("text", "")}
        item = self._item(ItemType.MESSAGE, context, channel, said, thread_ts, broadcast=broadcast)
        return self._keep(item)

    def update(self, _context: Context, /, ref: str, payload: Payload) -> Delivered | Failed:
        """Let a message say something else, in its place; BAD_TARGET when there is none."""
        address, _, ts = ref.rpartition("/")
        try:
            with self._database.writing() as connection:
                item = inbox.lock_message(connection, address, ts)
                if item is None:
                    return Failed(FailureReason.BAD_TARGET, "message_not_found")
                said = {**payload, "first_text": opened(item, self._seal).get("first_text", "")}
                inbox.rewrite(connection, item.id, self._sealed(said), self._clock.now())
        except Unavailable:
            return _NOT_NOW
        return Delivered(ref)

    def ephemeral(self, context: Context, /, channel: str, user: str, payload: Payload) -> Delivered | Failed:
        """Keep an answer where the person clicked; who is not in the policy is called by their id at Slack."""
        try:
            with self._database.reading() as connection:
                destination = inbox.destination_at(connection, channel)
        except Unavailable:
            return _NOT_NOW
        where = Context(
            context.incident_id,
            context.number,
            destination or context.destination or channel,
            context.person or user,
        )
        return self._keep(self._item(ItemType.EPHEMERAL, where, channel, payload))

    def open_view(self, context: Context, /, trigger_id: str, view: Json) -> Delivered | Failed:
        """Keep a window, on the phone of the person it opens for; a trigger of the sandbox begins with their id."""
        user, _, _ = trigger_id.partition(".")
        destination = PERSON + context.person if context.person else context.destination
        where = Context(context.incident_id, context.number, destination, context.person)
        return self._keep(self._item(ItemType.VIEW, where, user, {"view": view}))

    def respond(self, _context: Context, /, response_url: str, payload: Payload) -> Delivered | Failed:  # noqa: ARG002  # the Protocol's
        """Say that there is no such address here: the answer then goes by `ephemeral`."""
        return Failed(FailureReason.NOT_SUPPORTED, "response_url")

    def auth_test(self) -> Workspace | Failed:
        """Return the workspace that the sandbox is."""
        return Workspace(TEAM, "Sandbox", TEAM)

    def _item(  # noqa: PLR0913  # what was sent, to whom and where
        self,
        type_: ItemType,
        context: Context,
        address: str,
        said: Json,
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
    ) -> Item:
        return Item(
            id=uuid7(),
            at=self._clock.now(),
            type=type_,
            channel=DestinationKind.SLACK,
            incident_id=context.incident_id,
            number=context.number,
            destination=context.destination,
            address=address,
            person=context.person,
            ts="",
            sealed_payload=self._sealed(said),
            thread_ts=thread_ts,
            broadcast=broadcast,
        )

    def _keep(self, item: Item) -> Delivered | Failed:
        """Write it under a `ts` that is new to this inbox: seconds, a point and six digits, as Slack's."""
        seconds = int(item.at.timestamp())
        try:
            for _ in range(_TRIES):
                ts = f"{seconds}.{secrets.randbelow(_MICROSECONDS):06d}"
                with self._database.one_statement() as connection:
                    if inbox.insert(connection, replace(item, ts=ts)):
                        return Delivered(f"{item.address}/{ts}")
        except Unavailable:
            return _NOT_NOW
        return Failed(FailureReason.VENDOR_ERROR, "no_ts")

    def _sealed(self, said: Json) -> bytes:
        return self._seal.seal(json.dumps(said).encode())


def opened(item: Item, seal: Seal) -> dict[str, Any]:
    """Return what an item says: `text`, `first_text` and `blocks`, or `view`; nothing once it has been purged.

    Raises ContentLocked.
    """
    if item.sealed_payload is None:
        return {}
    said: dict[str, Any] = json.loads(seal.open(item.sealed_payload))
    return said
