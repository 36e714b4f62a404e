"""Mail addresses as they may stand in a header and an envelope: nothing that could break out of either."""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr

from escalator.rendering.disclosure import one_line

# RFC 5321 4.5.3.1 allows 64 and 255 octets; a Message-ID, which ends in the domain, has to fit into `posts.ref`.
_ADDRESS = re.compile(r"(?P<local>[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@(?P<domain>[A-Za-z0-9.-]{1,120})")
_NAME_CHARS = 80


def address(written: str) -> Address | None:
    """Return a bare address, or None for what is none. Quoted and international ones are not understood."""
    found = _ADDRESS.fullmatch(written.strip())
    return None if found is None else _made("", found)


def sender(written: str) -> Address | None:
    """Return `alerts@example.com` or `Escalator <alerts@example.com>` as an address, or None for what is neither."""
    name, bare = parseaddr(written)
    found = _ADDRESS.fullmatch(bare)
    return None if found is None else _made(one_line(name, _NAME_CHARS), found)


def _made(name: str, found: re.Match[str]) -> Address | None:
    try:
        return Address(name, found["local"], found["domain"])
    except (ValueError, HeaderParseError):
        return None
