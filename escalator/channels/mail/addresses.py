"""Mail addresses as they stand in a header: nothing that could break out of one."""

from email.headerregistry import Address
from email.utils import parseaddr

from escalator.channels.mail import limits
from escalator.model.mailbox import mailbox
from escalator.rendering.disclosure import one_line


def address(written: str) -> Address | None:
    """Return a bare address, or None for what no mail can reach."""
    return _made("", written)


def sender(written: str) -> Address | None:
    """Return `alerts@example.com` or `Escalator <alerts@example.com>` as an address, or None for what is neither."""
    if not written.strip().isprintable():
        return None
    name, bare = parseaddr(written)
    return _made(one_line(name, limits.NAME), bare)


def _made(name: str, bare: str) -> Address | None:
    found = mailbox(bare)
    return Address(name, found.local, found.domain) if found else None
