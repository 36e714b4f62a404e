"""Builds a digest for one reader when it is sent: what they may see, and nothing of what they may not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from escalator.engine.digests import DigestPeriod, counted_by, zone_of
from escalator.engine.watched_queues import QueueFigures, is_open_to_all, may_view_queue
from escalator.model.bulletin import Bulletin
from escalator.model.levels import Mode
from escalator.model.message import Card
from escalator.model.policy import Person, Policy
from escalator.rendering.digests import DigestCount, DigestView, digest_card
from escalator.rendering.push_text import words
from escalator.rendering.watched_queues import queue_name, waiting_words
from escalator.services.auth.viewer import Viewer, audience_of, open_audience
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.stream.queue_figures import is_old
from escalator.services.stream.watch_queues import queues_at_sources
from escalator.store import digests, stream_queues
from escalator.store.deliveries import Delivery
from escalator.store.digests import IncidentCount


@dataclass(frozen=True, slots=True)
class _KnownQueue:
    name: str
    figures: QueueFigures


def digest_card_for(context: TransactionContext, bulletin: Bulletin, to: Delivery) -> Card | None:
    """Return a digest for this reader now; None for one who, or that, has left the policy, and for one without
    anything to report that is not wanted then.

    Who reads a channel or a mailbox is not known, so nothing restricted is counted there.
    """
    body, policy = bulletin.body, context.policy
    digest = next((digest for digest in policy.digests if digest.name == body["digest"]), None)
    reader = policy.people.get(to.person) if to.person is not None else None
    if digest is None or (to.person is not None and reader is None):
        return None
    period = DigestPeriod(
        since=datetime.fromisoformat(str(body["since"])),
        until=datetime.fromisoformat(str(body["until"])),
        has_missed=bool(body["has_missed"]),
    )
    connection, counted, mode = context.connection, counted_by(digest.when), context.core.settings.mode
    audience = audience_of(connection, Viewer(reader), policy) if reader else open_audience(connection, policy)
    logged = digests.count_logged(connection, audience, counted, mode, period.since, period.until)
    queues = _queues(connection, reader, policy, mode)
    view = DigestView(
        name=digest.name,
        period=period,
        zone=zone_of(digest, policy.timezone),
        policy=policy,
        base_url=context.core.settings.base_url,
        logged=_counts(logged),
        still_open=_counts(digests.count_open(connection, audience, counted, mode)),
        queues=[_queue_words(queue, context.now) for queue in queues],
        has_waiting=any(queue.figures.items for queue in queues),
        has_unknown=any(is_old(queue.figures, context.now) for queue in queues),
    )
    return None if view.is_empty and not digest.is_sent_empty else digest_card(view)


def _counts(counts: Sequence[IncidentCount]) -> Sequence[DigestCount]:
    return [DigestCount(count.category, count.severity, count.count, count.unacknowledged) for count in counts]


def _queues(connection: Connection, reader: Person | None, policy: Policy, mode: Mode) -> list[_KnownQueue]:
    """Return the watched queues of which something is known and that this reader may read about."""
    if mode is Mode.SANDBOX or not policy.queues:
        return []
    known = stream_queues.all_queues(connection)
    rows = ((watch, known.get(watch.key)) for watch in queues_at_sources(policy))
    return [
        _KnownQueue(queue_name(watch.queue.name, watch.source.name, policy), row.figures)
        for watch, row in rows
        if row is not None
        and row.figures is not None
        and (may_view_queue(reader.key, watch.queue, policy) if reader else is_open_to_all(watch.queue, policy))
    ]


def _queue_words(queue: _KnownQueue, now: datetime) -> str:
    figures = queue.figures
    old = f" ({words(now - figures.at)} ago: Stream has not answered since)" if is_old(figures, now) else ""
    return f"{queue.name}: {waiting_words(figures)}{old}"
