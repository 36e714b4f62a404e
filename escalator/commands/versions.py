"""A version of the policy, named on the command line by the beginning of its hash."""

import re

from sqlalchemy import Connection

from escalator.commands.opening import Misused
from escalator.store import policies
from escalator.store.policies import Version

SHORT = 12
_HASH = re.compile(r"[0-9a-fA-F]{4,64}")


def version(connection: Connection, sha256: str) -> Version:
    """Return the one version whose hash begins like this. Raises Misused when there is none, or more than one."""
    found = policies.find(connection, sha256) if _HASH.fullmatch(sha256) else []
    if not found:
        raise Misused(f"{sha256!r} is no version of the policy; `escalator policy history` lists them")
    if len(found) > 1:
        raise Misused(f"{sha256!r} begins {len(found)} versions; write more of the hash")
    return found[0]
