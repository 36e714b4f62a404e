"""Find a version of the policy by the beginning of its hash."""

from sqlalchemy import Connection

from escalator.commands.arguments import Misused
from escalator.services.policies.versions import versions_named
from escalator.store.policies import PolicyVersion


def version(connection: Connection, sha256: str) -> PolicyVersion:
    """Return the version whose hash begins with `sha256`. Raises Misused when there is none, or more than one."""
    matches = versions_named(connection, sha256)
    if not matches:
        raise Misused(f"{sha256!r} is not a version of the policy; `escalator policy history` lists them")
    if len(matches) > 1:
        raise Misused(f"{sha256!r} matches {len(matches)} versions; write more of the hash")
    return matches[0]
