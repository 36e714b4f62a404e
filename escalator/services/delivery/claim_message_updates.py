"""Claims posted messages that do not show the present state."""

from collections.abc import Set
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from escalator.errors import ContentLocked
from escalator.model.incident import Incident
from escalator.services.core.context import Core
from escalator.services.delivery import thread_notes
from escalator.services.delivery.claim_transaction import ClaimContext, ClaimedCalls
from escalator.services.notifications import compose
from escalator.services.outbound.bulkheads import UPDATE, Lane, ShareKind, lane_of
from escalator.services.outbound.call import OutboundCall
from escalator.services.outbound.circuit_breaker import BreakerDecision, CircuitBreakers
from escalator.store import delivery_outcomes, endpoint_health, incidents, posted_message_updates
from escalator.store.posted_messages import PostedMessage

log = structlog.get_logger(__name__)

UNREADABLE_WAIT = timedelta(minutes=1)
_OTHER_MODE_WAIT = timedelta(seconds=30)
_Held = tuple[PostedMessage, Lane, bool]
"""A posted message to update, the lane of its call, and whether it is a probe."""


def claim_message_updates(claim: ClaimContext) -> ClaimedCalls:
    """Claim up to so many posted messages, and return the calls to update them."""
    held = _hold(claim)
    if not held:
        return ClaimedCalls()
    connection, core = claim.connection, claim.core
    behind = [post for post, _lane, _is_probe in held]
    about = read_incidents(connection, {stale.incident_id for stale in behind}, core)
    story = compose.story_records(connection, about)
    superseded = posted_message_updates.superseded(connection, behind)
    others = compose.related_incidents(connection, about.values())
    note_texts = thread_notes.note_texts(connection, behind)
    to_send = []
    for post, lane, is_probe in held:
        incident = about.get(post.incident_id)
        if incident is None or not _is_of_this_mode(claim, post, incident):
            _leave(claim, post, incident)
            continue
        mine = replace(post, claim_number=post.claim_number + 1)
        if post.wanted_revision > incident.revision:
            # An update was requested again: the vendor shows something else.
            posted_message_updates.lower_wanted_revision(connection, post, incident.revision)
            mine = replace(mine, shown_fingerprint=None)
        view = compose.build_view(
            core,
            incident,
            core.policies.version(connection, incident.policy_version),
            claim.running,
            post,
            said=story.get(incident.id, ()),
            others=others[incident.id],
            is_superseded=post.id in superseded,
            now=claim.now,
        )
        note = compose.build_notification(core, view, post, key=post.id, post=post)
        if post.id in note_texts:
            note = thread_notes.as_note_update(core, note, view, note_texts[post.id])
        call = OutboundCall(note, post.mode, post.channel, incident.revision, post=mine, lane=lane, is_probe=is_probe)
        to_send.append(call)
    probing = {lane.endpoint for _post, lane, is_probe in held if is_probe}
    endpoint_health.cancel_probes(connection, probing - {note.lane.endpoint for note in to_send if note.is_probe})
    return ClaimedCalls(tuple(to_send), len(held) == claim.limit)


def _hold(claim: ClaimContext) -> list[_Held]:
    """Lock posted messages whose calls have room; leave the others out of the next query, so none is hidden."""
    connection, now = claim.connection, claim.now
    full = claim.threads.rehearsal(claim.limit).full()
    if (ShareKind.KIND, UPDATE) in full:
        return []
    without = {name for of, name in full if of is ShareKind.ENDPOINT}
    breakers, seen = CircuitBreakers(connection, now), set[UUID]()
    held: list[_Held] = []
    while len(held) < claim.limit:
        posts = posted_message_updates.lock_outdated(connection, now, claim.limit, claim.heartbeat_timeout, without)
        new = [post for post in posts if post.id not in seen]
        for post in new[: claim.limit - len(held)]:
            lane = lane_of(post, claim.core.expand(post.address), UPDATE)
            decision = breakers.decide(lane)
            if decision is BreakerDecision.WAIT or not claim.taking.take(lane):
                without.add(post.endpoint)
                continue
            is_probe = decision is BreakerDecision.PROBE
            if is_probe:
                breakers.plan(lane)
            held.append((post, lane, is_probe))
        seen |= {post.id for post in new}
        if len(posts) < claim.limit or not new:
            break
    begun = breakers.begin(lane for _post, lane, is_probe in held if is_probe)
    held = [held_post for held_post in held if not held_post[2] or held_post[1].endpoint in begun]
    posted_message_updates.claim(connection, [post.id for post, _lane, _is_probe in held], claim.core.id, now)
    return held


def _is_of_this_mode(claim: ClaimContext, post: PostedMessage, incident: Incident) -> bool:
    return claim.core.mode_of(incident.source, claim.running.policy) >= post.mode


def _leave(claim: ClaimContext, post: PostedMessage, incident: Incident | None) -> None:
    """Delay a message that cannot be shown."""
    wait, why = (UNREADABLE_WAIT, "unreadable") if incident is None else (_OTHER_MODE_WAIT, "mode")
    mine = replace(post, claim_number=post.claim_number + 1)
    delivery_outcomes.record_update_failure(claim.connection, mine, claim.core.id, claim.now + wait, why)


def read_incidents(connection: Connection, ids: Set[UUID], core: Core) -> dict[UUID, Incident]:
    """Return these incidents; leave out any that cannot be decrypted or read, so that it blocks no other."""
    try:
        return incidents.read(connection, ids, core.seal)
    except (ContentLocked, ValueError, KeyError):
        readable = incidents.readable(connection, ids, core.seal)
        for incident_id in ids - set(readable):
            log.exception("incident_unreadable", incident_id=str(incident_id))
        return readable
