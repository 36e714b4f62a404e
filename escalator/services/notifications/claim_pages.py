"""Claims pages about incidents that the caller's transaction has locked: their messages and posted messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.channels.contract import fingerprint_of
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import DueKind, Incident, State
from escalator.model.levels import Mode
from escalator.model.message import Failed, FailureReason, Occasion
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.notifications import compose
from escalator.services.outbound.bulkheads import Lane
from escalator.services.outbound.call import OutboundCall
from escalator.services.outbound.circuit_breaker import NOT_ANSWERING, BreakerDecision, CircuitBreakers
from escalator.store import delivery_claims, endpoint_health, posted_message_updates, posted_messages
from escalator.store.deliveries import Delivery, DeliveryKind
from escalator.store.posted_messages import PostedMessage

_GONE = Failed(FailureReason.GONE, "disabled")
_EXPIRED = Failed(FailureReason.EXPIRED)
_CALLED_OFF = frozenset({Occasion.STEP, Occasion.ONE_MORE, Occasion.OVERDUE, Occasion.RESTART, Occasion.HAND_OVER})

PostPlace = tuple[UUID | None, str, str, Mode, int]


def post_slot(delivery: Delivery) -> int:
    """Return the slot of a page's posted message. The sandbox counts down from -1: no vendor has those."""
    series = _series(delivery.channel, delivery.round)
    return -1 - series if delivery.mode is Mode.SANDBOX else series


def _series(channel: DestinationKind, round_: int) -> int:
    """Return the message's number at its address: PagerDuty has an alert per round, most have one message."""
    return round_ if channel.about.has_message_each_round else 0


def _place(message: Delivery | PostedMessage, incident_id: UUID | None, round_: int) -> PostPlace:
    return (incident_id, message.destination, message.address, message.mode, _series(message.channel, round_))


class IncidentProgress(Protocol):
    """How far an incident is: decides whether a page about it is still wanted."""

    @property
    def state(self) -> State: ...  # noqa: D102

    @property
    def round(self) -> int: ...  # noqa: D102

    @property
    def due_kind(self) -> DueKind | None: ...  # noqa: D102


def why_unwanted(delivery: Delivery, incident: Incident, now: datetime) -> str | None:
    """Return why a delivery should not be sent now, or None while it is wanted."""
    if delivery.kind is DeliveryKind.COPY:
        return FailureReason.EXPIRED if now >= delivery.expires_at else None
    return why_called_off(delivery.occasion, delivery.round, incident)


def why_called_off(occasion: Occasion, round_: int, incident: IncidentProgress) -> str | None:
    """Return why a page of that round should not be sent now, or None while it is wanted.

    An expired page is still wanted: it has failed, and the failure must be handled.
    """
    if round_ != incident.round:
        return "superseded"
    if occasion in _CALLED_OFF and incident.state is not State.TRIGGERED:
        return incident.state.value
    if occasion is Occasion.REMIND and incident.due_kind is not DueKind.RESOLVE_WITHIN:
        return incident.state.value
    return None


@dataclass(slots=True)
class PageClaimer:
    """What one transaction claims: the incidents are locked, and so are their posted messages, `standing`.

    The first page to an address is the full message, later ones reply in its thread. `busy` are pages that must wait
    because another process is creating the full message.
    """

    core: Core
    connection: Connection
    running: RunningPolicy
    now: datetime
    incidents: Mapping[UUID, Incident]
    breakers: CircuitBreakers
    standing: Iterable[PostedMessage] = ()
    said: Mapping[UUID, compose.StoryRecords] = field(default_factory=dict)
    to_send: list[OutboundCall] = field(default_factory=list)
    busy: list[UUID] = field(default_factory=list)
    _posts: dict[PostPlace, PostedMessage] = field(default_factory=dict)
    _new: list[PostedMessage] = field(default_factory=list)
    _held: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._posts = {_place(post, post.incident_id, post.round): post for post in self.standing}

    def why_unwanted(self, delivery: Delivery) -> str | None:
        """Return why a page should not be sent now, or None while it is wanted.

        One made for a less mild mode than the present one is not wanted: its address may be a real person's.
        """
        incident = self.incidents[delivery.incident_id or UUID(int=0)]
        if self.core.mode_of(incident.source, self.running.policy) < delivery.mode:
            return "mode"
        return why_unwanted(delivery, incident, self.now)

    def take(self, delivery: Delivery, lane: Lane, decision: BreakerDecision = BreakerDecision.CALL) -> bool:
        """Claim one wanted delivery, with a thread taken on this lane; False when it must wait."""
        call = self._copy(delivery) if delivery.kind is DeliveryKind.COPY else self._page(delivery)
        if call is None:
            return False
        if decision is BreakerDecision.FALL_BACK and call.refused is None:
            call = replace(call, refused=NOT_ANSWERING)
        self.to_send.append(replace(call, lane=lane, is_probe=decision is BreakerDecision.PROBE))
        return True

    def _copy(self, delivery: Delivery) -> OutboundCall:
        return self._call(delivery, self.incidents[delivery.incident_id or UUID(int=0)], None)

    def _page(self, delivery: Delivery) -> OutboundCall | None:
        incident = self.incidents[delivery.incident_id or UUID(int=0)]
        place = _place(delivery, incident.id, delivery.round)
        post = self._posts.get(place)
        if post is not None and post.vendor_ref is None and post.is_held:
            self.busy.append(delivery.id)
            return None
        if post is None or post.vendor_ref is None:
            post = self._posts[place] = self._hold(post or _new_post(delivery, incident))
        return self._call(delivery, incident, post)

    def _call(self, delivery: Delivery, incident: Incident, post: PostedMessage | None) -> OutboundCall:
        """Let a page show the present state, and a copy that of its event, even if it arrives late."""
        view = compose.build_view(
            self.core,
            incident,
            self.core.policies.version(self.connection, incident.policy_version),
            self.running,
            delivery,
            occasion=delivery.occasion,
            said=self.said.get(incident.id, ()),
            others=compose.related_incidents(self.connection, [incident])[incident.id],
            now=delivery.created_at if delivery.kind is DeliveryKind.COPY else self.now,
        )
        note = compose.build_notification(self.core, view, delivery, key=delivery.id, post=post)
        is_first = delivery.kind is DeliveryKind.PAGE and delivery.round == 1 and delivery.step == 0
        return OutboundCall(
            notification=note,
            mode=delivery.mode,
            channel=delivery.channel,
            revision=incident.revision,
            delivery=delivery,
            post=post,
            received_at=incident.opened_at if is_first else None,
            refused=self._refused(delivery, note.address),
        )

    def _refused(self, delivery: Delivery, address: str) -> Failed | None:
        """Return why calling the vendor is useless; the effects are those of a failed call."""
        if self._is_gone(delivery, address):
            return _GONE
        if delivery.kind is not DeliveryKind.PAGE:
            return None
        if self.now >= delivery.expires_at:
            return _EXPIRED
        until = self.breakers.paused_beyond(delivery.endpoint, self.now + delivery_claims.MAX_PAUSE)
        return Failed(FailureReason.RATE_LIMITED, "closed", until - self.now) if until else None

    def _is_gone(self, delivery: Delivery, address: str) -> bool:
        may_be_gone = delivery.channel.about.is_for_machines
        return may_be_gone and endpoint_health.is_gone(self.connection, delivery.endpoint, fingerprint_of(address))

    def _hold(self, post: PostedMessage) -> PostedMessage:
        if post.claim_number == 0:
            self._new.append(post)
        else:
            self._held.append(post.id)
        return replace(post, claim_number=post.claim_number + 1, is_held=True)

    def write(self) -> None:
        """Write the posted messages now held."""
        posted_messages.insert(
            self.connection, [replace(post, claim_number=1) for post in self._new], self.core.id, self.now
        )
        posted_message_updates.claim(self.connection, self._held, self.core.id, self.now)


def _new_post(delivery: Delivery, incident: Incident) -> PostedMessage:
    return PostedMessage(
        id=uuid7(),
        incident_id=incident.id,
        destination=delivery.destination,
        endpoint=delivery.endpoint,
        address=delivery.address,
        slot=post_slot(delivery),
        mode=delivery.mode,
        channel=delivery.channel,
        person=delivery.person,
        vendor_ref=None,
        wanted_revision=incident.revision,
        shown_revision=0,
        claim_number=0,
        attempts=0,
    )
