"""The simulated Slack of the sandbox."""

from collections.abc import Iterable, Mapping
from typing import Any

from escalator.channels.clients import Clients
from escalator.channels.slack.api import Profile, Workspace
from escalator.channels.slack.blocks import Payload
from escalator.channels.slack.channel import SlackChannel
from escalator.channels.stand_in import Inbox, Json, SandboxDestination, SandboxVendor, Shown
from escalator.clock import Clock
from escalator.engine.endpoints import PERSON_PREFIX
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.sandbox_item import InboxItem, InboxItemType
from escalator.settings import Settings

TEAM = "SANDBOX"
"""The workspace of the sandbox."""


class SandboxSlack:
    """A SlackApi whose messages are rows of the inbox. An address is its own channel id, like `C0…` and `U0…`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def post(
        self,
        context: MessageContext,
        /,
        channel: str,
        payload: Payload,
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Store a message; the reference is `ADDRESS/TS`."""
        stored = {**payload, "first_text": payload.get("text", "")}
        return self._inbox.keep(
            DestinationKind.SLACK, context, channel, stored, thread_ts=thread_ts, broadcast=broadcast
        )

    def update(self, _context: MessageContext, /, ref: str, payload: Payload) -> Delivered | Failed:
        """Replace a message; BAD_TARGET when there is none."""
        return self._inbox.rewrite(
            ref, lambda payload_before: {**payload, "first_text": payload_before.get("first_text", "")}
        )

    def ephemeral(self, context: MessageContext, /, channel: str, user: str, payload: Payload) -> Delivered | Failed:
        """Store an answer where the person clicked; somebody who is not in the policy is named by their id in Slack."""
        destination = self._inbox.destination_at(channel)
        if isinstance(destination, Failed):
            return destination
        where = MessageContext(
            context.incident_id,
            context.number,
            destination or context.destination or channel,
            context.person or user,
        )
        return self._inbox.keep(DestinationKind.SLACK, where, channel, payload, type_=InboxItemType.EPHEMERAL)

    def open_view(self, context: MessageContext, /, trigger_id: str, view: Json) -> Delivered | Failed:
        """Store a modal for one person; a trigger of the sandbox begins with their id."""
        user, _, _ = trigger_id.partition(".")
        destination = PERSON_PREFIX + context.person if context.person else context.destination
        where = MessageContext(context.incident_id, context.number, destination, context.person)
        return self._inbox.keep(DestinationKind.SLACK, where, user, {"view": view}, type_=InboxItemType.VIEW)

    def respond(self, _context: MessageContext, /, response_url: str, payload: Payload) -> Delivered | Failed:  # noqa: ARG002  # the Protocol's
        """Return NOT_SUPPORTED: the answer is then sent by `ephemeral`."""
        return Failed(FailureReason.NOT_SUPPORTED, "response_url")

    def user(self, user_id: str, /) -> Profile | Failed:  # noqa: ARG002  # the Protocol's
        """Return a failure: there is nobody but the people of the policy."""
        return Failed(FailureReason.BAD_TARGET, "user_not_found")

    def auth_test(self) -> Workspace | Failed:
        """Return the workspace of the sandbox."""
        return Workspace(TEAM, "Sandbox", TEAM)


def _show(item: InboxItem, payload: Json, _reader: SandboxDestination) -> Shown:
    """Return the message that would be posted to Slack."""
    stored: Json = {name: payload[name] for name in ("text", "blocks", "view") if name in payload}
    form = {"channel": item.address, "thread_ts": item.thread_ts, "reply_broadcast": item.broadcast, **stored}
    return Shown(form, _buttons(payload.get("blocks", ())))


def _buttons(blocks: Iterable[Mapping[str, Any]]) -> list[Json]:
    return [
        {"action_id": element["action_id"], "label": element["text"]["text"], "value": element["value"]}
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def _channel(_inbox: Inbox, clients: Clients, _settings: Settings, _clock: Clock) -> SlackChannel:
    return SlackChannel(clients.slack)


SANDBOX = SandboxVendor(
    kind=DestinationKind.SLACK,
    stored_as="slack",
    make_channel=_channel,
    show=_show,
    act=None,  # clicks come by a door of their own (escalator/sandbox/slack_clicks.py)
)
