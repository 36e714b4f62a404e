"""Mail addresses as they may stand in a header and an envelope: nothing that could break out of either."""

import re
from email.headerregistry import Address
from email.utils import parseaddr

from escalator.rendering.disclosure import one_line

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
# RFC 5321 4.5.3.1 allows 64 and 255 octets; a Message-ID, which ends in the domain, has to fit into `posts.ref`.
_LOCAL_CHARS, _DOMAIN_CHARS = 64, 120
_NAME_CHARS = 80


def address(written: str) -> Address | None:
    """Return a bare address, or None for what is none. Quoted and international ones are not understood."""
    return _made("", written.strip())


def sender(written: str) -> Address | None:
    """Return `alerts@example.com` or `Escalator <alerts@example.com>` as an address, or None for what is neither."""
    if not written.strip().isprintable():
        return None
    name, bare = parseaddr(written)
    return _made(one_line(name, _NAME_CHARS), bare)


def _made(name: str, bare: str) -> Address | None:
    found = _ADDRESS.fullmatch(bare)
    if found is None or len(found["local"]) > _LOCAL_CHARS or len(found["domain"]) > _DOMAIN_CHARS:
        return None
    return Address(name, found["local"], found["domain"])
