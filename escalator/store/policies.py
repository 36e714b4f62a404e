"""Policy versions and which of them is active; texts as written, with `${NAME}` in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, exists, select, update
from uuid6 import uuid7

from escalator.store.tables import active_policy, policy_versions, silences
from escalator.store.upserts import upsert

_ACTIVE = select(active_policy.c.version_id)
_FOLLOWED = _ACTIVE.add_columns(exists().where(silences.c.ended_at.is_(None)).label("has_silences"))


def active_id(connection: Connection) -> UUID | None:
    """Return the version that all processes follow."""
    found: UUID | None = connection.scalar(_ACTIVE)
    return found


def followed(connection: Connection) -> tuple[UUID | None, bool]:
    """Return the version that all processes follow, and whether people have silenced something: in one question.

    Every transaction that decides asks both, and hardly ever is there a silence.
    """
    row = connection.execute(_FOLLOWED).one_or_none()
    return (None, False) if row is None else (row.version_id, row.has_silences)


def text_of(connection: Connection, version: UUID) -> str:
    """Return a version's text."""
    return str(connection.execute(select(policy_versions.c.text).where(policy_versions.c.id == version)).scalar_one())


def sha256_of(connection: Connection, version: UUID) -> str:
    """Return a version's hash."""
    return str(connection.execute(select(policy_versions.c.sha256).where(policy_versions.c.id == version)).scalar_one())


def activate(connection: Connection, text: str, sha256: str, author: str, at: datetime) -> UUID:
    """Make this text the active version; a text that was active before keeps its id."""
    connection.execute(
        upsert(connection, policy_versions)
        .values(id=uuid7(), sha256=sha256, text=text, author=author, at=at)
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    version: UUID = connection.execute(
        select(policy_versions.c.id).where(policy_versions.c.sha256 == sha256)
    ).scalar_one()
    if active_id(connection) is None:
        connection.execute(
            upsert(connection, active_policy).values(only=1, version_id=version, at=at).on_conflict_do_nothing()
        )
    connection.execute(update(active_policy).values(version_id=version, at=at))
    return version
