"""The state of endpoints: which are paused, hang, fail or are gone.

Several processes write about the same endpoints at the same time. To avoid deadlocks, a transaction that writes about
more than one endpoint writes at once and in the order of their names: by `HealthUpdates.write` or `begin_probes`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, or_, select, update

from escalator.model.destination_kind import DestinationKind
from escalator.store.tables import endpoint_health
from escalator.store.upserts import upsert

FAILURE_STREAK_GAP = timedelta(minutes=15)
"""Failures further apart than this are not in a row: the endpoint may have worked in between."""

_REASON_CHARS = 256


@dataclass(slots=True)
class HealthUpdate:
    """What is to be written about one endpoint or host.

    `paused_until`: its vendor asks for no calls until then (a longer pause stays). `timeouts`: how many more calls in a
    row have timed out. `has_answered`: earlier timeouts are over. `is_probe_over`: its probe has ended.
    `failure`: a call through this channel failed for this reason, and may be retried. `is_reached`: a delivery has
    succeeded. `gone_address_digest`: that address no longer receives anything. `is_there`: it does after all.
    """

    paused_until: datetime | None = None
    timeouts: int = 0
    has_answered: bool = False
    is_probe_over: bool = False
    failure: tuple[DestinationKind, str] | None = None
    is_reached: bool = False
    gone_address_digest: str | None = None
    is_there: bool = False

    def changes(self, known: Row[Any] | None) -> bool:
        """Whether this differs from what the row says."""
        is_new = (
            self.paused_until or self.timeouts or self.gone_address_digest or (self.failure and not self.is_reached)
        )
        if is_new or known is None:
            return bool(is_new)
        is_unwell = known.consecutive_timeouts > 0 or known.probe_started_at is not None
        is_over = (self.has_answered and is_unwell) or (self.is_probe_over and known.probe_started_at is not None)
        is_found = self.is_there and known.gone_address_digest is not None
        return is_over or is_found or (self.is_reached and known.failing_since is not None)


@dataclass(slots=True)
class HealthUpdates:
    """What one transaction has to write about endpoints and hosts."""

    _notes: defaultdict[str, HealthUpdate] = field(default_factory=lambda: defaultdict(HealthUpdate))

    def of(self, name: str) -> HealthUpdate:
        """Return the update for an endpoint or host, to be added to."""
        return self._notes[name]

    def write(self, connection: Connection, now: datetime) -> None:
        """Write every update that has an effect, in order of name."""
        if not self._notes:
            return
        rows = connection.execute(select(endpoint_health).where(endpoint_health.c.name.in_(self._notes)))
        known = {row.name: row for row in rows}
        for name, note in sorted(self._notes.items()):
            if note.changes(known.get(name)):
                _write(connection, name, note, now)


def _write(connection: Connection, name: str, note: HealthUpdate, now: datetime) -> None:
    new: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    if note.paused_until is not None:
        new["paused_until"], before = note.paused_until, endpoint_health.c.paused_until
        changed["paused_until"] = case((before > note.paused_until, before), else_=note.paused_until)
    if note.has_answered:
        changed |= {"consecutive_timeouts": 0, "probe_started_at": None}
    elif note.timeouts:
        new["consecutive_timeouts"] = note.timeouts
        changed["consecutive_timeouts"] = endpoint_health.c.consecutive_timeouts + note.timeouts
    if note.is_probe_over:
        changed["probe_started_at"] = None
    if note.is_reached:
        changed |= {"failing_since": None, "last_failed_at": None, "failing_channel": None, "failing_reason": None}
    elif note.failure is not None:
        channel, reason = note.failure
        failed = {"last_failed_at": now, "failing_channel": channel.value, "failing_reason": reason[:_REASON_CHARS]}
        new |= {"failing_since": now, **failed}
        changed |= {"failing_since": _failing_since(now), **failed}
    if note.gone_address_digest is not None or note.is_there:
        new["gone_address_digest"] = changed["gone_address_digest"] = note.gone_address_digest
    statement = upsert(connection, endpoint_health).values(name=name, **new)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))


def _failing_since(now: datetime) -> Any:
    """Return since when an endpoint that fails now has been failing: the first of its failures in a row."""
    is_first = or_(
        endpoint_health.c.failing_since.is_(None),
        endpoint_health.c.last_failed_at.is_(None),
        endpoint_health.c.last_failed_at < now - FAILURE_STREAK_GAP,
    )
    return case((is_first, now), else_=endpoint_health.c.failing_since)


def is_gone(connection: Connection, name: str, address_digest: str) -> bool:
    """Whether an endpoint is gone; with a new address it is not."""
    known = select(endpoint_health.c.gone_address_digest).where(endpoint_health.c.name == name)
    return connection.scalar(known) == address_digest


@dataclass(frozen=True, slots=True)
class EndpointState:
    """How many calls in a row have timed out, when the running probe began, until when the vendor asks for no calls."""

    consecutive_timeouts: int = 0
    probe_started_at: datetime | None = None
    paused_until: datetime | None = None


_STATE = [endpoint_health.c[name] for name in EndpointState.__dataclass_fields__]
_UNWELL = select(endpoint_health.c.name, *_STATE).where(
    or_(
        endpoint_health.c.consecutive_timeouts > 0,
        endpoint_health.c.probe_started_at.is_not(None),
        endpoint_health.c.paused_until > bindparam("now"),
    )
)


def unwell(connection: Connection, now: datetime) -> dict[str, EndpointState]:
    """Return all endpoints and hosts whose last call timed out, or that are being probed or paused; others are well."""
    return {name: EndpointState(*state) for name, *state in connection.execute(_UNWELL, {"now": now})}


def begin_probes(
    connection: Connection, names: Iterable[str], now: datetime, given_up_since: datetime
) -> frozenset[str]:
    """Begin one probe of each endpoint, unless another is running that began after `given_up_since`.

    Returns the endpoints whose probe has begun.
    """
    is_free = or_(endpoint_health.c.probe_started_at.is_(None), endpoint_health.c.probe_started_at <= given_up_since)
    begun = set()
    for name in sorted(set(names)):
        statement = upsert(connection, endpoint_health).values(name=name, probe_started_at=now)
        claimed = statement.on_conflict_do_update(
            index_elements=["name"], set_={"probe_started_at": now}, where=is_free
        )
        if connection.execute(claimed.returning(endpoint_health.c.name)).first() is not None:
            begun.add(name)
    return frozenset(begun)


def cancel_probes(connection: Connection, names: Iterable[str]) -> None:
    """Undo probes begun in this same transaction."""
    taken_back = sorted(names)
    if taken_back:
        connection.execute(
            update(endpoint_health).where(endpoint_health.c.name.in_(taken_back)).values(probe_started_at=None)
        )


@dataclass(frozen=True, slots=True)
class FailingEndpoint:
    """An endpoint without a successful call since the first of these instants.

    `last_failed_at` is when the last call failed; `reason` is why. `paused_until` is what its vendor asked for.
    """

    endpoint: str
    channel: DestinationKind
    since: datetime
    last_failed_at: datetime
    reason: str
    paused_until: datetime | None


def failing(connection: Connection, since: datetime) -> list[FailingEndpoint]:
    """Return the endpoints without a successful call since then or earlier, by name."""
    statement = select(endpoint_health).where(endpoint_health.c.failing_since <= since).order_by(endpoint_health.c.name)
    return [
        FailingEndpoint(
            row.name,
            DestinationKind(row.failing_channel),
            row.failing_since,
            row.last_failed_at,
            row.failing_reason,
            row.paused_until,
        )
        for row in connection.execute(statement)
    ]
