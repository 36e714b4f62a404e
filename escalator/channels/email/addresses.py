"""Mail addresses as they stand in a header: nothing that could break out of one."""

from email.headerregistry import Address

from escalator.channels.email import limits
from escalator.model.email_address import parse_mailbox, parse_named_mailbox
from escalator.rendering.redaction import one_line


def address(written: str) -> Address | None:
    """Return a bare address, or None for what no mail can reach."""
    found = parse_mailbox(written)
    return Address("", found.local, found.domain) if found else None


def sender(written: str) -> Address | None:
    """Return `alerts@example.com` or `Escalator <alerts@example.com>` as an address, or None for what is neither."""
    found = parse_named_mailbox(written)
    if found is None:
        return None
    name, box = found
    return Address(one_line(name, limits.NAME), box.local, box.domain)
