"""What stands in Slack's place in the sandbox."""

from escalator.channels.slack.api import Profile, Workspace
from escalator.channels.slack.blocks import Json, Payload
from escalator.engine.endpoints import PERSON_PREFIX
from escalator.errors import Unavailable
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.policy import DestinationKind
from escalator.services.sandbox_vendors.inbox import NOT_NOW, Shelf
from escalator.store.sandbox_inbox import InboxItemType

TEAM = "SANDBOX"
"""The workspace that the sandbox is."""


class InboxSlack:
    """A SlackApi whose messages are rows. An address is its own channel id, as `C0…` and `U0…` are at Slack."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

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
        """Keep a message; the reference is `ADDRESS/TS`."""
        said = {**payload, "first_text": payload.get("text", "")}
        return self._shelf.keep(DestinationKind.SLACK, context, channel, said, thread_ts=thread_ts, broadcast=broadcast)

    def update(self, _context: MessageContext, /, ref: str, payload: Payload) -> Delivered | Failed:
        """Let a message say something else, in its place; BAD_TARGET when there is none."""
        return self._shelf.rewrite(ref, lambda said: {**payload, "first_text": said.get("first_text", "")})

    def ephemeral(self, context: MessageContext, /, channel: str, user: str, payload: Payload) -> Delivered | Failed:
        """Keep an answer where the person clicked; who is not in the policy is called by their id at Slack."""
        try:
            destination = self._shelf.destination_at(channel)
        except Unavailable:
            return NOT_NOW
        where = MessageContext(
            context.incident_id,
            context.number,
            destination or context.destination or channel,
            context.person or user,
        )
        return self._shelf.keep(DestinationKind.SLACK, where, channel, payload, type_=InboxItemType.EPHEMERAL)

    def open_view(self, context: MessageContext, /, trigger_id: str, view: Json) -> Delivered | Failed:
        """Keep a window, on the phone of the person it opens for; a trigger of the sandbox begins with their id."""
        user, _, _ = trigger_id.partition(".")
        destination = PERSON_PREFIX + context.person if context.person else context.destination
        where = MessageContext(context.incident_id, context.number, destination, context.person)
        return self._shelf.keep(DestinationKind.SLACK, where, user, {"view": view}, type_=InboxItemType.VIEW)

    def respond(self, _context: MessageContext, /, response_url: str, payload: Payload) -> Delivered | Failed:  # noqa: ARG002  # the Protocol's
        """Say that there is no such address here: the answer then goes by `ephemeral`."""
        return Failed(FailureReason.NOT_SUPPORTED, "response_url")

    def user(self, user_id: str, /) -> Profile | Failed:  # noqa: ARG002  # the Protocol's
        """Say that there is nobody but the people of the policy."""
        return Failed(FailureReason.BAD_TARGET, "user_not_found")

    def auth_test(self) -> Workspace | Failed:
        """Return the workspace that the sandbox is."""
        return Workspace(TEAM, "Sandbox", TEAM)
