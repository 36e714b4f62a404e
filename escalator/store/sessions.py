"""Sessions: one row for each signed-in browser, found by the digest of its token."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from escalator.store.pipeline import changed_rows
from escalator.store.tables import sessions


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of one person. `via` is how they signed in, `last_seen_at` the time of its last request."""

    digest: str
    person: str
    via: str
    started_at: datetime
    last_seen_at: datetime


def add(connection: Connection, new: Session) -> None:
    """Write a new session."""
    values = {name: getattr(new, name) for name in Session.__dataclass_fields__}
    connection.execute(insert(sessions).values(**values))


def find(connection: Connection, digest: str) -> Session | None:
    """Return a session that has not been ended; the caller checks its age."""
    columns = [sessions.c[name] for name in Session.__dataclass_fields__]
    row = connection.execute(select(*columns).where(sessions.c.digest == digest, sessions.c.ended_at.is_(None))).first()
    return None if row is None else Session(**row._mapping)


def record_seen(connection: Connection, digest: str, now: datetime) -> None:
    """Record a request of the browser."""
    connection.execute(update(sessions).where(sessions.c.digest == digest).values(last_seen_at=now))


def end(connection: Connection, digest: str, now: datetime) -> None:
    """End a session."""
    mine = sessions.c.digest == digest
    connection.execute(update(sessions).where(mine, sessions.c.ended_at.is_(None)).values(ended_at=now))


def end_all(connection: Connection, person: str, now: datetime, *, only_via: str | None) -> int:
    """End a person's sessions, all or those begun in one way; return how many."""
    mine = and_(sessions.c.person == person, sessions.c.ended_at.is_(None))
    condition = mine if only_via is None else and_(mine, sessions.c.via == only_via)
    return changed_rows(connection, update(sessions).where(condition).values(ended_at=now))


def last_sign_ins(
    connection: Connection, begun_after: datetime, seen_after: datetime
) -> dict[str, tuple[datetime, int]]:
    """Return for each person when they last signed in, and in how many browsers they still are.

    Sessions count that began and were seen after these instants.
    """
    lives = and_(
        sessions.c.ended_at.is_(None), sessions.c.started_at > begun_after, sessions.c.last_seen_at > seen_after
    )
    columns = (sessions.c.person, func.max(sessions.c.started_at), func.count().filter(lives))
    rows = connection.execute(select(*columns).group_by(sessions.c.person))
    return {person: (begun_at, count) for person, begun_at, count in rows}


def delete_before(connection: Connection, before: datetime) -> None:
    """Delete those that began before that."""
    connection.execute(delete(sessions).where(sessions.c.started_at < before))


def has_been_used(connection: Connection, *, besides: str) -> bool:
    """Whether anybody has ever signed in, other than in this way."""
    return connection.scalar(select(sessions.c.digest).where(sessions.c.via != besides).limit(1)) is not None
