"""API tokens: one row for each, found by the digest of the token's text."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from escalator.store.pipeline import changed_rows
from escalator.store.tables import api_tokens

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What a program may sign in with, for `person` and within `scopes`. `is_sandbox` if it was made in a sandbox."""

    id: UUID
    name: str
    person: str
    scopes: frozenset[str]
    is_sandbox: bool
    author: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


_COLUMNS = [api_tokens.c[name] for name in ApiToken.__dataclass_fields__]


def add(connection: Connection, new: ApiToken, digest: str) -> None:
    """Write a token."""
    values = {name: getattr(new, name) for name in ApiToken.__dataclass_fields__}
    connection.execute(
        insert(api_tokens).values(**(values | {"digest": digest, "scopes": " ".join(sorted(new.scopes))}))
    )


def find(connection: Connection, digest: str) -> ApiToken | None:
    """Return the token with this digest, even if it has ended."""
    return _first(connection, api_tokens.c.digest == digest)


def get(connection: Connection, token_id: UUID) -> ApiToken | None:
    """Return the token with this id, even if it has ended."""
    return _first(connection, api_tokens.c.id == token_id)


def list_newest(connection: Connection, *, is_sandbox: bool) -> list[ApiToken]:
    """Return the newest tokens, newest first: those of the sandbox, or all others."""
    statement = select(*_COLUMNS).where(api_tokens.c.is_sandbox.is_(is_sandbox)).order_by(api_tokens.c.id.desc())
    return [_token(row._mapping) for row in connection.execute(statement.limit(MOST_SHOWN))]


def record_use(connection: Connection, token_id: UUID, now: datetime) -> None:
    """Record its use."""
    connection.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_at=now))


def revoke(connection: Connection, token_id: UUID, now: datetime) -> bool:
    """Revoke a token; whether it was valid until now."""
    good = update(api_tokens).where(
        api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None), api_tokens.c.expires_at > now
    )
    return changed_rows(connection, good.values(revoked_at=now)) == 1


def _first(connection: Connection, mine: ColumnElement[bool]) -> ApiToken | None:
    row = connection.execute(select(*_COLUMNS).where(mine)).first()
    return None if row is None else _token(row._mapping)


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(**(dict(row) | {"scopes": frozenset(row["scopes"].split())}))
