"""What is kept of people who come in, and for how long."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.services.signing_in import limits
from escalator.store import sessions, sign_in_links, tries

_SESSIONS = timedelta(days=400)
"""For so long it is known when somebody was here last."""

_LINKS = timedelta(days=30)


def forget_old(connection: Connection, now: datetime) -> None:
    """Delete sessions, links and tries that are long over."""
    sessions.forget(connection, now - _SESSIONS)
    sign_in_links.forget(connection, now - _LINKS)
    tries.forget(connection, now - limits.KEPT_FOR)
