"""Claims what is to be sent; `outcomes` records results. No transaction is open between the two."""

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from escalator.model.message import FailureReason
from escalator.services.core.context import Core
from escalator.services.delivery.claim_message_updates import UNREADABLE_WAIT, claim_message_updates, read_incidents
from escalator.services.delivery.claim_notices import claim_notices, drop_delivery
from escalator.services.delivery.claim_transaction import ClaimContext, ClaimedCalls
from escalator.services.delivery.destination_health import suspects_after
from escalator.services.delivery.due_deliveries import Candidate, CandidateSelector, Selection
from escalator.services.delivery.fallbacks import create_fallbacks
from escalator.services.notifications import compose
from escalator.services.notifications.claim_pages import PageClaimer
from escalator.services.outbound.bulkheads import SenderThreads, reserve_threads
from escalator.services.outbound.call import OutboundCall
from escalator.services.outbound.circuit_breaker import BreakerDecision, CircuitBreakers
from escalator.store import (
    deliveries,
    delivery_claims,
    incidents,
    posted_messages,
    unconfirmed_claims,
)
from escalator.store.deliveries import Delivery, DeliveryKind
from escalator.store.delivery_claims import Exclusion

log = structlog.get_logger(__name__)

OVERDUE = timedelta(seconds=1)
"""After how long the process that should be notified of due work has missed it, as while the broker is away."""

_BUSY_WAIT = timedelta(seconds=1)
_ALL_BUT_ALARMS = Exclusion(kinds=[kind.value for kind in DeliveryKind if kind is not DeliveryKind.ALARM])


def has_due_work(core: Core, overdue_by: timedelta = timedelta(0)) -> bool:
    """Whether something has been due for that long. Raises Unavailable."""
    with core.database.reading() as connection:
        return delivery_claims.is_any_due(connection, core.clock.now() - overdue_by)


def claim_calls(core: Core, limit: int, threads: SenderThreads | None = None) -> ClaimedCalls:
    """Claim up to so many calls: outdated posted messages, for at most half of them, and deliveries.

    An odd one goes to either at random, so that neither starves when threads become free one by one. `threads` are the
    process' own, if it has some: one is taken for each call. Raises Unavailable, unless something is claimed already.
    """
    of = threads or SenderThreads(limit, is_shared=False)
    half = (limit + random.randrange(2)) // 2  # noqa: S311  # not a secret
    shown = _claimed(core, claim_message_updates, half, of)
    try:
        deliveries_claimed = _claimed(core, _claim_deliveries, limit - len(shown.calls), of)
    except Exception:
        if shown.calls:
            return shown
        raise
    if not half and not deliveries_claimed.calls:
        shown = _claimed(core, claim_message_updates, limit, of)
    return ClaimedCalls(
        shown.calls + deliveries_claimed.calls,
        shown.has_more or deliveries_claimed.has_more,
        deliveries_claimed.is_held_up,
    )


def claim_alarms(core: Core, limit: int, threads: SenderThreads) -> ClaimedCalls:
    """Claim up to so many calls for operator alerts only. Raises Unavailable."""
    return _claimed(core, _claim_alarms, limit, threads)


def _claimed(
    core: Core, claim_: Callable[[ClaimContext], ClaimedCalls], limit: int, threads: SenderThreads
) -> ClaimedCalls:
    """Claim one kind in its own transaction: posted messages are locked after incidents only."""
    if not limit:
        return ClaimedCalls()
    now = core.clock.now()
    with reserve_threads(threads) as reserved:
        with core.database.writing(durable=False) as connection:
            running = core.policies.running(connection)
            if running is None:
                return ClaimedCalls()
            claimed = claim_(ClaimContext(core, connection, running, now, limit, threads, reserved))
        reserved.used = [call.lane for call in claimed.calls]
    return claimed


def _chosen(
    claim: ClaimContext, breakers: CircuitBreakers, not_asked: Exclusion = delivery_claims.NO_EXCLUSION
) -> Selection:
    rehearsal = claim.threads.rehearsal(claim.limit)
    return CandidateSelector(claim.context, breakers, rehearsal, not_asked).choose()


def _take(claim: ClaimContext, candidates: Sequence[Candidate]) -> dict[UUID, Candidate]:
    """Take threads for these in order; return those that got one."""
    reserved: dict[UUID, Candidate] = {}
    for candidate in candidates:
        if len(reserved) < claim.limit and claim.taking.take(candidate.lane):
            reserved[candidate.delivery.id] = candidate
    return reserved


def _claim_alarms(claim: ClaimContext) -> ClaimedCalls:
    connection, now = claim.connection, claim.now
    breakers = CircuitBreakers(connection, now)
    candidates = _take(claim, _chosen(claim, breakers, _ALL_BUT_ALARMS).likely)
    mine = delivery_claims.lock_claimable(connection, candidates, now, claim.heartbeat_timeout) if candidates else []
    mine, probing = _begin_probes(breakers, mine, candidates)
    calls = claim_notices(claim, breakers, mine, candidates)
    delivery_claims.claim(connection, [call.delivery.id for call in calls if call.delivery], claim.core.id, now)
    breakers.take_back(probing - _probed(calls))
    return ClaimedCalls(tuple(calls), has_more=_create_fallbacks(claim, calls))


def _claim_deliveries(claim: ClaimContext) -> ClaimedCalls:
    connection, core, now = claim.connection, claim.core, claim.now
    breakers = CircuitBreakers(connection, now)
    choice = _chosen(claim, breakers)
    named = list(
        dict.fromkeys(
            candidate.delivery.incident_id for candidate in choice.all if candidate.delivery.incident_id is not None
        )
    )
    free = incidents.lock_free(connection, named, claim.limit)
    candidates = _take(
        claim,
        [
            candidate
            for candidate in choice.all
            if candidate.delivery.incident_id is None or candidate.delivery.incident_id in free
        ],
    )
    mine = delivery_claims.lock_claimable(connection, candidates, now, claim.heartbeat_timeout) if candidates else []
    if not mine:
        return ClaimedCalls(is_held_up=bool(choice.all))
    about = read_incidents(
        connection, {delivery.incident_id for delivery in mine if delivery.incident_id is not None}, core
    )
    unreadable = [
        delivery.id for delivery in mine if delivery.incident_id is not None and delivery.incident_id not in about
    ]
    delivery_claims.postpone(connection, unreadable, now + UNREADABLE_WAIT)
    standing = posted_messages.lock_of(connection, about, now, claim.heartbeat_timeout)
    turns = {delivery.id: turn for turn, delivery in enumerate(mine)}
    mine, begun = _begin_probes(breakers, mine, candidates)
    claims = PageClaimer(
        core, connection, claim.running, now, about, breakers, standing, compose.story_records(connection, about)
    )
    notices = claim_notices(
        claim, breakers, [delivery for delivery in mine if delivery.incident_id is None], candidates
    )
    _page(claims, [delivery for delivery in mine if delivery.incident_id in about], candidates)
    claims.write()
    delivery_claims.postpone(connection, claims.busy, now + _BUSY_WAIT)
    calls = sorted((*notices, *claims.to_send), key=lambda call: turns[call.delivery.id] if call.delivery else 0)
    delivery_claims.claim(connection, [call.delivery.id for call in calls if call.delivery], core.id, now)
    breakers.take_back(begun - _probed(calls))
    has_more = choice.has_more or len(candidates) < len(choice.likely)
    return ClaimedCalls(tuple(calls), has_more=_create_fallbacks(claim, calls) or has_more)


def _begin_probes(
    breakers: CircuitBreakers, mine: Sequence[Delivery], candidates: Mapping[UUID, Candidate]
) -> tuple[list[Delivery], frozenset[str]]:
    """Begin the probes among these; return what may be sent, and endpoints whose probe began."""
    probes = {
        delivery.id: candidates[delivery.id].lane
        for delivery in mine
        if candidates[delivery.id].decision is BreakerDecision.PROBE
    }
    begun = breakers.begin(probes.values())
    return [delivery for delivery in mine if delivery.id not in probes or probes[delivery.id].endpoint in begun], begun


def _probed(calls: Iterable[OutboundCall]) -> frozenset[str]:
    return frozenset(call.lane.endpoint for call in calls if call.is_probe)


def _create_fallbacks(claim: ClaimContext, calls: Iterable[OutboundCall]) -> bool:
    """Create the fallback of each page and alert that is a probe, because probes may hang; return if any was made."""
    count = 0
    for call in calls:
        if call.is_probe and call.delivery is not None and call.delivery.kind is not DeliveryKind.BULLETIN:
            suspects = suspects_after(FailureReason.TIMEOUT, call.delivery.endpoint, call.channel)
            count += create_fallbacks(claim.context, [call.delivery], suspects)
    return count > 0


def _page(claims: PageClaimer, mine: Sequence[Delivery], candidates: Mapping[UUID, Candidate]) -> None:
    """Claim the pages that are still wanted; drop the others."""
    connection, now = claims.connection, claims.now
    for delivery in mine:
        unwanted = claims.why_unwanted(delivery)
        is_late = delivery.kind is DeliveryKind.PAGE and (delivery.claim_number > 0 or delivery.expires_at <= now)
        if unwanted is None and is_late and deliveries.has_later_delivered_page(connection, delivery):
            unwanted = "superseded"
        chosen = candidates[delivery.id]
        if unwanted is not None:
            drop_delivery(connection, delivery, unwanted, now)
        else:
            claims.take(delivery, chosen.lane, chosen.decision)


def release_lost_claims(core: Core, known: Collection[UUID]) -> bool:
    """Release this process' claims that it does not know of; return whether there were any.

    When the connection breaks during a commit, the process cannot know that it claimed. Raises Unavailable.
    """
    with core.database.reading() as connection:
        mine = unconfirmed_claims.find_lost(connection, core.id, known, core.clock.now())
    if mine:
        log.warning("claims_forgotten", claims=len(mine))
        with core.database.writing(durable=False) as connection:
            unconfirmed_claims.release(connection, core.id, mine)
    return bool(mine)
