"""Asks Stream, some seconds before a deadline fires, whether the item has been reviewed meanwhile.

What is new is processed at once like a webhook, and so may end the deadline. Nothing waits for it: the deadline fires
on time whatever Stream answers, and no lock or transaction is held during the call.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from escalator.channels.deadline_socket import Limits
from escalator.channels.stream.review_queue import MOST_ITEMS, Page, read_page, with_ids
from escalator.engine.reconciliation import RECOVERED
from escalator.errors import Unavailable
from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.message import Failed
from escalator.model.policy import Source
from escalator.services.core.context import Core
from escalator.services.intake.process import process_event
from escalator.services.stream.clients import client_of
from escalator.services.stream.reconcile import has_waiting_events, is_reconciled
from escalator.services.stream.recover_items import Recovery, recover
from escalator.store import audit_log, jobs, key_values, stream_items, stream_sync
from escalator.store.near_deadlines import NearDeadline, near_deadlines
from escalator.store.stream_sync import name_for
from escalator.stream.recovered import state_of

log = structlog.get_logger(__name__)

WITHIN = timedelta(seconds=5)
"""How long before a deadline it is asked about: the sweep looks every 2 s, and the call takes 2 s at most."""
SHOWN_WITHIN = timedelta(seconds=10)
"""An item that Stream has shown within this time is not asked about."""
PAUSE = timedelta(seconds=30)
"""After a failure nothing is asked for so long, so that a Stream that hangs costs little."""
QUICK = Limits(socket_s=1.5, total_s=2.0, answer_bytes=8 * 1024 * 1024)

_JOB, _PAUSED = "ask_ahead:", "ask_ahead_paused:"
_LEASE = timedelta(seconds=4)


def ask_ahead(core: Core) -> None:
    """Ask about what is due within seconds, each source in one process of all. Raises Unavailable."""
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        known = running.policy.sources.values()
        sources = {source.name: source for source in known if is_reconciled(core, running.policy, source)}
        near = near_deadlines(connection, core.clock.now(), WITHIN, SHOWN_WITHIN, list(sources))
    for name in dict.fromkeys(deadline.source for deadline in near):
        try:
            _ask_source(core, sources[name])
        except Unavailable:
            raise
        except Exception:  # an error in one source must not stop the others
            log.exception("ask_ahead_failed", source=name)


def _ask_source(core: Core, source: Source) -> None:
    job, now = name_for(_JOB, source.name), core.clock.now()
    with core.database.writing() as connection:
        if not jobs.claim_due(connection, job, now, _LEASE):
            return
        near = near_deadlines(connection, now, WITHIN, SHOWN_WITHIN, [source.name])[:MOST_ITEMS]
        paused = key_values.get(connection, name_for(_PAUSED, source.name))
        connected_at = stream_sync.get_state(connection, source.name).connected_at
    answers: Mapping[UUID, str]
    if paused is not None and now < datetime.fromisoformat(paused):
        answers = {deadline.incident_id: "paused" for deadline in near}
    else:
        answers = _ask(core, source, near, connected_at) if near else {}
    with core.database.writing() as connection:
        entries = [
            AuditEntry(AuditAction.STREAM_ASKED, via="stream", reason=answer, incident_id=incident_id)
            for incident_id, answer in answers.items()
        ]
        audit_log.insert(connection, [(entry, None) for entry in entries], core.clock.now())
        jobs.set_due(connection, job, core.clock.now())


def _ask(core: Core, source: Source, near: Sequence[NearDeadline], connected_at: datetime | None) -> Mapping[UUID, str]:
    """Ask about these items, process what is new, and return the answer for each incident in one word."""
    item_ids = list(dict.fromkeys(deadline.item_id for deadline in near))
    page = read_page(client_of(core, source, QUICK), with_ids(item_ids))
    now = core.clock.now()
    if isinstance(page, Failed):
        log.warning("stream_not_asked", source=source.name, reason=page.reason.value, detail=page.detail)
        until = now + max(PAUSE, page.retry_after or PAUSE)
        with core.database.writing() as connection:
            key_values.save(connection, name_for(_PAUSED, source.name), until.isoformat(), now)
        return {deadline.incident_id: page.reason.value for deadline in near}
    return _answers(near, _process(core, source.name, page, connected_at))


def _process(core: Core, source: str, page: Page, connected_at: datetime | None) -> Mapping[str, bool]:
    """Process what is new; return for each item that Stream shows whether anything was.

    What changed a moment ago counts too, although its webhook may still come: that one will change nothing.
    """
    at = page.at or core.clock.now()
    is_behind = has_waiting_events(core)
    recovery = Recovery(core, source, connected_at or at, settled_after=timedelta(0), may_be_lost=not is_behind)
    recovered = recover(recovery, page.items, at)
    shown = [state.item_id for state in map(state_of, page.items) if state is not None]
    with core.database.writing() as connection:
        stream_items.record_confirmed(connection, source, shown, core.clock.now())
    for event_id in recovered.event_ids.values():
        try:
            process_event(core, event_id)
        except Unavailable:
            raise
        except Exception:  # the workers try again, and park it in the end
            log.exception("recovered_event_failed", source=source, id=str(event_id))
    return {item_id: recovered.findings[item_id] in RECOVERED for item_id in shown}


def _answers(near: Iterable[NearDeadline], is_new: Mapping[str, bool]) -> Mapping[UUID, str]:
    """Return one word for each incident; of several items the most telling one counts."""
    answers: dict[UUID, str] = {}
    for deadline in near:
        if deadline.item_id not in is_new:
            word = "not_shown"
        elif is_new[deadline.item_id]:
            word = "changed"
        else:
            word = "reviewed" if deadline.is_reviewed else "unreviewed"
        known = answers.get(deadline.incident_id, word)
        answers[deadline.incident_id] = min(word, known, key=_TELLING.index)
    return answers


_TELLING = ("changed", "unreviewed", "reviewed", "not_shown")
