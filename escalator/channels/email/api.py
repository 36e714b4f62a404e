"""The interface of an email server. It gets finished messages, so that the sandbox can replace it."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

from escalator.model.message import Delivered, Failed, MessageContext


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished message, and the two addresses of its envelope. It has exactly one recipient."""

    sender: str
    recipient: str
    message: EmailMessage


class Mailer(Protocol):
    """Sends emails. Never raises for anything an email server or the network does."""

    def send(self, context: MessageContext, /, mail: Mail) -> Delivered | Failed:
        """Send an email; delivered means that a server has accepted it."""
        ...
