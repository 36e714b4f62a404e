"""Reads the input of `incidents.matched_categories` in bounded batches, and adds categories to it."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, select, update

from escalator.encryption import Seal
from escalator.errors import ContentLocked
from escalator.model.facts import Facts
from escalator.store.codec import categories_from_text, categories_to_text, open_facts
from escalator.store.tables import incidents

_THERE = incidents.c.sealed_facts.is_not(None)
"""Evaluations of deleted facts are final."""


@dataclass(frozen=True, slots=True)
class MatchedCategories:
    """An incident's facts and the categories that have matched so far; no facts if they cannot be decrypted.

    `frozen` is its version of the policy, `sealed` the encrypted value that was read.
    """

    id: UUID
    frozen: UUID
    matched_categories: tuple[str, ...]
    facts: Facts | None
    sealed: bytes


def find_outdated_mark(connection: Connection, mark: str) -> str | None:
    """Return another mark with which some incident was evaluated, or None if there is none."""
    for others in (incidents.c.category_rules_digest < mark, incidents.c.category_rules_digest > mark):
        outdated: str | None = connection.scalar(
            select(func.min(incidents.c.category_rules_digest)).where(others, _THERE)
        )
        if outdated is not None:
            return outdated
    return None


def read_batch(connection: Connection, mark: str, most: int, seal: Seal) -> list[MatchedCategories]:
    """Return incidents evaluated with this mark, newest first: those are on everybody's first page."""
    columns = (incidents.c.id, incidents.c.policy_version_id, incidents.c.matched_categories, incidents.c.sealed_facts)
    there = select(*columns).where(incidents.c.category_rules_digest == mark, _THERE)
    rows = connection.execute(there.order_by(incidents.c.id.desc()).limit(most))
    return [
        MatchedCategories(
            row.id,
            row.policy_version_id,
            categories_from_text(row.matched_categories),
            _opened(row.sealed_facts, seal),
            row.sealed_facts,
        )
        for row in rows
    ]


def _opened(sealed: bytes, seal: Seal) -> Facts | None:
    with suppress(ContentLocked, ValueError, KeyError):
        return open_facts(sealed, seal)[0]
    return None


def add_categories(
    connection: Connection, judgements: Collection[MatchedCategories], added: Mapping[UUID, Collection[str]], mark: str
) -> None:
    """Add these categories, and set the mark where the facts have not changed; existing categories stay."""
    read = {judgement.id: judgement.sealed for judgement in judgements}
    order = (incidents.c.member_count.is_not(None), incidents.c.id)
    theirs = select(incidents.c.id, incidents.c.matched_categories, incidents.c.sealed_facts).where(
        incidents.c.id.in_(read)
    )
    rows = connection.execute(theirs.order_by(*order).with_for_update(key_share=True)).all()
    same = [row for row in rows if row.sealed_facts == read[row.id]]
    for row in same:
        if added.get(row.id):
            fits = categories_to_text({*categories_from_text(row.matched_categories), *added[row.id]})
            connection.execute(update(incidents).where(incidents.c.id == row.id).values(matched_categories=fits))
    ids = [row.id for row in same]
    connection.execute(update(incidents).where(incidents.c.id.in_(ids)).values(category_rules_digest=mark))
