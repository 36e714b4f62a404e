"""The interface of Slack. It gets finished messages, so that the sandbox can replace it."""

from dataclasses import dataclass
from typing import Protocol

from escalator.channels.slack.blocks import Json, Payload
from escalator.model.message import Delivered, Failed, MessageContext


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace of the token, from `auth.test`; a token of a whole organization may have none.

    `scopes` are those of the token (empty when Slack does not return them).
    """

    team_id: str
    team: str = ""
    bot_user_id: str = ""
    scopes: frozenset[str] = frozenset()
    enterprise_id: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A user, from `users.info`. `is_ours` is False for guests, apps, strangers and who has left."""

    user_id: str
    team_id: str
    email: str
    is_ours: bool
    enterprise_id: str = ""


class SlackApi(Protocol):
    """The methods we use. No method raises for anything Slack or the network does."""

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
        """Post a message to a channel or person; the reference is `CHANNEL/TS`, with the channel's id."""
        ...

    def update(self, context: MessageContext, /, ref: str, payload: Payload) -> Delivered | Failed:
        """Update one of our messages."""
        ...

    def ephemeral(self, context: MessageContext, /, channel: str, user: str, payload: Payload) -> Delivered | Failed:
        """Show a message to one person in a channel."""
        ...

    def open_view(self, context: MessageContext, /, trigger_id: str, view: Json) -> Delivered | Failed:
        """Open a modal for the person whose click gave this trigger, which is valid for 3 s."""
        ...

    def respond(self, context: MessageContext, /, response_url: str, payload: Payload) -> Delivered | Failed:
        """Answer a click, only to the person who clicked; NOT_SUPPORTED when the URL is not one of Slack's."""
        ...

    def user(self, user_id: str, /) -> Profile | Failed:
        """Return a user's profile."""
        ...

    def auth_test(self) -> Workspace | Failed:
        """Return the workspace of the token."""
        ...
