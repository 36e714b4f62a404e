"""Email addresses for headers: none can inject another header."""

from email.headerregistry import Address

from escalator.channels.email import limits
from escalator.model.email_address import parse_mailbox, parse_named_mailbox
from escalator.rendering.redaction import one_line


def address(text: str) -> Address | None:
    """Return an address without a name, or None for one that no email can reach."""
    mailbox = parse_mailbox(text)
    return Address("", mailbox.local, mailbox.domain) if mailbox else None


def sender(text: str) -> Address | None:
    """Return `alerts@example.com` or `Escalator <alerts@example.com>` as an address, or None for what is neither."""
    named = parse_named_mailbox(text)
    if named is None:
        return None
    name, box = named
    return Address(one_line(name, limits.NAME), box.local, box.domain)
