"""Claiming what is to be sent; `outcomes` writes what became of it, and between the two no transaction is open."""

import random
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from escalator.errors import ContentLocked
from escalator.model.incident import Incident
from escalator.model.message import Failed, FailureReason
from escalator.model.ranks import Mode
from escalator.model.records import Action
from escalator.rendering.card import alarm
from escalator.services import messages, notes
from escalator.services.bulletins import card_of
from escalator.services.calls import ToSend
from escalator.services.claiming import Claims, room_for_copies
from escalator.services.core import Core
from escalator.services.outcomes import entry_of
from escalator.services.policies import Running
from escalator.services.troubles import detail_of
from escalator.store import bulletins, deliveries, destinations, incidents, leases, posts, records, results
from escalator.store.deliveries import Candidate, Delivery, DeliveryKind

log = structlog.get_logger(__name__)

_BUSY_WAIT = timedelta(seconds=1)
_OTHER_MODE_WAIT = timedelta(seconds=30)
_CHOICE = 4
"""Of how many times what is wanted it is chosen: what other processes hold at the moment is left to them."""
_UNREADABLE_WAIT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a process is to send now, and whether there may be more to claim at once.

    `is_held_up` when others are deciding about all that is due: it may be claimed in a moment.
    """

    calls: tuple[ToSend, ...] = ()
    has_more: bool = False
    is_held_up: bool = False


_Claim = Callable[[Core, Connection, Running, datetime, int], Claimed]


def has_work(core: Core, overdue_by: timedelta) -> bool:
    """Whether something has waited for its sending for longer than that. Raises Unavailable."""
    due_before = core.clock.now() - overdue_by
    with core.database.reading() as connection:
        return deliveries.is_any(connection, due_before) or posts.is_any(connection, due_before)


def claim(core: Core, limit: int) -> Claimed:
    """Claim up to so many calls: messages that show too little, for half of them at most, and deliveries.

    The odd one goes to either by chance, so that neither starves when threads come free one by one. Raises
    Unavailable, unless something is claimed already.
    """
    half = (limit + random.randrange(2)) // 2  # noqa: S311  # not a secret
    shown = _claimed(core, _claim_posts, half)
    try:
        told = _claimed(core, _claim_deliveries, limit - len(shown.calls))
    except Exception:
        if shown.calls:
            return shown
        raise
    if not half and not told.calls:
        shown = _claimed(core, _claim_posts, limit)
    return Claimed(shown.calls + told.calls, shown.has_more or told.has_more, told.is_held_up)


def claim_alarms(core: Core, limit: int) -> Claimed:
    """Claim up to so many calls about the product's own trouble, and no others. Raises Unavailable."""
    return _claimed(core, _claim_alarms, limit)


def _claimed(core: Core, claim_: _Claim, limit: int) -> Claimed:
    """Claim one kind in a transaction of its own: posts are locked after incidents, never before."""
    if not limit:
        return Claimed()
    now = core.clock.now()
    with core.database.writing(durable=False) as connection:
        running = core.policies.running(connection)
        return Claimed() if running is None else claim_(core, connection, running, now, limit)


def _claim_posts(core: Core, connection: Connection, running: Running, now: datetime, limit: int) -> Claimed:
    behind = posts.lock_behind(connection, now, limit, core.silence_of_the_dead(now))
    if not behind:
        return Claimed()
    posts.hold(connection, [one.id for one in behind], core.id, now)
    about = _about(connection, {one.incident_id for one in behind}, core)
    said = messages.recorded(connection, about)
    superseded = posts.superseded(connection, behind)
    others = messages.others_of(connection, about.values())
    written = notes.written(connection, behind)
    to_send = []
    for post in behind:
        incident, held = about.get(post.incident_id), replace(post, claim=post.claim + 1)
        if incident is None:
            results.not_shown(connection, held, core.id, now + _UNREADABLE_WAIT, "unreadable")
            continue
        if core.mode_of(incident.source, running.policy) < post.mode:
            results.not_shown(connection, held, core.id, now + _OTHER_MODE_WAIT, "mode")
            continue
        if post.want_rev > incident.revision:
            # Somebody asked to look again: what stands there is not what we think.
            posts.lower_wanted(connection, post, incident.revision)
            held = replace(held, face=None)
        view = messages.view_of(
            core,
            incident,
            core.policies.version(connection, incident.policy_version),
            running,
            post,
            said=said.get(incident.id, ()),
            others=others[incident.id],
            is_superseded=post.id in superseded,
            now=now,
        )
        note = messages.notification(core, view, post, key=post.id, post=post)
        if post.id in written:
            note = notes.as_note(core, note, view, written[post.id])
        to_send.append(ToSend(note, post.mode, post.channel, incident.revision, post=held))
    return Claimed(tuple(to_send), len(behind) == limit)


def _claim_alarms(core: Core, connection: Connection, running: Running, now: datetime, limit: int) -> Claimed:
    silence = core.silence_of_the_dead(now)
    found = deliveries.alarms(connection, now, limit, silence)
    mine = deliveries.lock_claimable(connection, found, now, silence) if found else []
    notices = _notices(core, connection, running, mine, now)
    deliveries.claim(connection, [one.delivery.id for one in notices if one.delivery], core.id, now)
    return Claimed(tuple(notices))


def _claim_deliveries(core: Core, connection: Connection, running: Running, now: datetime, limit: int) -> Claimed:
    silence = core.silence_of_the_dead(now)
    found = _found(core, connection, now, limit * _CHOICE)
    named = list(dict.fromkeys(one.incident_id for one in found if one.incident_id is not None))
    free = incidents.lock_free(connection, named, limit)
    wanted = [one.id for one in found if one.incident_id is None or one.incident_id in free][:limit]
    mine = deliveries.lock_claimable(connection, wanted, now, silence) if wanted else []
    if not mine:
        return Claimed(is_held_up=bool(found))
    about = _about(connection, {one.incident_id for one in mine if one.incident_id is not None}, core)
    unreadable = [one.id for one in mine if one.incident_id is not None and one.incident_id not in about]
    deliveries.put_off(connection, unreadable, now + _UNREADABLE_WAIT)
    standing = posts.lock_of(connection, about, now, silence)
    claims = Claims(core, connection, running, now, about, standing, messages.recorded(connection, about))
    notices = _notices(core, connection, running, [one for one in mine if one.incident_id is None], now)
    claimed = [one.delivery.id for one in notices if one.delivery]
    claimed += _page(connection, claims, [one for one in mine if one.incident_id in about], now)
    claims.write()
    deliveries.put_off(connection, claims.busy, now + _BUSY_WAIT)
    deliveries.claim(connection, claimed, core.id, now)
    turns = {one.id: turn for turn, one in enumerate(mine)}
    calls = sorted((*notices, *claims.to_send), key=lambda one: turns[one.delivery.id] if one.delivery else 0)
    return Claimed(tuple(calls), has_more=len(wanted) < len(found))


def _found(core: Core, connection: Connection, now: datetime, most: int) -> list[Candidate]:
    """Return what may be claimed, with as many copies as this process may send: the others wait where they are."""
    room = room_for_copies(core, connection, now)
    found = deliveries.candidates(connection, now, most, core.silence_of_the_dead(now), with_copies=room > 0)
    pages = [one for one in found if not one.is_copy]
    return pages + [one for one in found if one.is_copy][:room]


def _page(connection: Connection, claims: Claims, mine: Sequence[Delivery], now: datetime) -> list[UUID]:
    """Claim the pages that are still wanted, drop the others, and return what is claimed."""
    claimed = []
    for delivery in mine:
        unwanted = claims.why_unwanted(delivery)
        is_late = delivery.kind is DeliveryKind.PAGE and (delivery.claim > 0 or delivery.expires_at <= now)
        if unwanted is None and is_late and deliveries.has_later(connection, delivery):
            unwanted = "superseded"
        if unwanted is not None:
            _drop(connection, delivery, unwanted, now)
        elif claims.take(delivery):
            claimed.append(delivery.id)
    return claimed


def _about(connection: Connection, ids: Set[UUID], core: Core) -> dict[UUID, Incident]:
    """Return these incidents; one that cannot be opened is left out, so that it holds up nobody but itself."""
    try:
        return incidents.read(connection, ids, core.seal)
    except (ContentLocked, ValueError, KeyError):
        found = incidents.readable(connection, ids, core.seal)
        for one in ids - set(found):
            log.exception("incident_unreadable", incident_id=str(one))
        return found


def _drop(connection: Connection, delivery: Delivery, reason: str, now: datetime) -> None:
    deliveries.suppress(connection, [delivery.id], reason)
    entry = entry_of(Action.DELIVERY_SUPPRESSED, delivery, reason)
    records.insert(connection, [(entry, None)], now)


def _notices(
    core: Core, connection: Connection, running: Running, wanted: Sequence[Delivery], now: datetime
) -> list[ToSend]:
    """Return the calls that are about no incident: the product's own trouble, and bulletins."""
    troubles = detail_of(connection, [one.trouble_id for one in wanted if one.trouble_id]) if wanted else {}
    said = bulletins.find(connection, [one.bulletin_id for one in wanted if one.bulletin_id])
    closed = destinations.closed_beyond(connection, now + deliveries.PATIENCE) if said else {}
    to_send = []
    for one in wanted:
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
        # What was meant for a less mild mode than the present one goes to nobody: it may be a real person's.
        mode = one.mode if one.mode <= core.settings.mode else Mode.SANDBOX
        refused = Failed(FailureReason.RATE_LIMITED, "closed", until - now) if until else None
        note = messages.notice(core, running.policy, one, card, now)
        to_send.append(ToSend(note, mode, one.channel, 0, delivery=one, refused=refused))
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
