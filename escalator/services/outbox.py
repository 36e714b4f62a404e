"""Claiming what is to be sent, and writing what became of it. Between the two no transaction is open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.deadlines import step_failed
from escalator.model.incident import DueKind, Incident, State
from escalator.model.message import Card, Context, Delivered, Failed, FailureReason, Occasion
from escalator.model.policy import DestinationKind
from escalator.model.ranks import Mode
from escalator.model.records import Action, Entry
from escalator.rendering.card import alarm
from escalator.services import messages
from escalator.services.applying import Aftermath, Decision, apply, fallback, is_step, rules_for
from escalator.services.core import Core
from escalator.services.policies import Running
from escalator.services.troubles import Troubles, detail_of
from escalator.store import deliveries, incidents, posts, records
from escalator.store.deliveries import Delivery, DeliveryKind, DeliveryState
from escalator.store.posts import Post
from escalator.tally import DELIVERIES, WEBHOOK_TO_SEND

log = structlog.get_logger(__name__)

UNKNOWN_TRIES = 5
POST_TRIES = 60
_BACKOFF = (1, 2, 4, 8, 15, 30, 60)
_BUSY_WAIT = timedelta(seconds=1)
_OTHER_MODE_WAIT = timedelta(seconds=30)
_CALLED_OFF = frozenset({Occasion.STEP, Occasion.ONE_MORE, Occasion.OVERDUE, Occasion.RESTART, Occasion.HAND_OVER})
_BROKEN = frozenset({FailureReason.BAD_CREDENTIALS, FailureReason.BAD_TARGET, FailureReason.NOT_CONFIGURED})


@dataclass(frozen=True, slots=True)
class ToSend:
    """One call to a vendor: a new message (with its delivery), or a post to bring up to date (without)."""

    context: Context
    mode: Mode
    channel: DestinationKind
    address: str
    card: Card
    revision: int
    delivery: Delivery | None = None
    post: Post | None = None
    thread_of: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call."""

    sent: ToSend
    result: Delivered | Failed


@dataclass(slots=True)
class _Claims:
    """What one transaction has claimed."""

    now: datetime
    running: Running
    incidents: dict[UUID, Incident] = field(default_factory=dict)
    posts: dict[tuple[UUID | None, str, str], Post] = field(default_factory=dict)
    to_send: list[ToSend] = field(default_factory=list)


def has_work(core: Core, overdue_by: timedelta) -> bool:
    """Whether something has waited for its sending for longer than that. Raises Unavailable."""
    due_before = core.clock.now() - overdue_by
    with core.database.reading() as connection:
        return deliveries.is_any(connection, due_before) or posts.is_any(connection, due_before)


def claim(core: Core, limit: int) -> list[ToSend]:
    """Claim up to so many calls: messages that show too little first, then deliveries. Raises Unavailable."""
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        if running is None:
            return []
        claims = _Claims(now, running)
        _claim_posts(core, connection, claims, limit)
        if len(claims.to_send) < limit:
            _claim_deliveries(core, connection, claims, limit - len(claims.to_send))
    return claims.to_send


def _claim_posts(core: Core, connection: Connection, claims: _Claims, limit: int) -> None:
    behind = posts.lock_behind(connection, claims.now, limit)
    if not behind:
        return
    posts.hold(connection, [one.id for one in behind], core.id, claims.now)
    about = incidents.read(connection, {one.incident_id for one in behind}, core.seal)
    said = messages.stories(connection, about, claims.running.policy)
    merged = messages.numbers_of(connection, [one.merged_into for one in about.values()])
    for post in behind:
        incident = about[post.incident_id]
        mode = core.mode_of(incident.source, claims.running.policy)
        if mode < post.mode:
            posts.not_shown(connection, post, post.claim + 1, claims.now + _OTHER_MODE_WAIT, "mode", give_up=False)
            continue
        view = messages.view_of(
            core,
            incident,
            core.policies.version(connection, incident.policy_version),
            claims.running,
            person=post.person,
            mode=post.mode,
            said=said.get(incident.id, ()),
            merged_into=merged.get(incident.merged_into) if incident.merged_into else None,
            now=claims.now,
        )
        claims.to_send.append(
            ToSend(
                context=Context(incident.id, incident.number, post.destination, post.person),
                mode=post.mode,
                channel=post.channel,
                address=post.address,
                card=messages.full(view),
                revision=incident.revision,
                post=replace(post, claim=post.claim + 1),
            )
        )


def _claim_deliveries(core: Core, connection: Connection, claims: _Claims, limit: int) -> None:
    found = deliveries.candidates(connection, claims.now, limit)
    if not found:
        return
    about = {incident_id for _id, incident_id in found if incident_id is not None}
    claims.incidents = incidents.lock(connection, about, core.seal)
    mine = deliveries.lock_claimable(connection, [one for one, _incident in found], claims.now)
    standing = posts.lock_of(connection, about, claims.now)
    claims.posts = {(one.incident_id, one.destination, one.address): one for one in standing}
    said = messages.stories(connection, about, claims.running.policy)
    troubles = detail_of(connection, [one.trouble_id for one in mine if one.trouble_id])
    claimed: list[UUID] = []
    for delivery in mine:
        if delivery.incident_id is None:
            claims.to_send.append(_alarm(delivery, troubles))
            claimed.append(delivery.id)
            continue
        incident = claims.incidents[delivery.incident_id]
        unwanted = why_unwanted(delivery, incident, claims.now)
        if unwanted is None and deliveries.has_later(connection, delivery):
            unwanted = "superseded"
        if unwanted is not None:
            _drop(connection, delivery, unwanted, claims.now)
        elif _claim_page(core, connection, claims, delivery, said.get(incident.id, ())):
            claimed.append(delivery.id)
    deliveries.claim(connection, claimed, core.id, claims.now)


def why_unwanted(delivery: Delivery, incident: Incident, now: datetime) -> str | None:
    """Return why a page need not be sent any more, or None while it is wanted."""
    if now >= delivery.expires_at:
        return FailureReason.EXPIRED
    if delivery.round != incident.round:
        return "superseded"
    if delivery.occasion in _CALLED_OFF and incident.state is not State.TRIGGERED:
        return incident.state.value
    if delivery.occasion is Occasion.REMIND and incident.due_kind is not DueKind.RESOLVE_WITHIN:
        return incident.state.value
    return None


def _drop(connection: Connection, delivery: Delivery, reason: str, now: datetime) -> None:
    deliveries.suppress(connection, [delivery.id], reason)
    entry = _entry(Action.DELIVERY_SUPPRESSED, delivery, reason)
    records.insert(connection, [(entry, None)], now)


def _entry(action: Action, delivery: Delivery, reason: str = "") -> Entry:
    after = {"destination": delivery.destination, "channel": delivery.channel.value, "mode": delivery.mode.value}
    if delivery.step >= 0:
        after |= {"round": str(delivery.round), "step": str(delivery.step + 1), "sending": str(delivery.sending)}
    return Entry(action, reason=reason, after=after, incident_id=delivery.incident_id)


def _alarm(delivery: Delivery, troubles: dict[UUID, tuple[str, str]]) -> ToSend:
    key, detail = troubles.get(delivery.trouble_id or UUID(int=0), ("", ""))
    return ToSend(
        context=Context(None, None, delivery.destination, delivery.person),
        mode=delivery.mode,
        channel=delivery.channel,
        address=delivery.address,
        card=alarm(f"Escalator needs attention: {key.partition(':')[0].replace('_', ' ')}", (detail,)),
        revision=0,
        delivery=delivery,
    )


def _claim_page(core: Core, connection: Connection, claims: _Claims, delivery: Delivery, said: messages.Story) -> bool:
    """Claim one page: the full message where none stands yet, else a reply in its thread.

    False, and the page waits, while another process is about to create the full message.
    """
    incident = claims.incidents[delivery.incident_id or UUID(int=0)]
    place = (delivery.incident_id, delivery.destination, delivery.address)
    post = claims.posts.get(place)
    if post is not None and post.ref is None and post.is_held:
        deliveries.put_off(connection, [delivery.id], claims.now + _BUSY_WAIT)
        return False
    is_full = post is None or post.ref is None
    if post is None:
        post = _new_post(delivery, incident)
        posts.insert(connection, [post], core.id, claims.now)
    elif is_full:
        posts.hold(connection, [post.id], core.id, claims.now)
        post = replace(post, claim=post.claim + 1)
    claims.posts[place] = replace(post, is_held=True)
    view = messages.view_of(
        core,
        incident,
        core.policies.version(connection, incident.policy_version),
        claims.running,
        person=delivery.person,
        mode=delivery.mode,
        occasion=delivery.occasion,
        said=said,
        now=claims.now,
    )
    claims.to_send.append(
        ToSend(
            context=Context(incident.id, incident.number, delivery.destination, delivery.person),
            mode=min(delivery.mode, core.mode_of(incident.source, claims.running.policy)),
            channel=delivery.channel,
            address=delivery.address,
            card=messages.full(view) if is_full else messages.in_thread(view),
            revision=incident.revision,
            delivery=delivery,
            post=post,
            thread_of=None if is_full else post.ref,
            received_at=incident.opened_at if delivery.round == 1 and delivery.step == 0 else None,
        )
    )
    return True


def _new_post(delivery: Delivery, incident: Incident) -> Post:
    return Post(
        id=uuid7(),
        incident_id=incident.id,
        destination=delivery.destination,
        address=delivery.address,
        slot=0,
        mode=delivery.mode,
        channel=delivery.channel,
        person=delivery.person,
        ref=None,
        want_rev=incident.revision,
        shown_rev=0,
        claim=1,
        attempts=0,
    )


def finish(core: Core, outcomes: Sequence[Outcome]) -> None:
    """Write what became of these calls, in one transaction, and do what follows from failures. Raises Unavailable."""
    now = core.clock.now()
    aftermath = Aftermath()
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        failures = [one for one in outcomes if isinstance(one.result, Failed) and one.sent.delivery is not None]
        about = {
            one.sent.delivery.incident_id for one in failures if one.sent.delivery and one.sent.delivery.incident_id
        }
        locked = incidents.lock(connection, about, core.seal)
        deliveries.finish(connection, [_row(one, now) for one in outcomes if one.sent.delivery is not None])
        for one in outcomes:
            _note_post(connection, one, now)
            if one.sent.delivery is not None:
                _note_delivery(core, connection, one, running, now)
        decisions = _failed_steps(core, connection, locked, failures, running, now)
        if decisions:
            aftermath = apply(core, connection, decisions, running, now)
        _heal(connection, outcomes, now)
    aftermath.tell(core)
    for one in outcomes:
        _measure(core, one, now)


def is_for_good(delivery: Delivery, failed: Failed, now: datetime) -> bool:
    """Whether a delivery that has just failed is not worth another try."""
    tries = delivery.attempts + 1
    if not failed.reason.is_retryable or (failed.reason is FailureReason.UNKNOWN and tries >= UNKNOWN_TRIES):
        return True
    return retry_at(tries, failed, now) >= delivery.expires_at


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
    if is_for_good(delivery, result, now):
        return row | {"state": DeliveryState.FAILED}
    return row | {"state": DeliveryState.PENDING, "next_at": retry_at(delivery.attempts + 1, result, now)}


def _note_post(connection: Connection, one: Outcome, now: datetime) -> None:
    post, result = one.sent.post, one.result
    if post is None or one.sent.thread_of is not None:
        return
    if isinstance(result, Delivered):
        if one.sent.delivery is None:
            posts.shown(connection, post, post.claim, one.sent.revision)
        else:
            posts.created(connection, post, post.claim, result.ref, one.sent.revision)
    elif one.sent.delivery is None:
        give_up = not result.reason.is_retryable or post.attempts >= POST_TRIES
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
    elif is_for_good(delivery, result, now):
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
        if one.sent.delivery
        and is_step(one.sent.delivery)
        and isinstance(one.result, Failed)
        and is_for_good(one.sent.delivery, one.result, now)
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
