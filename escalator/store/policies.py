"""Policy versions and which one is active; texts as written, with `${NAME}` in them."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, exists, select, update
from uuid6 import uuid7

from escalator.model.audit import AuditAction
from escalator.store.tables import active_policy, audit_records, overrides, policy_versions, silences
from escalator.store.upserts import upsert

_VERSION = ("id", "sha256", "author")
_ACTIVE = select(active_policy.c.version_id)
_STANDS_IN = and_(overrides.c.ended_at.is_(None), overrides.c.ends_at > bindparam("now"))
_FOLLOWED = _ACTIVE.add_columns(
    exists().where(silences.c.ended_at.is_(None)).label("has_silences"),
    exists().where(_STANDS_IN).label("has_stand_ins"),
)


def active_id(connection: Connection) -> UUID | None:
    """Return the active version."""
    version_id: UUID | None = connection.scalar(_ACTIVE)
    return version_id


class ActivePolicy(NamedTuple):
    """The active version; whether there are silences, and whether there are overrides."""

    version: UUID
    has_silences: bool
    has_stand_ins: bool


def read_active(connection: Connection, now: datetime) -> ActivePolicy | None:
    """Return the active policy in one query; None before the first file was accepted.

    Every transaction that decides needs all of it, and silences and overrides are rare.
    """
    row = connection.execute(_FOLLOWED, {"now": now}).one_or_none()
    return None if row is None else ActivePolicy(*row)


def text_of(connection: Connection, version: UUID) -> str:
    """Return a version's text."""
    return str(connection.execute(select(policy_versions.c.text).where(policy_versions.c.id == version)).scalar_one())


def sha256_of(connection: Connection, version: UUID) -> str:
    """Return a version's hash."""
    return str(connection.execute(select(policy_versions.c.sha256).where(policy_versions.c.id == version)).scalar_one())


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of the policy. `author` is who added it: `file`."""

    id: UUID
    sha256: str
    author: str


def active_version(connection: Connection) -> tuple[PolicyVersion, datetime] | None:
    """Return the active version, and since when."""
    columns = [policy_versions.c[name] for name in _VERSION]
    joined = select(*columns, active_policy.c.activated_at).join(
        policy_versions, policy_versions.c.id == active_policy.c.version_id
    )
    row = connection.execute(joined).one_or_none()
    return None if row is None else (PolicyVersion(row.id, row.sha256, row.author), row.activated_at)


@dataclass(frozen=True, slots=True)
class PolicyOffer:
    """A policy file, accepted or refused, and when; a refused one has `problems` and no version."""

    at: datetime
    actor: str
    version: PolicyVersion | None = None
    problems: int = 0


_OFFERS = (
    select(
        audit_records.c.recorded_at,
        audit_records.c.actor_key,
        audit_records.c.after,
        *(policy_versions.c[name] for name in _VERSION),
    )
    .outerjoin(policy_versions, policy_versions.c.id == audit_records.c.policy_version_id)
    .where(audit_records.c.action.in_([AuditAction.POLICY_ACTIVATED.value, AuditAction.POLICY_REFUSED.value]))
    .order_by(audit_records.c.recorded_at.desc(), audit_records.c.id.desc())
)


def history(connection: Connection, most: int | None = None) -> list[PolicyOffer]:
    """Return when which file was accepted or refused, newest first."""
    return [_offer(row) for row in connection.execute(_OFFERS.limit(most))]


def last_refused_sha256(connection: Connection) -> str | None:
    """Return the hash of the last file offered, if it was refused."""
    newest = connection.execute(_OFFERS.limit(1)).first()
    return None if newest is None or newest.sha256 is not None else json.loads(newest.after).get("sha256")


def _offer(row: Row[Any]) -> PolicyOffer:
    if row.sha256 is None:
        return PolicyOffer(row.recorded_at, row.actor_key, problems=int(json.loads(row.after).get("problems", 0)))
    return PolicyOffer(row.recorded_at, row.actor_key, PolicyVersion(row.id, row.sha256, row.author))


def find(connection: Connection, sha256: str) -> list[PolicyVersion]:
    """Return the versions whose hash begins with this."""
    columns = [policy_versions.c[name] for name in _VERSION]
    matching = policy_versions.c.sha256.startswith(sha256.lower(), autoescape=True)
    rows = connection.execute(select(*columns).where(matching).order_by(policy_versions.c.created_at))
    return [PolicyVersion(row.id, row.sha256, row.author) for row in rows]


def activate(connection: Connection, text: str, sha256: str, author: str, at: datetime) -> UUID:
    """Make this text the active version; a text that was active before keeps its id."""
    connection.execute(
        upsert(connection, policy_versions)
        .values(id=uuid7(), sha256=sha256, text=text, author=author, created_at=at)
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    version: UUID = connection.execute(
        select(policy_versions.c.id).where(policy_versions.c.sha256 == sha256)
    ).scalar_one()
    if active_id(connection) is None:
        connection.execute(
            upsert(connection, active_policy)
            .values(only=1, version_id=version, activated_at=at)
            .on_conflict_do_nothing()
        )
    connection.execute(update(active_policy).values(version_id=version, activated_at=at))
    return version
