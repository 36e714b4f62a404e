"""What is known of endpoints besides the policy: which are to be left alone, which hang, fail or are gone.

Several processes write of the same endpoints at the same time. To avoid deadlocks, a transaction that writes of more
than one endpoint writes at once and in the order of their names: by `HealthUpdates.write` or `begin_probes`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, or_, select, update

from escalator.model.destination_kind import DestinationKind
from escalator.store.tables import destinations
from escalator.store.upserts import upsert

FAILURE_STREAK_GAP = timedelta(minutes=15)
"""Failures further apart than this are not failures in a row: nothing says how the endpoint was in between."""

_REASON_CHARS = 256


@dataclass(slots=True)
class HealthUpdate:
    """What there is to write of one endpoint or host.

    `closed_until`: its vendor asks to be left alone for so long (a longer wait stays). `timeouts`: so many more calls
    in a row have timed out. `has_answered`: whatever timed out before is over. `is_probe_over`: its probe has ended.
    `failure`: a call through this channel failed for this reason, and may yet succeed. `is_reached`: a delivery has
    succeeded. `gone_address`: nothing is received at the address of this digest any more. `is_there`: it is after all.
    """

    closed_until: datetime | None = None
    timeouts: int = 0
    has_answered: bool = False
    is_probe_over: bool = False
    failure: tuple[DestinationKind, str] | None = None
    is_reached: bool = False
    gone_address: str | None = None
    is_there: bool = False

    def changes(self, known: Row[Any] | None) -> bool:
        """Whether this says anything that the row does not."""
        is_new = self.closed_until or self.timeouts or self.gone_address or (self.failure and not self.is_reached)
        if is_new or known is None:
            return bool(is_new)
        is_unwell = known.timeouts > 0 or known.probed_at is not None
        is_over = (self.has_answered and is_unwell) or (self.is_probe_over and known.probed_at is not None)
        is_found = self.is_there and known.gone_address is not None
        return is_over or is_found or (self.is_reached and known.failing_since is not None)


@dataclass(slots=True)
class HealthUpdates:
    """What one transaction has to write of endpoints and hosts."""

    _notes: defaultdict[str, HealthUpdate] = field(default_factory=lambda: defaultdict(HealthUpdate))

    def of(self, name: str) -> HealthUpdate:
        """Return the note on an endpoint or host, to be added to."""
        return self._notes[name]

    def write(self, connection: Connection, now: datetime) -> None:
        """Write all that changes something, in the order of the names."""
        if not self._notes:
            return
        rows = connection.execute(select(destinations).where(destinations.c.name.in_(self._notes)))
        known = {row.name: row for row in rows}
        for name, note in sorted(self._notes.items()):
            if note.changes(known.get(name)):
                _write(connection, name, note, now)


def _write(connection: Connection, name: str, note: HealthUpdate, now: datetime) -> None:
    new: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    if note.closed_until is not None:
        new["not_before"], before = note.closed_until, destinations.c.not_before
        changed["not_before"] = case((before > note.closed_until, before), else_=note.closed_until)
    if note.has_answered:
        changed |= {"timeouts": 0, "probed_at": None}
    elif note.timeouts:
        new["timeouts"] = note.timeouts
        changed["timeouts"] = destinations.c.timeouts + note.timeouts
    if note.is_probe_over:
        changed["probed_at"] = None
    if note.is_reached:
        changed |= {"failing_since": None, "failed_at": None, "failing_channel": None, "failing_reason": None}
    elif note.failure is not None:
        channel, reason = note.failure
        failed = {"failed_at": now, "failing_channel": channel.value, "failing_reason": reason[:_REASON_CHARS]}
        new |= {"failing_since": now, **failed}
        changed |= {"failing_since": _failing_since(now), **failed}
    if note.gone_address is not None or note.is_there:
        new["gone_address"] = changed["gone_address"] = note.gone_address
    statement = upsert(connection, destinations).values(name=name, **new)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))


def _failing_since(now: datetime) -> Any:
    """Return since when an endpoint has been failing that fails now: since the first of its failures in a row."""
    is_first = or_(
        destinations.c.failing_since.is_(None),
        destinations.c.failed_at.is_(None),
        destinations.c.failed_at < now - FAILURE_STREAK_GAP,
    )
    return case((is_first, now), else_=destinations.c.failing_since)


def paused_beyond(connection: Connection, instant: datetime) -> dict[str, datetime]:
    """Return the endpoints that are to be left alone until later than that, and until when."""
    known = select(destinations.c.name, destinations.c.not_before).where(destinations.c.not_before > instant)
    return {row.name: row.not_before for row in connection.execute(known)}


def is_gone(connection: Connection, name: str, address_digest: str) -> bool:
    """Whether an endpoint is gone; one that has another address since is not."""
    known = select(destinations.c.gone_address).where(destinations.c.name == name)
    return connection.scalar(known) == address_digest


@dataclass(frozen=True, slots=True)
class TimeoutState:
    """How many calls in a row have timed out, and since when a probe is under way."""

    timeouts: int = 0
    probed_at: datetime | None = None


def timeout_states(connection: Connection) -> dict[str, TimeoutState]:
    """Return all endpoints and hosts whose last call timed out or that are being probed; the others have answered."""
    is_unwell = or_(destinations.c.timeouts > 0, destinations.c.probed_at.is_not(None))
    rows = connection.execute(
        select(destinations.c.name, destinations.c.timeouts, destinations.c.probed_at).where(is_unwell)
    )
    return {row.name: TimeoutState(row.timeouts, row.probed_at) for row in rows}


def begin_probes(
    connection: Connection, names: Iterable[str], now: datetime, given_up_since: datetime
) -> frozenset[str]:
    """Begin the one probe of each endpoint, but where another is under way that began after `given_up_since`.

    Returns the endpoints whose probe has begun.
    """
    is_free = or_(destinations.c.probed_at.is_(None), destinations.c.probed_at <= given_up_since)
    begun = set()
    for name in sorted(set(names)):
        statement = upsert(connection, destinations).values(name=name, probed_at=now)
        claimed = statement.on_conflict_do_update(index_elements=["name"], set_={"probed_at": now}, where=is_free)
        if connection.execute(claimed.returning(destinations.c.name)).first() is not None:
            begun.add(name)
    return frozenset(begun)


def cancel_probes(connection: Connection, names: Iterable[str]) -> None:
    """Undo probes that this very transaction has begun."""
    taken_back = sorted(names)
    if taken_back:
        connection.execute(update(destinations).where(destinations.c.name.in_(taken_back)).values(probed_at=None))


@dataclass(frozen=True, slots=True)
class FailingEndpoint:
    """An endpoint of which no call has succeeded since the first of these instants.

    `failed_at` is when the last call failed; `reason` is why. `closed_until` is what its vendor asked for.
    """

    endpoint: str
    channel: DestinationKind
    since: datetime
    failed_at: datetime
    reason: str
    closed_until: datetime | None


def failing(connection: Connection, since: datetime) -> list[FailingEndpoint]:
    """Return the endpoints of which no call has succeeded since then or earlier, by name."""
    found = select(destinations).where(destinations.c.failing_since <= since).order_by(destinations.c.name)
    return [
        FailingEndpoint(
            row.name,
            DestinationKind(row.failing_channel),
            row.failing_since,
            row.failed_at,
            row.failing_reason,
            row.not_before,
        )
        for row in connection.execute(found)
    ]
