"""Magic links: each signs one person in, once. The link is not stored; the database holds its digest."""

import secrets
from datetime import timedelta

from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Role
from escalator.model.policy import Person, Policy
from escalator.services.auth import sessions
from escalator.services.auth.sessions import token_digest
from escalator.services.core.context import Core
from escalator.store import audit_log, magic_links
from escalator.store import sessions as kept_sessions

VIA = "link"
PRINTER = Actor("system", "cli")
"""The actor of command-line links: anybody who may run commands there."""

PATH = "/sign-in/link/"
ASKED_FOR_GOOD_FOR = timedelta(minutes=15)
PRINTED_GOOD_FOR = timedelta(hours=24)
INVITED_GOOD_FOR = timedelta(days=3)


def create_link(core: Core, person: str, author: Actor, via: str, good_for: timedelta) -> str:
    """Make a link for somebody of the policy and return its address. `via` is cli, mail or dashboard.

    Raises Unavailable.
    """
    token, now = secrets.token_urlsafe(32), core.clock.now()
    with core.database.writing() as connection:
        expires_at = now + good_for
        magic_links.add(
            connection, token_digest(token), person=person, author=author.key, at=now, expires_at=expires_at
        )
        audit_log.insert(connection, [(invitation_entry(person, author, via), None)], now)
    return f"{core.settings.base_url}{PATH}{token}"


def invitation_entry(person: str, author: Actor, via: str, failed: str = "") -> AuditEntry:
    """Return the audit record of a link, or of a failure to email it."""
    return AuditEntry(AuditAction.INVITED, author, via, failed, after={"person": person})


def redeem_link(core: Core, token: str, instead_of: str = "") -> str | None:
    """Use a link up, sign its person in, and return their session's text. None when it is not valid.

    Raises Unavailable.
    """
    now = core.clock.now()
    with core.database.writing() as connection:
        person = magic_links.redeem(connection, token_digest(token), now)
        if person is None or person not in core.policies.required(connection).policy.people:
            return None
        return sessions.start_session_within(connection, now, person, VIA, instead_of)


def first_admin(policy: Policy) -> Person | None:
    """Return the first person who is an admin; None without one."""
    return next((person for person in policy.people.values() if person.role is Role.ADMIN), None)


def is_first(core: Core) -> bool:
    """Whether nobody has ever signed in with authentication. Raises Unavailable."""
    with core.database.reading() as connection:
        return not kept_sessions.has_been_used(connection, besides=sessions.SANDBOX)
