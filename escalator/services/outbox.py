"""Claiming what is to be sent, and writing what became of it. Between the two no transaction is open."""

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection

from escalator.engine.deadlines import step_failed
from escalator.errors import ContentLocked
from escalator.model.incident import Incident, State
from escalator.model.message import Context, Delivered, Failed, FailureReason
from escalator.model.records import Action, Entry
from escalator.rendering.card import alarm
from escalator.services import messages
from escalator.services.applying import Decision, fallback, is_step, rules_for
from escalator.services.calls import Outcome, ToSend
from escalator.services.claiming import Claims
from escalator.services.core import Core
from escalator.services.policies import Running
from escalator.services.troubles import Troubles, detail_of
from escalator.services.work import working
from escalator.store import deliveries, incidents, leases, posts, records
from escalator.store.deliveries import Delivery, DeliveryKind, DeliveryState
from escalator.tally import DELIVERIES, WEBHOOK_TO_SEND

log = structlog.get_logger(__name__)

UNKNOWN_TRIES = 5
_BACKOFF = (1, 2, 4, 8, 15, 30, 60)
_BUSY_WAIT = timedelta(seconds=1)
_OTHER_MODE_WAIT = timedelta(seconds=30)
_UNREADABLE_WAIT = timedelta(minutes=1)
_GONE = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
_HOPELESS = frozenset({FailureReason.BAD_TARGET, FailureReason.BAD_MESSAGE, FailureReason.NOT_SUPPORTED})
_BROKEN = frozenset({FailureReason.BAD_CREDENTIALS, FailureReason.BAD_TARGET, FailureReason.NOT_CONFIGURED})


_Claim = Callable[[Core, Connection, Running, datetime, int], list[ToSend]]


def has_work(core: Core, overdue_by: timedelta) -> bool:
    """Whether something has waited for its sending for longer than that. Raises Unavailable."""
    due_before = core.clock.now() - overdue_by
    with core.database.reading() as connection:
        return deliveries.is_any(connection, due_before) or posts.is_any(connection, due_before)


def claim(core: Core, limit: int) -> list[ToSend]:
    """Claim up to so many calls: messages that show too little, for half of them at most, and deliveries.

    Raises Unavailable, unless something is claimed already.
    """
    to_send = _claimed(core, _claim_posts, max(1, limit // 2))
    try:
        return to_send + _claimed(core, _claim_deliveries, limit - len(to_send))
    except Exception:
        if to_send:
            return to_send
        raise


def _claimed(core: Core, claim_: _Claim, limit: int) -> list[ToSend]:
    """Claim one kind in a transaction of its own: posts are locked after incidents, never before."""
    now = core.clock.now()
    with core.database.writing(durable=False) as connection:
        running = core.policies.running(connection) if limit else None
        return [] if running is None else claim_(core, connection, running, now, limit)


def _claim_posts(core: Core, connection: Connection, running: Running, now: datetime, limit: int) -> list[ToSend]:
    behind = posts.lock_behind(connection, now, limit)
    if not behind:
        return []
    posts.hold(connection, [one.id for one in behind], core.id, now)
    about = _about(connection, {one.incident_id for one in behind}, core)
    said = messages.stories(connection, about, running.policy)
    merged = messages.numbers_of(connection, [one.merged_into for one in about.values()])
    to_send = []
    for post in behind:
        incident, held = about.get(post.incident_id), replace(post, claim=post.claim + 1)
        if incident is None:
            posts.not_shown(connection, held, held.claim, now + _UNREADABLE_WAIT, "unreadable", give_up=False)
            continue
        if core.mode_of(incident.source, running.policy) < post.mode:
            posts.not_shown(connection, held, held.claim, now + _OTHER_MODE_WAIT, "mode", give_up=False)
            continue
        view = messages.view_of(
            core,
            incident,
            core.policies.version(connection, incident.policy_version),
            running,
            person=post.person,
            mode=post.mode,
            said=said.get(incident.id, ()),
            merged_into=merged.get(incident.merged_into) if incident.merged_into else None,
            now=now,
        )
        context = Context(incident.id, incident.number, post.destination, post.person)
        card = messages.full(view)
        to_send.append(ToSend(context, post.mode, post.channel, post.address, card, incident.revision, post=held))
    return to_send


def _claim_deliveries(core: Core, connection: Connection, running: Running, now: datetime, limit: int) -> list[ToSend]:
    silence = core.silence_of_the_dead(now)
    found = deliveries.candidates(connection, now, limit, silence)
    if not found:
        return []
    incidents.lock_ids(connection, {one for _id, one in found if one is not None})
    about = _about(connection, {one for _id, one in found if one is not None}, core)
    mine = deliveries.lock_claimable(connection, [one for one, _incident in found], now, silence)
    unreadable = [one.id for one in mine if one.incident_id is not None and one.incident_id not in about]
    deliveries.put_off(connection, unreadable, now + _UNREADABLE_WAIT)
    standing = posts.lock_of(connection, about, now)
    claims = Claims(
        core, connection, running, now, about, standing, messages.stories(connection, about, running.policy)
    )
    alarms = _alarms(core, connection, [one for one in mine if one.incident_id is None])
    claimed = [one.delivery.id for one in alarms if one.delivery]
    for delivery in mine:
        if delivery.incident_id is None or delivery.incident_id not in about:
            continue
        unwanted = claims.why_unwanted(delivery)
        if unwanted is None and delivery.attempts and deliveries.has_later(connection, delivery):
            unwanted = "superseded"
        if unwanted is not None:
            _drop(connection, delivery, unwanted, now)
        elif claims.page(delivery):
            claimed.append(delivery.id)
    claims.write()
    deliveries.put_off(connection, claims.busy, now + _BUSY_WAIT)
    deliveries.claim(connection, claimed, core.id, now)
    return alarms + claims.to_send


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
    entry = _entry(Action.DELIVERY_SUPPRESSED, delivery, reason)
    records.insert(connection, [(entry, None)], now)


def _entry(action: Action, delivery: Delivery, reason: str = "") -> Entry:
    after = {"destination": delivery.destination, "channel": delivery.channel.value, "mode": delivery.mode.value}
    if delivery.step >= 0:
        after |= {"round": str(delivery.round), "step": str(delivery.step + 1), "sending": str(delivery.sending)}
    return Entry(action, reason=reason, after=after, incident_id=delivery.incident_id)


def _alarms(core: Core, connection: Connection, wanted: Sequence[Delivery]) -> list[ToSend]:
    """Return the calls that tell of the product's own trouble."""
    troubles = detail_of(connection, [one.trouble_id for one in wanted if one.trouble_id]) if wanted else {}
    to_send = []
    for one in wanted:
        key, detail = troubles.get(one.trouble_id or UUID(int=0), ("", ""))
        card = alarm(f"Escalator needs attention: {key.partition(':')[0].replace('_', ' ')}", (detail,))
        context = Context(None, None, one.destination, one.person)
        mode = min(one.mode, core.own_mode())
        to_send.append(ToSend(context, mode, one.channel, one.address, card, 0, delivery=one))
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


def finish(core: Core, outcomes: Sequence[Outcome]) -> None:
    """Write what became of these calls, in one transaction, and do what follows from failures. Raises Unavailable.

    It waits for the disk: what a crash of the database forgot would count as being sent for as long as a lease lasts.
    """
    now = core.clock.now()
    with working(core) as work:
        connection = work.connection
        running = core.policies.running(connection)
        if running is None:
            return
        failures = [one for one in outcomes if isinstance(one.result, Failed) and one.sent.delivery is not None]
        about = {
            one.sent.delivery.incident_id for one in failures if one.sent.delivery and one.sent.delivery.incident_id
        }
        locked = incidents.lock(connection, about, core.seal)
        lost = _lost_claims(connection, failures)
        failures = [one for one in failures if one not in lost]
        deliveries.finish(connection, [_row(one, now) for one in outcomes if one.sent.delivery is not None])
        for one in outcomes:
            _note_post(connection, one, now)
            if one.sent.delivery is not None and one not in lost:
                _note_delivery(core, connection, one, running, now)
        work.apply(_failed_steps(core, connection, locked, failures, running, now), running, now)
        _heal(connection, outcomes, now)
    for one in outcomes:
        _measure(core, one, now)


def _lost_claims(connection: Connection, failures: Sequence[Outcome]) -> list[Outcome]:
    """Return the failures of claims that another process has taken over: what follows from them is its business."""
    claims = {one.sent.delivery.id: one.sent.delivery.claim + 1 for one in failures if one.sent.delivery}
    held = deliveries.lock_held(connection, claims)
    return [one for one in failures if one.sent.delivery and one.sent.delivery.id not in held]


def is_for_good(delivery: Delivery, failed: Failed, now: datetime) -> bool:
    """Whether a delivery that has just failed is not worth another try."""
    tries = delivery.attempts + 1
    if not failed.reason.is_retryable or (failed.reason is FailureReason.UNKNOWN and tries >= UNKNOWN_TRIES):
        return True
    return retry_at(tries, failed, now) >= delivery.expires_at


def _is_orphan(one: Outcome) -> bool:
    """Whether a reply failed because its full message is gone: then the next try is the full message."""
    return isinstance(one.result, Failed) and one.sent.thread_of is not None and one.result.detail in _GONE


def _is_over(one: Outcome, now: datetime) -> bool:
    delivery, result = one.sent.delivery, one.result
    if delivery is None or isinstance(result, Delivered) or _is_orphan(one):
        return False
    return is_for_good(delivery, result, now)


def retry_at(tries: int, failed: Failed, now: datetime) -> datetime:
    """Return when to try again: when the vendor says, else after a wait that grows."""
    wait = timedelta(seconds=_BACKOFF[min(tries, len(_BACKOFF)) - 1])
    return now + max(wait if failed.retry_after is None else failed.retry_after, timedelta(seconds=1))


def _row(one: Outcome, now: datetime) -> dict[str, Any]:
    delivery, result = one.sent.delivery, one.result
    if delivery is None:
        return {}
    row: dict[str, Any] = {"id": delivery.id, "claim": delivery.claim + 1, "next_at": now}
    if isinstance(result, Delivered):
        return row | {"state": DeliveryState.DELIVERED, "delivered_at": now}
    row["reason"] = f"{result.reason.value}: {result.detail}" if result.detail else result.reason.value
    if _is_over(one, now):
        return row | {"state": DeliveryState.FAILED}
    return row | {"state": DeliveryState.PENDING, "next_at": retry_at(delivery.attempts + 1, result, now)}


def _note_post(connection: Connection, one: Outcome, now: datetime) -> None:
    post, result = one.sent.post, one.result
    if post is None:
        return
    if one.sent.thread_of is not None:
        if _is_orphan(one):
            posts.forget_ref(connection, post)
        return
    if isinstance(result, Delivered):
        if one.sent.delivery is None:
            posts.shown(connection, post, post.claim, one.sent.revision)
        else:
            posts.created(connection, post, post.claim, result.ref, one.sent.revision)
    elif one.sent.delivery is None:
        give_up = result.reason in _HOPELESS
        next_at = retry_at(post.attempts + 1, result, now)
        posts.not_shown(connection, post, post.claim, next_at, result.reason.value, give_up=give_up)
    else:
        posts.let_go(connection, post, post.claim)


def _note_delivery(core: Core, connection: Connection, one: Outcome, running: Running, now: datetime) -> None:
    delivery, result = one.sent.delivery, one.result
    if delivery is None:
        return
    if isinstance(result, Delivered):
        entry = _entry(Action.DELIVERED, delivery)
    elif _is_over(one, now):
        entry = _entry(Action.DELIVERY_FAILED, delivery, result.reason.value)
        other = fallback(core, delivery, running.policy, now)
        deliveries.insert(connection, [other] if other else [])
        if delivery.kind is DeliveryKind.PAGE and result.reason in _BROKEN:
            detail = f"{delivery.destination} cannot be told: {result.reason.value} {result.detail}".strip()
            key = f"destination:{delivery.destination}"
            Troubles(connection, now).find(key, detail, running.policy, core.settings)
    else:
        if result.reason is FailureReason.RATE_LIMITED:
            deliveries.close_until(connection, delivery.destination, retry_at(delivery.attempts + 1, result, now))
        return
    records.insert(connection, [(entry, None)], now)


def _failed_steps(  # noqa: PLR0913  # decides under the locks of the caller
    core: Core,
    connection: Connection,
    locked: dict[UUID, Incident],
    failures: Iterable[Outcome],
    running: Running,
    now: datetime,
) -> list[Decision]:
    """Return what follows for incidents whose present step has failed for good at every recipient."""
    touched = {
        one.sent.delivery.incident_id
        for one in failures
        if one.sent.delivery and is_step(one.sent.delivery) and _is_over(one, now)
    }
    decisions = []
    for incident_id in touched:
        incident = locked.get(incident_id) if incident_id else None
        if incident is None or incident.state is not State.TRIGGERED:
            continue
        fates = deliveries.step_states(connection, incident.id, incident.round, incident.step, incident.sending)
        if fates and set(fates) == {DeliveryState.FAILED}:
            rules = rules_for(core, connection, incident, running)
            decisions.append(Decision(incident, step_failed(incident, rules, now)))
    return decisions


def _heal(connection: Connection, outcomes: Iterable[Outcome], now: datetime) -> None:
    """End the trouble of every destination that has just been reached."""
    reached = {one.sent.context.destination for one in outcomes if isinstance(one.result, Delivered)}
    Troubles(connection, now).end(*(f"destination:{name}" for name in sorted(reached)))


def _measure(core: Core, one: Outcome, now: datetime) -> None:
    result = one.result
    outcome = "delivered" if isinstance(result, Delivered) else "failed"
    reason = "" if isinstance(result, Delivered) else result.reason.value
    core.tally.count(DELIVERIES, channel=one.sent.channel.value, outcome=outcome, reason=reason)
    if isinstance(result, Failed):
        log.warning("delivery_failed", destination=one.sent.context.destination, reason=reason, detail=result.detail)
    elif one.sent.received_at is not None:
        core.tally.observe(WEBHOOK_TO_SEND, (now - one.sent.received_at).total_seconds())
