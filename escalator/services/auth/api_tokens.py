"""API tokens: a program acts for one person, with their permissions, within the token's scopes, until it expires."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from uuid6 import uuid7

from escalator.engine.permissions import may_view_category
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Mode, Role
from escalator.model.policy import Policy
from escalator.services.auth.sessions import token_digest
from escalator.services.auth.viewer import API, Viewer
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import api_tokens, audit_log
from escalator.store.api_tokens import ApiToken

PREFIX = "esc_"
"""The start of every token, so that scanners of source code find leaked ones."""

LONGEST = timedelta(days=365)
LONGEST_NAME = 64
_NOTED_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token may be used for."""

    READ = "read"
    ACT = "act"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """Why no token was made, in words."""

    why: str


def create_token(  # noqa: PLR0913  # a token is made of these
    core: Core, author: Viewer, person: str, name: str, scopes: Collection[Scope], good_for: timedelta
) -> str | TokenRefused:
    """Create a token for somebody and return its text, which is not stored; or why not. Raises Unavailable.

    If somebody creates it in the sandbox without authentication, it is valid in the sandbox only.
    """
    text, now, name = PREFIX + secrets.token_urlsafe(32), core.clock.now(), " ".join(name.split())
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        why = _why_not(running.policy, author, person) or _mistake(name, scopes, good_for)
        if why:
            return TokenRefused(why)
        expires_at = now + good_for
        new = ApiToken(
            uuid7(), name, person, frozenset(scopes), author.is_sandbox, author.person.key, now, expires_at=expires_at
        )
        api_tokens.add(connection, new, token_digest(text))
        audit_log.insert(connection, [(_entry(AuditAction.TOKEN_MADE, author, new), running.version)], now)
    return text


def find_token(core: Core, text: str) -> tuple[Viewer, RunningPolicy, frozenset[Scope]] | None:
    """Return a token's person, the policy that they are still in, and its scopes; None when it is not valid.

    Raises Unavailable.
    """
    now = core.clock.now()
    if not text.startswith(PREFIX):
        return None
    with core.database.reading() as connection:
        token = api_tokens.find(connection, token_digest(text))
        if token is None or token.revoked_at is not None or token.expires_at <= now:
            return None
        running = core.policies.required(connection)
    person = running.policy.people.get(token.person)
    if person is None or (token.is_sandbox and core.settings.mode is not Mode.SANDBOX):
        return None
    if token.last_used_at is None or now - token.last_used_at >= _NOTED_EVERY:
        with core.database.writing(durable=False) as connection:
            api_tokens.record_use(connection, token.id, now)
    scopes = frozenset(Scope(scope) for scope in token.scopes)
    return Viewer(person, API, is_sandbox=token.is_sandbox), running, scopes


def list_tokens(core: Core, viewer: Viewer) -> list[ApiToken]:
    """List the newest tokens, newest first; somebody of the sandbox sees only the sandbox's. Raises Unavailable."""
    with core.database.reading() as connection:
        return api_tokens.list_newest(connection, is_sandbox=viewer.is_sandbox)


def revoke_token(core: Core, author: Viewer, token_id: UUID) -> bool:
    """Revoke a token now; return whether it was valid until now. Raises Unavailable."""
    now = core.clock.now()
    with core.database.writing() as connection:
        token = api_tokens.get(connection, token_id)
        if (
            token is None
            or token.is_sandbox is not author.is_sandbox
            or not api_tokens.revoke(connection, token_id, now)
        ):
            return False
        audit_log.insert(connection, [(_entry(AuditAction.TOKEN_REVOKED, author, token), None)], now)
    return True


def _why_not(policy: Policy, author: Viewer, person: str) -> str:
    """Return why this author may create no token for that person: it could read more than they may."""
    maker = policy.people.get(author.person.key)
    if maker is None or maker.role < Role.ADMIN:
        return "Only an admin can create tokens."
    if person not in policy.people:
        return "Choose a person of the policy."
    hidden = [
        category.title
        for category in policy.categories.values()
        if may_view_category(person, category, policy) and not may_view_category(maker.key, category, policy)
    ]
    if hidden:
        return f"A token for {person} could read categories that you may not see: {', '.join(hidden)}."
    return ""


def _mistake(name: str, scopes: Collection[Scope], good_for: timedelta) -> str:
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        return f"Write a name of at most {LONGEST_NAME} printable characters, such as the program that uses it."
    if not scopes:
        return "Choose at least one scope."
    if not timedelta() < good_for <= LONGEST:
        return f"A token can be valid for at most {LONGEST.days} days."
    return ""


def _entry(action: AuditAction, author: Viewer, token: ApiToken) -> AuditEntry:
    """Return the audit record: without the name, a free text."""
    after = {"token": str(token.id), "person": token.person, "scopes": " ".join(sorted(token.scopes))}
    return AuditEntry(action, Actor("person", author.person.key), author.via, after=after)
