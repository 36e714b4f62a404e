"""Mail addresses as they may stand in a header and an envelope: nothing that could break out of either."""

import re
from email.headerregistry import Address
from email.utils import parseaddr

from escalator.channels.mail import limits
from escalator.rendering.disclosure import one_line

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")


def address(written: str) -> Address | None:
    """Return a bare address, or None for what is none. Quoted and international ones are not understood."""
    return _made("", written.strip())


def sender(written: str) -> Address | None:
    """Return `alerts@example.com` or `Escalator <alerts@example.com>` as an address, or None for what is neither."""
    if not written.strip().isprintable():
        return None
    name, bare = parseaddr(written)
    return _made(one_line(name, limits.NAME), bare)


def _made(name: str, bare: str) -> Address | None:
    found = _ADDRESS.fullmatch(bare)
    if found is None or len(found["local"]) > limits.LOCAL_PART or len(found["domain"]) > limits.DOMAIN:
        return None
    return Address(name, found["local"], found["domain"])
