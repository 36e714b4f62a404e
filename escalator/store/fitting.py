"""What `incidents.fits` is made from, read in bounded batches, and what is added to it."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select, update

from escalator.errors import ContentLocked
from escalator.model.facts import Facts
from escalator.sealing import Seal
from escalator.store.codec import open_facts, read_fits, written_fits
from escalator.store.tables import incidents


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an incident's item, and the categories that fitted it so far; no facts where no key opens them.

    `frozen` is the version of the policy that it goes by.
    """

    id: UUID
    frozen: UUID
    fits: tuple[str, ...]
    facts: Facts | None


def batch(connection: Connection, after: UUID, most: int, seal: Seal) -> list[Known]:
    """Return the next incidents, by their ids, whose facts have not been deleted."""
    columns = (incidents.c.id, incidents.c.policy_version_id, incidents.c.fits, incidents.c.sealed_facts)
    there = select(*columns).where(incidents.c.id > after, incidents.c.sealed_facts.is_not(None))
    rows = connection.execute(there.order_by(incidents.c.id).limit(most))
    return [Known(row.id, row.policy_version_id, read_fits(row.fits), _opened(row.sealed_facts, seal)) for row in rows]


def _opened(sealed: bytes, seal: Seal) -> Facts | None:
    with suppress(ContentLocked, ValueError, KeyError):
        return open_facts(sealed, seal)[0]
    return None


def unite(connection: Connection, more: Mapping[UUID, Collection[str]]) -> None:
    """Let these categories fit these incidents too; what fits them already, or was added meanwhile, stays."""
    if not more:
        return
    order = (incidents.c.members.is_not(None), incidents.c.id)
    theirs = select(incidents.c.id, incidents.c.fits).where(incidents.c.id.in_(more)).order_by(*order)
    for row in connection.execute(theirs.with_for_update(key_share=True)).all():
        fits = written_fits({*read_fits(row.fits), *more[row.id]})
        connection.execute(update(incidents).where(incidents.c.id == row.id).values(fits=fits))
