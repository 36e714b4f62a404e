"""What stands in a mail server's place in the sandbox."""

from escalator.channels.mail.api import Mail
from escalator.channels.slack.blocks import Json
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.policy import DestinationKind
from escalator.services.sandbox_vendors.inbox import Shelf


class InboxMail:
    """A Mailer that keeps each mail as its reader would see it; its thread is in its headers, as with any mail."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def send(self, context: MessageContext, /, mail: Mail) -> Delivered | Failed:
        """Keep a mail, under the name of its destination: an address may be a secret, and stands sealed in the mail."""
        message = mail.message
        subject = str(message["Subject"])
        kept: Json = {
            "from": str(message["From"]),
            "to": str(message["To"]),
            "subject": subject,
            "headers": {name: str(value) for name, value in message.items()},
            "text": _body(mail, "plain"),
            "html": _body(mail, "html"),
        }
        said: Json = {"mail": kept, "text": subject, "first_text": subject}
        return self._shelf.keep(DestinationKind.EMAIL, context, context.destination, said)


def _body(mail: Mail, kind: str) -> str:
    part = mail.message.get_body((kind,))
    return "" if part is None else str(part.get_content())
