"""Sessions: the browser holds a random text, the database its digest, so each session can be ended here."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Mode
from escalator.services.auth.viewer import DASHBOARD, Viewer
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import audit_log, magic_links, sessions
from escalator.store.sessions import Session

LONGEST = timedelta(days=7)
IDLE = timedelta(hours=12)
SANDBOX = "sandbox"
_NOTED_EVERY = timedelta(minutes=1)


def start_session(core: Core, person: str, via: str, instead_of: str = "") -> str:
    """Sign somebody in, and return a new text for their browser. Raises Unavailable.

    `via` is slack or link; sandbox for somebody who is not authenticated. `instead_of` is the text that the browser has
    held until now; that session ends.
    """
    with core.database.writing() as connection:
        return start_session_within(connection, core.clock.now(), person, via, instead_of)


def start_session_within(connection: Connection, now: datetime, person: str, via: str, instead_of: str = "") -> str:
    """Like `start_session`, within the caller's transaction."""
    token = secrets.token_urlsafe(32)
    sessions.end(connection, token_digest(instead_of), now)
    sessions.add(connection, Session(token_digest(token), person, via, now, now))
    audit_log.insert(connection, [(AuditEntry(AuditAction.SIGNED_IN, Actor("person", person), via), None)], now)
    return token


def find_session(core: Core, token: str) -> tuple[Viewer, RunningPolicy] | None:
    """Return the session's person and the running policy, which they are still in; else None. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        session = sessions.find(connection, token_digest(token))
        if session is None or _is_over(session, now):
            return None
        running = core.policies.required(connection)
    person = running.policy.people.get(session.person)
    is_sandbox = session.via == SANDBOX
    if person is None or (is_sandbox and core.settings.mode is not Mode.SANDBOX):
        return None
    if now - session.last_seen_at >= _NOTED_EVERY:
        with core.database.writing(durable=False) as connection:
            sessions.record_seen(connection, session.digest, now)
    return Viewer(person, DASHBOARD, is_sandbox=is_sandbox), running


def end_session(core: Core, token: str, person: str) -> None:
    """Sign somebody out of this browser. Raises Unavailable."""
    now = core.clock.now()
    with core.database.writing() as connection:
        sessions.end(connection, token_digest(token), now)
        audit_log.insert(
            connection, [(AuditEntry(AuditAction.SIGNED_OUT, Actor("person", person), DASHBOARD), None)], now
        )


def end_all_sessions(core: Core, person: str, author: Viewer) -> int:
    """Sign somebody out of every browser, invalidate their links, and return the number of browsers.

    Somebody of the sandbox ends only what began there. Raises Unavailable.
    """
    now = core.clock.now()
    with core.database.writing() as connection:
        if not author.is_sandbox:
            magic_links.revoke_all(connection, person, now)
        count = sessions.end_all(connection, person, now, only_via=SANDBOX if author.is_sandbox else None)
        entry = AuditEntry(
            AuditAction.SIGNED_OUT, Actor("person", author.person.key), author.via, after={"person": person}
        )
        audit_log.insert(connection, [(entry, None)], now)
    return count


def token_digest(token: str) -> str:
    """Return the digest to store of a secret that is long and random."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _is_over(session: Session, now: datetime) -> bool:
    return now - session.started_at >= LONGEST or now - session.last_seen_at >= IDLE
