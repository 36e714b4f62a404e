"""Compares each source's review queue at Stream with what came by webhook, every minute, in one process of all.

What changed since the last run is read in the order of its updates, in Stream's time; how far is written down with each
page, so that a crash costs a page. Then Stream is asked for the items of open incidents that it has not shown for ten
minutes. Nothing is closed because an answer does not show it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from escalator.channels.stream.review_queue import GRAVEST_FIRST, MOST_ITEMS, UNREVIEWED
from escalator.engine.reconciliation import OPENED_BACK_TO, SETTLED_AFTER, next_watermark
from escalator.errors import Unavailable
from escalator.model.levels import Mode
from escalator.model.message import Failed
from escalator.model.policy import Policy, Source
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.stream.clients import client_of
from escalator.services.stream.open_items import check_open_items
from escalator.services.stream.queue_reader import OUT_OF_TIME, ChangedItems, QueueReader
from escalator.services.stream.recover_items import Recovery, recover
from escalator.services.stream.run_outcome import Reconciled, state_after
from escalator.services.stream.sync_alerts import alerts_of_others, update_alerts
from escalator.store import events, jobs, stream_sync
from escalator.store.stream_sync import SyncState, name_for
from escalator.stream.recovered import state_of

log = structlog.get_logger(__name__)

MOST_PAGES = 20
"""In one run; 2,000 items a minute."""
_GRAVEST_PAGES = 5
_STUCK_PAGES = 60
"""As many are read where all items so far were updated at the same instant: else a run would never get past them."""

_JOB = "reconcile:"
_LEASE = timedelta(minutes=2)
"""Longer than a run may take; if its process dies, another one begins then."""
_OUTAGE = timedelta(minutes=10)
_WAITING = timedelta(seconds=10)
"""While events wait for longer, what is in the queue may only wait here."""


def is_reconciled(core: Core, policy: Policy, source: Source) -> bool:
    """Whether a source's queue is read: not in the sandbox, which nothing leaves, nor when it is off."""
    is_on = bool(core.expand(source.api_key).strip()) and source.reconcile is not None
    return is_on and core.mode_of(source.name, policy) is not Mode.SANDBOX


def has_waiting_events(core: Core) -> bool:
    """Whether events have waited for some seconds, so that the queue shows what has come and was not processed yet."""
    now = core.clock.now()
    with core.database.reading() as connection:
        oldest = events.oldest_due_since(connection, now)
    return oldest is not None and now - oldest > _WAITING


def reconcile_due_sources(core: Core) -> None:
    """Reconcile each source that is due and that no other process has taken. Raises Unavailable."""
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        sources = [source for source in running.policy.sources.values() if is_reconciled(core, running.policy, source)]
        now = core.clock.now()
        due = [source for source in sources if jobs.is_due(connection, name_for(_JOB, source.name), now)]
        ended = alerts_of_others(core, connection, [source.name for source in sources])
    if ended:
        with core.database.writing() as connection:
            OperatorAlerts(connection, now).resolve(*ended)
    if not due or has_waiting_events(core):
        return
    for source in due:
        try:
            _reconcile_if_free(core, running.policy, source)
        except Unavailable:
            raise
        except Exception:  # an error in one source must not stop the others
            log.exception("reconcile_failed", source=source.name)


def _reconcile_if_free(core: Core, policy: Policy, source: Source) -> None:
    job, began_at = name_for(_JOB, source.name), core.clock.now()
    with core.database.writing() as connection:
        if not jobs.claim_due(connection, job, began_at, _LEASE):
            return
    result = reconcile(core, source)
    now = core.clock.now()
    wait = max(source.reconcile or timedelta(), (result.failure and result.failure.retry_after) or timedelta())
    with core.database.writing() as connection:
        state = state_after(core, source.name, result, stream_sync.get_state(connection, source.name), now)
        stream_sync.update_state(connection, source.name, now, **state)
        update_alerts(
            core, connection, policy, source.name, stream_sync.get_state(connection, source.name), result.skipped
        )
        jobs.set_due(connection, job, max(began_at + wait, now) if result.failure is None else now + wait)


def reconcile(core: Core, source: Source, *, back_to: timedelta | None = None, is_dry: bool = False) -> Reconciled:
    """Read a source's queue once, and process what no webhook has shown. Raises Unavailable.

    With `back_to` it reads what changed within that time, whatever was read before, and the next run is not affected.
    A dry run writes nothing. No transaction is open during a call.
    """
    reader = QueueReader(client_of(core, source), core.clock)
    with core.database.reading() as connection:
        state = stream_sync.get_state(connection, source.name)
    result = Reconciled()
    if state.connected_at is None or state.watermark is None or back_to is not None:
        started = _start(core, source.name, reader, state, back_to, is_dry=is_dry)
        if isinstance(started, Failed):
            result.failure = started
            return result
        state = started
    recovery = Recovery(core, source.name, _known(state.connected_at), is_dry)
    run = _Run(recovery, reader, result, state, moves=back_to is None and not is_dry)
    run.read_changes()
    if result.failure is None and not result.is_cut:
        run.check_open()
    return result


def _known(instant: datetime | None) -> datetime:
    if instant is None:
        raise ValueError("the queue was never read")
    return instant


def _start(  # noqa: PLR0913  # what a first run depends on
    core: Core, source: str, reader: QueueReader, state: SyncState, back_to: timedelta | None, *, is_dry: bool
) -> SyncState | Failed:
    """Ask Stream for its time, and write down the first contact. Reading starts a day before, or `back_to` before."""
    page = reader.read(UNREVIEWED, limit=1)
    if isinstance(page, Failed):
        return page
    at, now = _known(page.at), core.clock.now()
    since = at - (back_to or OPENED_BACK_TO)
    if is_dry:
        return SyncState(connected_at=state.connected_at or at, watermark=since)
    with core.database.writing() as connection:
        stream_sync.record_connected(connection, source, at, now)
        if state.watermark is None:
            stream_sync.update_state(connection, source, now, watermark=at - OPENED_BACK_TO)
        state = stream_sync.get_state(connection, source)
    return state if back_to is None else SyncState(connected_at=state.connected_at, watermark=since)


@dataclass(slots=True)
class _Run:
    """One run; `moves`: the next one goes on from where it ends."""

    recovery: Recovery
    reader: QueueReader
    result: Reconciled
    state: SyncState
    moves: bool

    def read_changes(self) -> None:
        """Read what has changed; after an outage, when there may be much to read, what is gravest first."""
        since = _known(self.state.watermark)
        for gravest in GRAVEST_FIRST if self._is_after_outage() else ():
            self._read(
                ChangedItems(self.reader, since, gravest, self.state.page_limit or MOST_ITEMS),
                _GRAVEST_PAGES,
                moves=False,
            )
            if self.result.failure is not None:
                return
        changes = ChangedItems(self.reader, since, limit=self.state.page_limit or MOST_ITEMS)
        self._read(changes, MOST_PAGES, moves=self.moves)
        self.result.skipped, self.result.skipped_until = changes.skipped, changes.skipped_until
        self.result.is_cut = not changes.is_complete

    def check_open(self) -> None:
        """Ask for the items of open incidents."""
        checked = check_open_items(self.recovery, self.reader)
        if not isinstance(checked, Failed):
            self.result.add(checked)
        elif checked is not OUT_OF_TIME:
            self.result.failure = checked

    def _is_after_outage(self) -> bool:
        ran_at = self.state.ran_at
        return self.moves and (ran_at is None or self.recovery.core.clock.now() - ran_at > _OUTAGE)

    def _read(self, changes: ChangedItems, most_pages: int, *, moves: bool) -> None:
        """Process pages until the last one, the first item that is not settled, or the limit."""
        began_with, pages = changes.since, 0
        while not changes.is_complete:
            is_stuck = changes.newest is not None and changes.newest <= began_with
            if pages >= (_STUCK_PAGES if is_stuck else most_pages):
                return
            page = changes.next_page()
            if isinstance(page, Failed):
                self.result.failure = None if page is OUT_OF_TIME else page
                return
            pages += 1
            updates = [state.updated_at for state in map(state_of, page.items) if state is not None]
            settled = [updated_at for updated_at in updates if updated_at <= page.at - SETTLED_AFTER]
            changes.is_complete |= len(settled) < len(updates)
            mark = self._mark(changes, max(settled, default=None)) if moves else None
            self.result.add(recover(self.recovery, page.items, page.at, mark).findings)

    def _mark(self, changes: ChangedItems, newest_settled: datetime | None) -> datetime | None:
        """Return from when on to read after this page, if the next run began now; None where that changes nothing."""
        mark = newest_settled
        if changes.is_complete and changes.newest is not None:
            mark = next_watermark(changes.newest, changes.skipped_until or self.state.skipped_until)
        return None if mark == self.state.watermark else mark
