"""Verifies the audit log: records are numbered without gaps, name the previous hash, and match their own hash."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from escalator.services.core.context import Core
from escalator.store import audit_log, key_values

LATEST = 1000
"""How many of the newest records are checked while somebody waits for the answer."""
_VERIFIED = "audit_verified"

Line = tuple[dict[str, Any], str]
"""A sealed record as exported, without its hash; and the hash stored beside it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of verifying: number and hash of the last record that fits, and what is wrong with the next."""

    count: int
    last_hash: str
    misfit: str | None = None


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """The state of the chain: newest number and hash, the part checked just now, the records not in the chain yet.

    `verified`: when `escalator audit verify` last found all of it valid, and up to which record; None for never.
    """

    length: int
    last_hash: str
    first_checked: int
    verdict: Verdict
    unsealed: int
    verified: tuple[datetime, int] | None


def follow_chain(lines: Iterable[Line], after: int = 0, last_hash: str = audit_log.FIRST_HASH) -> Verdict:
    """Return how far the chain is valid after this record, which has that hash."""
    seq, previous = after, last_hash
    for line, stored_hash in lines:
        wrong = _misfit(line, stored_hash, seq + 1, previous)
        if wrong is not None:
            return Verdict(seq, previous, wrong)
        seq, previous = seq + 1, stored_hash
    return Verdict(seq, previous)


def verify_chain(core: Core) -> tuple[Verdict, int]:
    """Return whether the whole chain is valid, and how many records are unsealed; store when it was.

    It reads all of it in batches: seconds for each hundred thousand records. Raises Unavailable.
    """
    with core.database.reading() as connection:
        verdict = _followed_from(connection, 0)
        unsealed = audit_log.count_unchained(connection)
    if verdict.misfit is None:
        with core.database.writing() as connection:
            key_values.save(connection, _VERIFIED, str(verdict.count), core.clock.now())
    return verdict, unsealed


def chain_status(core: Core) -> ChainStatus:
    """Return the state of the chain; checks its newest records. Raises Unavailable."""
    with core.database.reading() as connection:
        length = audit_log.last_seq(connection)
        after = max(0, length - LATEST)
        verdict = _followed_from(connection, after)
        unsealed = audit_log.count_unchained(connection)
        last_hash = audit_log.hash_at(connection, length)
        known = key_values.get_with_time(connection, _VERIFIED)
    verified = (known.updated_at, int(known.value)) if known else None
    return ChainStatus(length, last_hash, after + 1, verdict, unsealed, verified)


def _followed_from(connection: Connection, after: int) -> Verdict:
    """Return how far the chain is valid; also finds a missing record that has a seal, even the last."""
    newest = audit_log.last_seq(connection)
    verdict = follow_chain(
        audit_log.chained_records(connection, after=after), after, audit_log.hash_at(connection, after)
    )
    if verdict.misfit is None and verdict.count < newest:
        return replace(verdict, misfit=f"record {verdict.count + 1} is missing, but its seal exists")
    return verdict


def _misfit(line: dict[str, Any], stored_hash: str, expected: int, previous: str) -> str | None:
    if line.get("seq") != expected:
        return f"record {expected} is missing, the next is {line.get('seq')}"
    named = f"record {expected} ({line.get('action')} at {line.get('at')}, incident {line.get('incident')})"
    if line.get("prev_hash") != previous:
        return f"{named} does not hold the hash of the record before it"
    if audit_log.chain_hash(line) != stored_hash:
        return f"{named} has been changed: its hash does not match the stored one"
    return None
