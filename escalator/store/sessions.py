"""Who is signed in: one row for each browser, found by the digest of what it holds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from escalator.store.tables import sessions


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of one person. `via` is how they signed in, `seen_at` when the browser last asked for something."""

    digest: str
    person: str
    via: str
    begun_at: datetime
    seen_at: datetime


def begin(connection: Connection, new: Session) -> None:
    """Write a session that begins."""
    values = {name: getattr(new, name) for name in Session.__dataclass_fields__}
    connection.execute(insert(sessions).values(**values))


def find(connection: Connection, digest: str) -> Session | None:
    """Return a session that nobody has ended; whether it is too old is for others to say."""
    columns = [sessions.c[name] for name in Session.__dataclass_fields__]
    row = connection.execute(select(*columns).where(sessions.c.digest == digest, sessions.c.ended_at.is_(None))).first()
    return None if row is None else Session(**row._mapping)


def see(connection: Connection, digest: str, now: datetime) -> None:
    """Note that the browser has asked for something."""
    connection.execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now))


def end(connection: Connection, digest: str, now: datetime) -> None:
    """End a session."""
    mine = sessions.c.digest == digest
    connection.execute(update(sessions).where(mine, sessions.c.ended_at.is_(None)).values(ended_at=now))


def has_been_used(connection: Connection, *, besides: str) -> bool:
    """Whether anybody has ever signed in, in another way than this."""
    found = select(sessions.c.digest).where(or_(sessions.c.via != besides)).limit(1)
    return connection.scalar(found) is not None
