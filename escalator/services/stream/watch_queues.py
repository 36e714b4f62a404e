"""Watches Stream's review queues: asks how much waits there, keeps samples, and announces what is too much.

Each queue of the policy at each source has a row that says when it is asked next; whoever claims that asks. No
transaction is open meanwhile. If the process dies then, the queue is asked again a minute later; what has been
announced is written in the transaction of the message, so a restart repeats nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from escalator.channels.stream.queue_count import QueueCount, count_items
from escalator.engine.watched_queues import QueueFigures, hour_of, hours_to_compare, next_state, usual_items
from escalator.model.levels import Mode
from escalator.model.message import Failed
from escalator.model.policy import Policy, Source, WatchedQueue
from escalator.policy.schema_bulletins import MOST_COUNTED
from escalator.schedules.hours import is_open
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.stream.announce_queues import announce_queue
from escalator.services.stream.clients import client_of
from escalator.store import stream_queues
from escalator.store.stream_queues import QueueKey, StoredQueue
from escalator.stream.review_queue_filters import SOURCE, review_queue_filter

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
"""How often a queue is asked: one call. If that took more calls, so many minutes later."""
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class QueueAtSource:
    """A queue of the policy at one of the sources it is about."""

    queue: WatchedQueue
    source: Source

    @property
    def key(self) -> QueueKey:
        """Return the key of its row."""
        return QueueKey(self.source.name, self.queue.name)


def queues_at_sources(policy: Policy) -> Iterator[QueueAtSource]:
    """Yield every queue at every source that its `when` does not exclude."""
    for queue in policy.queues:
        named = queue.when.tests.get(SOURCE)
        for source in policy.sources.values():
            if named is None or "*" in named or source.name in named:
                yield QueueAtSource(queue, source)


def is_asked(core: Core, source: Source, policy: Policy) -> bool:
    """Whether a source's queues are asked: not in the sandbox, from which no call leaves, nor while it is off."""
    return bool(core.expand(source.api_key)) and core.mode_of(source.name, policy) is not Mode.SANDBOX


def watch_queues(core: Core) -> None:
    """Ask for every queue that is due and that no other process has claimed. Raises Unavailable."""
    if core.settings.mode is Mode.SANDBOX:
        return
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        known = stream_queues.all_queues(connection)
    policy = running.policy
    watched = {watch.key: watch for watch in queues_at_sources(policy)}
    _forget(core, known.keys() - watched.keys())
    for key, watch in watched.items():
        row, filter_text = known.get(key), _filter_text(watch, policy)
        is_waiting = row is not None and row.due_at > now and row.filter == filter_text
        if not is_waiting and is_asked(core, watch.source, policy):
            _ask(core, watch, policy, filter_text)


def _forget(core: Core, keys: Iterable[QueueKey]) -> None:
    removed = list(keys)
    if removed:
        with core.database.writing() as connection:
            stream_queues.forget(connection, removed)


def _filter_text(watch: QueueAtSource, policy: Policy) -> str:
    return json.dumps(review_queue_filter(watch.queue.when, policy.severity), sort_keys=True)


def _ask(core: Core, watch: QueueAtSource, policy: Policy, filter_text: str) -> None:
    with core.database.writing() as connection:
        if not stream_queues.claim_due(connection, watch.key, filter_text, core.clock.now(), EVERY):
            return
    filter_by = review_queue_filter(watch.queue.when, policy.severity)
    count = count_items(client_of(core, watch.source), filter_by, MOST_COUNTED)
    with unit_of_work(core) as work:
        row = stream_queues.lock(work.connection, watch.key, filter_text)
        running = core.policies.running(work.connection)
        if row is None or running is None:
            return
        if isinstance(count, Failed):
            _note_failure(core, work.connection, row, count)
        else:
            work.has_deliveries = _note_count(core, work.connection, row, count, running)


def _note_failure(core: Core, connection: Connection, row: StoredQueue, failed: Failed) -> None:
    """Write that nothing is known now; nobody is notified of a queue that was not seen."""
    now = core.clock.now()
    pause = min(max(failed.retry_after or EVERY, EVERY), _LONGEST_PAUSE)
    stream_queues.save_failure(connection, row.key, row.failing_since or now, failed.reason.value, now + pause)
    if row.failing_since is None:
        source, queue = row.key
        log.warning("stream_queue_not_read", source=source, queue=queue, reason=failed.reason.value)


def _note_count(
    core: Core, connection: Connection, row: StoredQueue, count: QueueCount, running: RunningPolicy
) -> bool:
    """Write the figures, a sample, and what there is to announce; return whether anybody is notified."""
    now, policy = core.clock.now(), running.policy
    watch = next((watch for watch in queues_at_sources(policy) if watch.key == row.key), None)
    if watch is None:
        return False
    oldest_at = now - count.waited if count.waited is not None else None
    figures = QueueFigures(now, count.items, count.has_more, oldest_at)
    stream_queues.add_sample(connection, row.key, hour_of(now), count.items)
    usual = usual_items(stream_queues.samples_at(connection, row.key, hours_to_compare(now)), now)
    hours = policy.hours.get(watch.queue.hours or "")
    is_in_hours = hours is None or is_open(hours, now)
    state, news = next_state(watch.queue, row.state, figures, usual, is_in_hours=is_in_hours)
    notified = False
    if news is not None:
        notified = announce_queue(core, connection, running, watch.queue, watch.source, news, figures, usual)
        # While nobody can be notified, it counts as not announced: somebody may come on call.
        state = state if notified or not state.sent else row.state
    stream_queues.save(connection, row.key, figures, state, now + count.calls * EVERY)
    return notified
