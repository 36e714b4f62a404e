"""Deletes expired sign-in data after its retention."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.services.auth import login_rate_limit
from escalator.store import login_attempts, magic_links, sessions

_SESSIONS = timedelta(days=400)
"""How long the time of a person's last visit is kept."""

_LINKS = timedelta(days=30)


def delete_expired(connection: Connection, now: datetime) -> None:
    """Delete sessions, links and attempts long expired."""
    sessions.delete_before(connection, now - _SESSIONS)
    magic_links.delete_expired(connection, now - _LINKS)
    login_attempts.delete_before(connection, now - login_rate_limit.KEPT_FOR)
