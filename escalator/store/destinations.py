"""What is known of destinations besides the policy: which are to be left alone, which hang, and which are gone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, or_, select, update

from escalator.store.tables import destinations
from escalator.store.upserts import upsert


@dataclass(frozen=True, slots=True)
class Health:
    """How many calls in a row have timed out, and since when a probe is under way."""

    timeouts: int = 0
    probed_at: datetime | None = None


def close_until(connection: Connection, name: str, until: datetime) -> None:
    """Let a destination be left alone for a while, because its vendor asked for it; a longer wait stays."""
    statement = upsert(connection, destinations).values(name=name, not_before=until)
    known = destinations.c.not_before
    latest = case((known > until, known), else_=until)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"not_before": latest}))


def closed_beyond(connection: Connection, instant: datetime) -> dict[str, datetime]:
    """Return the destinations that are to be left alone until later than that, and until when."""
    known = select(destinations.c.name, destinations.c.not_before).where(destinations.c.not_before > instant)
    return {row.name: row.not_before for row in connection.execute(known)}


def note_gone(connection: Connection, name: str, address_digest: str) -> None:
    """Note that nothing is received at this address of a destination any more."""
    statement = upsert(connection, destinations).values(name=name, gone_address=address_digest)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"gone_address": address_digest}))


def is_gone(connection: Connection, name: str, address_digest: str) -> bool:
    """Whether a destination is gone; one that has another address since is not."""
    known = select(destinations.c.gone_address).where(destinations.c.name == name)
    return connection.scalar(known) == address_digest


def forget_gone(connection: Connection, name: str) -> None:
    """Note that a destination is there after all."""
    connection.execute(update(destinations).where(destinations.c.name == name).values(gone_address=None))


def unwell(connection: Connection) -> dict[str, Health]:
    """Return every line and host whose last call timed out or that is being probed; those left out have answered."""
    is_unwell = or_(destinations.c.timeouts > 0, destinations.c.probed_at.is_not(None))
    rows = connection.execute(
        select(destinations.c.name, destinations.c.timeouts, destinations.c.probed_at).where(is_unwell)
    )
    return {row.name: Health(row.timeouts, row.probed_at) for row in rows}


def begin_probe(connection: Connection, name: str, now: datetime, given_up_since: datetime) -> bool:
    """Begin the one probe of a line, unless another is under way that began after `given_up_since`."""
    statement = upsert(connection, destinations).values(name=name, probed_at=now)
    is_free = or_(destinations.c.probed_at.is_(None), destinations.c.probed_at <= given_up_since)
    begun = statement.on_conflict_do_update(index_elements=["name"], set_={"probed_at": now}, where=is_free)
    return connection.execute(begun.returning(destinations.c.name)).first() is not None


def end_probes(connection: Connection, names: Iterable[str]) -> None:
    """Note that the probes of these lines are over, whatever became of them."""
    ended = update(destinations).where(destinations.c.name.in_(sorted(names)))
    connection.execute(ended.values(probed_at=None))


def count_timeouts(connection: Connection, found: Mapping[str, int]) -> None:
    """Count so many more calls in a row that have timed out."""
    for name, count in sorted(found.items()):
        statement = upsert(connection, destinations).values(name=name, timeouts=count)
        more = {"timeouts": destinations.c.timeouts + count}
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=more))


def note_answers(connection: Connection, names: Iterable[str]) -> None:
    """Note that these have answered: whatever timed out before is over."""
    answered = update(destinations).where(destinations.c.name.in_(sorted(names)))
    connection.execute(answered.values(timeouts=0, probed_at=None))
