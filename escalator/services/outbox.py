"""Claiming what is to be sent; `outcomes` writes what became of it, and between the two no transaction is open."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from escalator.model.message import Failed, FailureReason
from escalator.model.ranks import Mode
from escalator.model.records import Action
from escalator.rendering.card import alarm
from escalator.services import messages
from escalator.services.bulkheads import Threads, taking
from escalator.services.bulletins import card_of
from escalator.services.calls import ToSend
from escalator.services.choosing import Candidate, Choice, Chooser
from escalator.services.claim import Claimed, Claiming
from escalator.services.claiming import Claims
from escalator.services.claiming_posts import UNREADABLE_WAIT, about_of, claim_posts
from escalator.services.core import Core
from escalator.services.destination_health import suspects_of
from escalator.services.fallbacks import stand_in
from escalator.services.outcomes import entry_of
from escalator.services.probing import NOT_ANSWERING, Probes, Way
from escalator.services.troubles import detail_of
from escalator.store import bulletins, deliveries, destinations, incidents, leases, posts, records
from escalator.store.deliveries import Delivery, DeliveryKind, Without

log = structlog.get_logger(__name__)

_BUSY_WAIT = timedelta(seconds=1)
_ALL_BUT_ALARMS = Without(kinds=[kind.value for kind in DeliveryKind if kind is not DeliveryKind.ALARM])


def has_work(core: Core, overdue_by: timedelta) -> bool:
    """Whether something has waited for its sending for longer than that. Raises Unavailable."""
    due_before = core.clock.now() - overdue_by
    with core.database.reading() as connection:
        return deliveries.is_any(connection, due_before) or posts.is_any(connection, due_before)


def claim(core: Core, limit: int, threads: Threads | None = None) -> Claimed:
    """Claim up to so many calls: messages that show too little, for half of them at most, and deliveries.

    The odd one goes to either by chance, so that neither starves when threads come free one by one. `threads` are
    those of the process, where it has some: one of them is taken for each call. Raises Unavailable, unless something
    is claimed already.
    """
    of = threads or Threads(limit, is_shared=False)
    half = (limit + random.randrange(2)) // 2  # noqa: S311  # not a secret
    shown = _claimed(core, claim_posts, half, of)
    try:
        told = _claimed(core, _claim_deliveries, limit - len(shown.calls), of)
    except Exception:
        if shown.calls:
            return shown
        raise
    if not half and not told.calls:
        shown = _claimed(core, claim_posts, limit, of)
    return Claimed(shown.calls + told.calls, shown.has_more or told.has_more, told.is_held_up)


def claim_alarms(core: Core, limit: int, threads: Threads) -> Claimed:
    """Claim up to so many calls about the product's own trouble, and no others. Raises Unavailable."""
    return _claimed(core, _claim_alarms, limit, threads)


def _claimed(core: Core, claim_: Callable[[Claiming], Claimed], limit: int, threads: Threads) -> Claimed:
    """Claim one kind in a transaction of its own: posts are locked after incidents, never before."""
    if not limit:
        return Claimed()
    now = core.clock.now()
    with taking(threads) as taken:
        with core.database.writing(durable=False) as connection:
            running = core.policies.running(connection)
            if running is None:
                return Claimed()
            claimed = claim_(Claiming(core, connection, running, now, limit, threads, taken))
        taken.used = [one.lane for one in claimed.calls]
    return claimed


def _chosen(claim: Claiming, probes: Probes, not_asked: Without = deliveries.NOTHING) -> Choice:
    rehearsal = claim.threads.rehearsal(claim.limit)
    policy = claim.running.policy
    return Chooser(claim.core, claim.connection, policy, claim.now, probes, rehearsal, not_asked).choose()


def _take(claim: Claiming, found: Sequence[Candidate]) -> dict[UUID, Candidate]:
    """Take threads for these in their turns, and return those that got one."""
    taken: dict[UUID, Candidate] = {}
    for one in found:
        if len(taken) < claim.limit and claim.taking.take(one.lane):
            taken[one.delivery.id] = one
    return taken


def _claim_alarms(claim: Claiming) -> Claimed:
    connection, now = claim.connection, claim.now
    taken = _take(claim, _chosen(claim, Probes(connection, now), _ALL_BUT_ALARMS).likely)
    mine = deliveries.lock_claimable(connection, taken, now, claim.silence) if taken else []
    notices = _notices(claim, mine, taken)
    deliveries.claim(connection, [one.delivery.id for one in notices if one.delivery], claim.core.id, now)
    return Claimed(tuple(notices))


def _claim_deliveries(claim: Claiming) -> Claimed:
    connection, core, now = claim.connection, claim.core, claim.now
    choice = _chosen(claim, Probes(connection, now))
    named = list(dict.fromkeys(one.delivery.incident_id for one in choice.all if one.delivery.incident_id is not None))
    free = incidents.lock_free(connection, named, claim.limit)
    taken = _take(
        claim, [one for one in choice.all if one.delivery.incident_id is None or one.delivery.incident_id in free]
    )
    mine = deliveries.lock_claimable(connection, taken, now, claim.silence) if taken else []
    if not mine:
        return Claimed(is_held_up=bool(choice.all))
    about = about_of(connection, {one.incident_id for one in mine if one.incident_id is not None}, core)
    unreadable = [one.id for one in mine if one.incident_id is not None and one.incident_id not in about]
    deliveries.put_off(connection, unreadable, now + UNREADABLE_WAIT)
    standing = posts.lock_of(connection, about, now, claim.silence)
    claims = Claims(core, connection, claim.running, now, about, standing, messages.recorded(connection, about))
    notices = _notices(claim, [one for one in mine if one.incident_id is None], taken)
    claimed = [one.delivery.id for one in notices if one.delivery]
    claimed += _page(claims, [one for one in mine if one.incident_id in about], taken)
    claims.write()
    deliveries.put_off(connection, claims.busy, now + _BUSY_WAIT)
    deliveries.claim(connection, claimed, core.id, now)
    turns = {one.id: turn for turn, one in enumerate(mine)}
    calls = sorted((*notices, *claims.to_send), key=lambda one: turns[one.delivery.id] if one.delivery else 0)
    return Claimed(tuple(calls), has_more=choice.has_more or len(taken) < len(choice.likely))


def _page(claims: Claims, mine: Sequence[Delivery], taken: Mapping[UUID, Candidate]) -> list[UUID]:
    """Claim the pages that are still wanted, drop the others, and return what is claimed."""
    claimed = []
    connection, now = claims.connection, claims.now
    for delivery in mine:
        unwanted = claims.why_unwanted(delivery)
        is_late = delivery.kind is DeliveryKind.PAGE and (delivery.claim > 0 or delivery.expires_at <= now)
        if unwanted is None and is_late and deliveries.has_later(connection, delivery):
            unwanted = "superseded"
        chosen = taken[delivery.id]
        if unwanted is not None:
            _drop(connection, delivery, unwanted, now)
        elif claims.take(delivery, chosen.lane, chosen.way):
            claimed.append(delivery.id)
            if chosen.way is Way.PROBE:
                # Nobody waits for a probe: whoever stands in for a destination that hangs is told at the same time.
                suspects = suspects_of(FailureReason.TIMEOUT, delivery.destination, delivery.channel)
                stand_in(claims.core, connection, [delivery], claims.running.policy, now, suspects)
    return claimed


def _drop(connection: Connection, delivery: Delivery, reason: str, now: datetime) -> None:
    deliveries.suppress(connection, [delivery.id], reason)
    entry = entry_of(Action.DELIVERY_SUPPRESSED, delivery, reason)
    records.insert(connection, [(entry, None)], now)


def _notices(claim: Claiming, wanted: Sequence[Delivery], taken: Mapping[UUID, Candidate]) -> list[ToSend]:
    """Return the calls that are about no incident: the product's own trouble, and bulletins."""
    core, connection, running, now = claim.core, claim.connection, claim.running, claim.now
    troubles = detail_of(connection, [one.trouble_id for one in wanted if one.trouble_id]) if wanted else {}
    said = bulletins.find(connection, [one.bulletin_id for one in wanted if one.bulletin_id])
    closed = destinations.closed_beyond(connection, now + deliveries.PATIENCE) if said else {}
    to_send = []
    for one in wanted:
        chosen = taken[one.id]
        if one.bulletin_id is not None:
            card = card_of(core, connection, running, said[one.bulletin_id], one, now)
            until = closed.get(one.destination)
        else:
            key, detail = troubles.get(one.trouble_id or UUID(int=0), ("", ""))
            card = alarm(f"Escalator needs attention: {key.partition(':')[0].replace('_', ' ')}", (detail,))
            until = None
        if card is None:
            _drop(connection, one, "nothing_left", now)
            continue
        is_probe = chosen.way is Way.PROBE
        if is_probe and not Probes(connection, now).begin(chosen.lane):
            continue
        # What was meant for a less mild mode than the present one goes to nobody: it may be a real person's.
        mode = one.mode if one.mode <= core.settings.mode else Mode.SANDBOX
        refused = Failed(FailureReason.RATE_LIMITED, "closed", until - now) if until else None
        if chosen.way is Way.ELSEWHERE:
            refused = NOT_ANSWERING
        note = messages.notice(core, running.policy, one, card, now)
        call = ToSend(note, mode, one.channel, 0, one, refused=refused, lane=chosen.lane, is_probe=is_probe)
        to_send.append(call)
    return to_send


def give_back(core: Core, known: Collection[UUID]) -> bool:
    """Give back what this process has claimed but for what it knows of, and say whether there was any.

    When the connection breaks while a claim is committed, nobody knows that it was. Raises Unavailable.
    """
    with core.database.reading() as connection:
        mine = leases.forgotten(connection, core.id, known, core.clock.now())
    if mine:
        log.warning("claims_forgotten", claims=len(mine))
        with core.database.writing(durable=False) as connection:
            leases.let_go(connection, core.id, mine)
    return bool(mine)
