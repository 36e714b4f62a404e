"""The simulated email server of the sandbox, and how its emails are shown."""

from html.parser import HTMLParser

from escalator.channels.clients import Clients
from escalator.channels.email.api import Mail
from escalator.channels.email.channel import MailChannel
from escalator.channels.stand_in import Inbox, Json, SandboxDestination, SandboxVendor, Shown
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.sandbox_item import InboxItem
from escalator.settings import Settings

_SENDER = "Escalator <escalator@sandbox.invalid>"
"""The sender of emails in a sandbox without one."""

_OPENS_LINKS_OUTSIDE = '<base target="_blank">'
_WEB = ("http://", "https://")


class SandboxMailer:
    """A Mailer that stores each email as its reader would see it, with its headers."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def send(self, context: MessageContext, /, mail: Mail) -> Delivered | Failed:
        """Store an email under the name of its destination: the address may be a secret, and is only in the sealed
        email.
        """
        message = mail.message
        subject = str(message["Subject"])
        stored: Json = {
            "from": str(message["From"]),
            "to": str(message["To"]),
            "subject": subject,
            "headers": {name: str(value) for name, value in message.items()},
            "text": _body(mail, "plain"),
            "html": _body(mail, "html"),
        }
        payload: Json = {"mail": stored, "text": subject, "first_text": subject}
        return self._inbox.keep(DestinationKind.EMAIL, context, context.destination, payload)


def _body(mail: Mail, kind: str) -> str:
    part = mail.message.get_body((kind,))
    return "" if part is None else str(part.get_content())


def page(payload: Json) -> str:
    """Return an email's HTML, whose links open outside of it, as in an email program."""
    html: str = payload.get("mail", {}).get("html", "")
    return html.replace("<head>", f"<head>\n{_OPENS_LINKS_OUTSIDE}", 1)


def links(html: str) -> list[tuple[str, str]]:
    """Return label and URL of each link of an email."""
    reader = _Links()
    reader.feed(html)
    return [(label.strip(), url) for label, url in reader.links if url.startswith(_WEB)]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(("", dict(attrs).get("href") or ""))
            self._is_inside = True

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._is_inside:
            label, url = self.links[-1]
            self.links[-1] = (label + data, url)


def _show(_item: InboxItem, payload: Json, _reader: SandboxDestination) -> Shown:
    letter = payload.get("mail", {})
    return Shown(letter, [{"label": label, "url": url} for label, url in links(letter.get("html", ""))])


def _channel(inbox: Inbox, _clients: Clients, settings: Settings, _clock: Clock) -> MailChannel:
    return MailChannel(SandboxMailer(inbox), settings.mail_from or _SENDER)


SANDBOX = SandboxVendor(kind=DestinationKind.EMAIL, stored_as="mail", make_channel=_channel, show=_show, act=None)
