"""Bundles: surplus pages for one destination, sent there as one message.

A listed delivery refers to its bundle, a bulletin, and waits for that one's outcome. The bundle's own delivery is
claimed like any other; until then more pages may join, but not while it is being sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import DueKind, State
from escalator.model.levels import Mode, Severity
from escalator.model.message import Occasion
from escalator.store.deliveries import Delivery, DeliveryKind, DeliveryState, delivery_from_row
from escalator.store.tables import Instant, deliveries, incidents, posted_messages


class BundleAddress(NamedTuple):
    """Where messages are sent, and in which mode."""

    destination: str
    address: str
    channel: DestinationKind
    mode: Mode


@dataclass(frozen=True, slots=True)
class BundledPage:
    """A listed delivery, and the facts of its incident for the bundle; no content is read."""

    id: UUID
    occasion: Occasion
    round_asked: int
    incident_id: UUID
    number: int
    source: str
    category: str | None
    severity: Severity
    drill: str | None
    state: State
    round: int
    due_kind: DueKind | None
    fence: int
    owner: str | None


_WITH_MESSAGE_EACH_ROUND = [kind for kind in DestinationKind if kind.about.has_message_each_round]

_PLACE = (deliveries.c.destination, deliveries.c.address, deliveries.c.channel, deliveries.c.mode)
_STANDS = (
    select(posted_messages.c.id)
    .where(
        posted_messages.c.incident_id == deliveries.c.incident_id,
        posted_messages.c.destination == deliveries.c.destination,
        posted_messages.c.address == deliveries.c.address,
        posted_messages.c.mode == deliveries.c.mode,
        posted_messages.c.vendor_ref.is_not(None),
        # Some channels have a message for each round; sandbox slots are counted down from -1.
        or_(
            posted_messages.c.channel.not_in(_WITH_MESSAGE_EACH_ROUND),
            posted_messages.c.slot.in_([deliveries.c.round, -1 - deliveries.c.round]),
        ),
    )
    .exists()
)
_UNSENT = and_(deliveries.c.state == DeliveryState.PENDING, deliveries.c.kind == DeliveryKind.PAGE)
_ORDER = (deliveries.c.urgency.desc(), deliveries.c.created_at, deliveries.c.id)
_MANY = select(deliveries.c.id).where(_UNSENT).offset(bindparam("kept")).limit(1)
_RANKED = (
    select(deliveries.c.id, func.row_number().over(partition_by=_PLACE, order_by=_ORDER).label("turn"))
    .where(_UNSENT, ~_STANDS)
    .subquery()
)
_TOO_MANY = select(_RANKED.c.id).where(_RANKED.c.turn > bindparam("kept"))
_SURPLUS = (
    select(deliveries)
    .where(deliveries.c.id.in_(_TOO_MANY), _UNSENT, deliveries.c.created_at <= bindparam("waited_since", type_=Instant))
    .order_by(*_ORDER)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=deliveries)
)
_OPEN = (
    select(*_PLACE, deliveries.c.bulletin_id)
    .where(
        deliveries.c.state == DeliveryState.PENDING,
        deliveries.c.kind == DeliveryKind.BULLETIN,
        deliveries.c.occasion == Occasion.BUNDLE,
        # A fallback may have several deliveries, and not all of them send it again.
        deliveries.c.fallback_of.is_(None),
    )
    .order_by(deliveries.c.created_at)
    .with_for_update(skip_locked=True, of=deliveries)
)
_LISTED = and_(
    deliveries.c.bundle_id.in_(bindparam("lists", expanding=True)), deliveries.c.state == DeliveryState.LISTED
)
_MEMBERS = (
    select(
        deliveries.c.id,
        deliveries.c.occasion,
        deliveries.c.round.label("round_asked"),
        deliveries.c.incident_id,
        *(incidents.c[name] for name in ("number", "source", "category", "severity", "drill", "state", "round")),
        incidents.c.due_kind,
        incidents.c.fence,
        incidents.c.owner,
    )
    .join(incidents, incidents.c.id == deliveries.c.incident_id)
    .where(
        deliveries.c.bundle_id.in_(bindparam("lists", expanding=True)),
        deliveries.c.state.in_([DeliveryState.LISTED, DeliveryState.DELIVERED]),
    )
    .order_by(incidents.c.number)
)
_UNDER_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)


def has_more_pending_than(connection: Connection, sent_singly: int) -> bool:
    """Whether more pages than that wait anywhere: a query whose cost does not depend on their number."""
    return connection.execute(_MANY, {"kept": sent_singly}).first() is not None


def lock_surplus_pages(connection: Connection, sent_singly: int, waited_since: datetime, most: int) -> list[Delivery]:
    """Return pages waiting since then, beyond the first `sent_singly` of each address, in order, locked.

    Only full messages count, not pages that update a posted message. Locked rows are skipped.
    """
    rows = connection.execute(_SURPLUS, {"kept": sent_singly, "waited_since": waited_since, "most": most})
    return [delivery_from_row(row) for row in rows]


def lock_open_bundles(connection: Connection) -> dict[BundleAddress, UUID]:
    """Return the waiting bundle of each address, locked; the oldest, which goes first."""
    by_address: dict[BundleAddress, UUID] = {}
    for row in connection.execute(_OPEN):
        by_address.setdefault(address_of(row), row.bulletin_id)
    return by_address


def address_of(row: Any) -> BundleAddress:
    """Return where a delivery, or a row of one, is sent."""
    return BundleAddress(row.destination, row.address, DestinationKind(row.channel), Mode(row.mode))


def add_pages(connection: Connection, list_id: UUID, ids: Sequence[UUID], urgency: int) -> None:
    """Add these locked pages to that bundle, which becomes as urgent as the most urgent of them."""
    connection.execute(
        update(deliveries).where(deliveries.c.id.in_(ids)).values(state=DeliveryState.LISTED, bundle_id=list_id)
    )
    raised = case((deliveries.c.urgency < urgency, urgency), else_=deliveries.c.urgency)
    connection.execute(update(deliveries).where(deliveries.c.bulletin_id == list_id).values(urgency=raised))


def pages_of(connection: Connection, list_id: UUID) -> list[BundledPage]:
    """Return a bundle's pages, sent or not, in the order of the incident numbers."""
    return [_member(row) for row in connection.execute(_MEMBERS, {"lists": [list_id]})]


def mode_of(connection: Connection, list_id: UUID) -> Mode | None:
    """Return the mode in which a bundle is sent, or None if there is no such bundle."""
    mode = connection.scalar(select(deliveries.c.mode).where(deliveries.c.bulletin_id == list_id).limit(1))
    return None if mode is None else Mode(mode)


def _member(row: Any) -> BundledPage:
    values = {name: getattr(row, name) for name in BundledPage.__dataclass_fields__}
    return BundledPage(
        **values
        | {
            "occasion": Occasion(row.occasion),
            "severity": Severity(row.severity),
            "state": State(row.state),
            "due_kind": DueKind(row.due_kind) if row.due_kind else None,
        }
    )


def drop_pages(connection: Connection, ids: Sequence[UUID], reason: str) -> None:
    """Drop these pages, unless their bundle has been sent."""
    mine = (deliveries.c.id.in_(ids), deliveries.c.state == DeliveryState.LISTED)
    connection.execute(update(deliveries).where(*mine).values(state=DeliveryState.SUPPRESSED, reason=reason))


def mark_delivered(connection: Connection, list_deliveries: Iterable[UUID], now: datetime) -> None:
    """Mark the pages of these bundle deliveries as delivered, if the delivery itself was."""
    told_by = list(list_deliveries)
    if not told_by:
        return
    bundle_ids = select(deliveries.c.bulletin_id).where(
        deliveries.c.id.in_(told_by), deliveries.c.state == DeliveryState.DELIVERED
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.bundle_id.in_(bundle_ids), deliveries.c.state == DeliveryState.LISTED)
        .values(state=DeliveryState.DELIVERED, delivered_at=now)
    )


def find_failed(connection: Connection) -> list[UUID]:
    """Return the bundles that have no delivery left to try, but still have pages: they have failed for good."""
    waiting = list(
        connection.scalars(select(deliveries.c.bundle_id).where(deliveries.c.state == DeliveryState.LISTED).distinct())
    )
    if not waiting:
        return []
    delivered = set(
        connection.scalars(
            select(deliveries.c.bulletin_id).where(
                deliveries.c.bulletin_id.in_(waiting), deliveries.c.state.in_(_UNDER_WAY)
            )
        )
    )
    return [bundle_id for bundle_id in waiting if bundle_id is not None and bundle_id not in delivered]


def pending_pages_of(connection: Connection, lists: Sequence[UUID], most: int) -> list[tuple[UUID, UUID]]:
    """Return up to `most` (delivery, incident) that wait in these bundles."""
    first = select(deliveries.c.id, deliveries.c.incident_id).where(_LISTED).order_by(deliveries.c.id).limit(most)
    return [(row.id, row.incident_id) for row in connection.execute(first, {"lists": list(lists)})]


def fail_pages(connection: Connection, ids: Sequence[UUID], reason: str) -> list[Delivery]:
    """Mark these, whose incidents are locked, as failed with their bundle; return those that had not failed before."""
    rows = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.state == DeliveryState.LISTED)
        .values(state=DeliveryState.FAILED, reason=reason)
        .returning(*deliveries.c)
    )
    return [delivery_from_row(row) for row in rows]
