"""Compose an email: its headers, by which clients form a thread, and its two bodies."""

from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime

from escalator.channels.contract import fingerprint_of
from escalator.channels.email.api import Mail
from escalator.channels.email.bodies import html, plain
from escalator.channels.email.letter import Letter

# Auto-Submitted is RFC 3834; X-Auto-Response-Suppress keeps Exchange from answering (MS-OXCMAIL 2.2.3.2.14).
_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Precedence": "bulk"}


class _MessageIds(UnstructuredHeader, BaseHeader):
    """Message-IDs, folded only between them: the standard library encodes long ones, and folds before others."""

    def fold(self, *, policy: Policy) -> str:
        """Return the folded header."""
        return f"{self.name}: " + f"{policy.linesep} ".join(str(self).split()) + policy.linesep


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("message-id", "in-reply-to", "references"):
        registry.map_to_type(name, _MessageIds)
    return registry


_POLICY = SMTP.clone(header_factory=_headers())


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID for a key, always the same one."""
    return f"<{key}@{domain}>"


def compose(  # noqa: PLR0913  # an email has as many headers
    letter: Letter,
    *,
    sender: Address,
    recipient: Address,
    subject: str,
    id_: str,
    thread: tuple[str, ...],
    at: datetime,
) -> Mail:
    """Return the email. `thread` are the Message-IDs for References, the oldest first; `subject` is one line."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = id_
    if thread:
        message["In-Reply-To"] = thread[-1]
        message["References"] = " ".join(thread)
    for name, value in _AUTOMATIC.items():
        message[name] = value
    message.set_content(_without_surrogates(plain(letter, at)), cte="quoted-printable")
    message.add_alternative(_without_surrogates(html(letter, subject, at)), subtype="html", cte="quoted-printable")
    # The standard library uses a random boundary; this one is the same at every retry and cannot be in a body.
    message.set_boundary(f"=_{fingerprint_of(id_)[:32]}")
    return Mail(sender.addr_spec, recipient.addr_spec, message)


def _without_surrogates(text: str) -> str:
    """Return the text without half surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
