"""Watched review queues of Stream: who asks next, what Stream answered last, what was announced, samples."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from escalator.engine.watched_queues import QueueAnnouncement, QueueFigures, QueueState
from escalator.store.pipeline import changed_rows
from escalator.store.tables import stream_queue_samples, stream_queues
from escalator.store.upserts import insert_or_leave

KEEP_SAMPLES = timedelta(weeks=5)


class QueueKey(NamedTuple):
    """A queue of the policy at one source."""

    source: str
    queue: str


@dataclass(frozen=True, slots=True)
class StoredQueue:
    """A queue's row: when it is to be asked next and by which filter, the newest figures, since when and why Stream
    has not answered.
    """

    key: QueueKey
    filter: str
    due_at: datetime
    figures: QueueFigures | None
    state: QueueState
    failing_since: datetime | None
    failure: str


def all_queues(connection: Connection) -> dict[QueueKey, StoredQueue]:
    """Return every row by its key."""
    return {queue.key: queue for queue in map(_stored, connection.execute(select(stream_queues)))}


def claim_due(connection: Connection, key: QueueKey, filter_text: str, now: datetime, every: timedelta) -> bool:
    """Whether this queue is to be asked now by this process; if so it is due again after `every`.

    With another filter it is another queue: its figures, samples and announcement are forgotten.
    """
    new = {"source": key.source, "queue": key.queue, "filter": filter_text, "due_at": now}
    connection.execute(insert_or_leave(connection.dialect.name, stream_queues), new)
    is_due = or_(stream_queues.c.due_at <= now, stream_queues.c.filter != filter_text)
    before = connection.execute(
        select(stream_queues.c.filter).where(_is(key), is_due).with_for_update()
    ).scalar_one_or_none()
    if before is None:
        return False
    if before != filter_text:
        forget(connection, [key])
        connection.execute(insert_or_leave(connection.dialect.name, stream_queues), new)
    connection.execute(update(stream_queues).where(_is(key)).values(due_at=now + every))
    return True


def lock(connection: Connection, key: QueueKey, filter_text: str) -> StoredQueue | None:
    """Return a queue's row, locked; None when it is gone, or asked by another filter now."""
    statement = select(stream_queues).where(_is(key), stream_queues.c.filter == filter_text)
    row = connection.execute(statement.with_for_update()).one_or_none()
    return _stored(row) if row else None


def save(connection: Connection, key: QueueKey, figures: QueueFigures, state: QueueState, next_at: datetime) -> None:
    """Write what Stream answered and what has been announced; the row is locked."""
    sent = state.sent
    connection.execute(
        update(stream_queues)
        .where(_is(key))
        .values(
            due_at=next_at,
            looked_at=figures.at,
            item_count=figures.items,
            has_more=figures.has_more,
            oldest_at=figures.oldest_at,
            failing_since=None,
            failure="",
            announced_at=sent.at if sent else None,
            announced_items=sent.items if sent else 0,
            announced_wait_s=int(sent.waited.total_seconds()) if sent else 0,
            calm_since=state.calm_since,
        )
    )


def save_failure(connection: Connection, key: QueueKey, since: datetime, failure: str, next_at: datetime) -> None:
    """Write that Stream did not answer; the figures and what was announced stay."""
    values = {"failing_since": since, "failure": failure[:64], "due_at": next_at}
    connection.execute(update(stream_queues).where(_is(key)).values(**values))


def add_sample(connection: Connection, key: QueueKey, hour: datetime, items: int) -> None:
    """Keep how many items there were in this hour, unless that is known; delete the samples that are too old."""
    row = {"source": key.source, "queue": key.queue, "hour": hour, "item_count": items}
    if changed_rows(connection, insert_or_leave(connection.dialect.name, stream_queue_samples), row):
        is_old = and_(_is_sample(key), stream_queue_samples.c.hour < hour - KEEP_SAMPLES)
        connection.execute(delete(stream_queue_samples).where(is_old))


def samples_at(connection: Connection, key: QueueKey, hours: Collection[datetime]) -> Mapping[datetime, int]:
    """Return the samples of these hours that there are."""
    statement = select(stream_queue_samples.c.hour, stream_queue_samples.c.item_count)
    rows = connection.execute(statement.where(_is_sample(key), stream_queue_samples.c.hour.in_(list(hours))))
    return {row.hour: row.item_count for row in rows}


def samples_between(connection: Connection, since: datetime, until: datetime) -> dict[QueueKey, list[int]]:
    """Return the samples of the hours in [since, until), by queue."""
    hour = stream_queue_samples.c.hour
    rows = connection.execute(select(stream_queue_samples).where(hour >= since, hour < until).order_by(hour))
    samples: dict[QueueKey, list[int]] = {}
    for row in rows:
        samples.setdefault(QueueKey(row.source, row.queue), []).append(row.item_count)
    return samples


def forget(connection: Connection, keys: Collection[QueueKey]) -> None:
    """Delete everything about these queues."""
    for key in keys:
        connection.execute(delete(stream_queue_samples).where(_is_sample(key)))
        connection.execute(delete(stream_queues).where(_is(key)))


def _is(key: QueueKey) -> Any:
    return and_(stream_queues.c.source == key.source, stream_queues.c.queue == key.queue)


def _is_sample(key: QueueKey) -> Any:
    return and_(stream_queue_samples.c.source == key.source, stream_queue_samples.c.queue == key.queue)


def _stored(row: Row[Any]) -> StoredQueue:
    figures = QueueFigures(row.looked_at, row.item_count, row.has_more, row.oldest_at) if row.looked_at else None
    sent = None
    if row.announced_at:
        sent = QueueAnnouncement(row.announced_at, row.announced_items, timedelta(seconds=row.announced_wait_s))
    return StoredQueue(
        key=QueueKey(row.source, row.queue),
        filter=row.filter,
        due_at=row.due_at,
        figures=figures,
        state=QueueState(sent, row.calm_since),
        failing_since=row.failing_since,
        failure=row.failure,
    )
