"""What is known of destinations besides the policy: which are to be left alone, which hang, and which are gone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, or_, select, update

from escalator.model.policy import DestinationKind
from escalator.store.tables import destinations
from escalator.store.upserts import upsert

FORGET_FAILURE_AFTER = timedelta(minutes=15)
"""Failures further apart than this are not failures in a row: nothing says how the destination was in between."""


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


@dataclass(frozen=True, slots=True)
class Failing:
    """A way to a destination (services/ways) of which no call has succeeded since the first of these instants.

    `failed_at` is when the last call failed; `reason` is why. `closed_until` is what its vendor asked for.
    """

    way: str
    channel: DestinationKind
    since: datetime
    failed_at: datetime
    reason: str
    closed_until: datetime | None


def note_failed(connection: Connection, way: str, channel: DestinationKind, reason: str, now: datetime) -> None:
    """Note that a call to a destination failed; it counts as failing since the first of its failures in a row.

    What failed last more than FORGET_FAILURE_AFTER ago began another row of failures.
    """
    values = {"failed_at": now, "failing_channel": channel.value, "failing_reason": reason[:256]}
    statement = upsert(connection, destinations).values(name=way, failing_since=now, **values)
    is_new = or_(
        destinations.c.failing_since.is_(None),
        destinations.c.failed_at.is_(None),
        destinations.c.failed_at < now - FORGET_FAILURE_AFTER,
    )
    since = case((is_new, now), else_=destinations.c.failing_since)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"failing_since": since, **values})
    )


def note_reached(connection: Connection, ways: Collection[str]) -> None:
    """Note that a call to each of these has succeeded."""
    if not ways:
        return
    known = select(destinations.c.name).where(destinations.c.name.in_(ways), destinations.c.failing_since.is_not(None))
    for way in sorted(connection.scalars(known)):
        forgotten = {"failing_since": None, "failed_at": None, "failing_channel": None, "failing_reason": None}
        connection.execute(update(destinations).where(destinations.c.name == way).values(forgotten))


def failing(connection: Connection, since: datetime) -> list[Failing]:
    """Return the ways of which no call has succeeded since then or earlier, by name."""
    found = select(destinations).where(destinations.c.failing_since <= since).order_by(destinations.c.name)
    return [
        Failing(
            row.name,
            DestinationKind(row.failing_channel),
            row.failing_since,
            row.failed_at,
            row.failing_reason,
            row.not_before,
        )
        for row in connection.execute(found)
    ]
