"""What the product asks of a mail server. Nothing is rendered behind it, so that a sandbox can stand in its place."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

from escalator.model.message import Delivered, Failed, MessageContext


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished message, and the two bare addresses of its envelope. Of its one recipient it shares the fate."""

    sender: str
    recipient: str
    message: EmailMessage


class Mailer(Protocol):
    """The one thing we do. It never raises for anything a mail server or the network does."""

    def send(self, context: MessageContext, /, mail: Mail) -> Delivered | Failed:
        """Hand a mail over; delivered means that a server has taken it on."""
        ...
