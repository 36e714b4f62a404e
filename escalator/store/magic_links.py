"""Magic links: each signs one person in once; one row for each, found by the digest of its token."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, update

from escalator.store.tables import magic_links


def add(  # noqa: PLR0913  # one for each column
    connection: Connection, digest: str, *, person: str, author: str, at: datetime, expires_at: datetime
) -> None:
    """Write a link."""
    row = {"digest": digest, "person": person, "author": author, "created_at": at, "expires_at": expires_at}
    connection.execute(insert(magic_links).values(**row))


def redeem(connection: Connection, digest: str, now: datetime) -> str | None:
    """Use a link up and return its person; None if it is unknown, expired or used. Of two at once one gets it."""
    good = (
        magic_links.c.digest == digest,
        magic_links.c.used_at.is_(None),
        magic_links.c.expires_at > now,
    )
    used = update(magic_links).where(*good).values(used_at=now).returning(magic_links.c.person)
    person: str | None = connection.scalar(used)
    return person


def revoke_all(connection: Connection, person: str, now: datetime) -> None:
    """Make all links of a person invalid."""
    mine = (magic_links.c.person == person, magic_links.c.used_at.is_(None))
    connection.execute(update(magic_links).where(*mine).values(used_at=now))


def delete_expired(connection: Connection, before: datetime) -> None:
    """Delete those that had expired by then."""
    connection.execute(delete(magic_links).where(magic_links.c.expires_at < before))
