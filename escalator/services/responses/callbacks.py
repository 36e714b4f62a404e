"""Vendor callbacks: stored before the answer; the workers apply each in its own transaction."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from uuid6 import uuid7

from escalator.channels.registry import VENDORS
from escalator.channels.vendor import Callbacks
from escalator.clock import Stopwatch
from escalator.errors import InvalidEvent, Unavailable
from escalator.metrics import CALLBACKS
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Failed
from escalator.model.vendor_event import VendorEvent
from escalator.ports import PROCESS_CALLBACKS
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.responses.apply_callback import apply_callback
from escalator.store import posted_message_refs, vendor_callbacks
from escalator.store.vendor_callbacks import VendorCallback

log = structlog.get_logger(__name__)

BATCH = 20
TRIES = 5
MOST_S = 8.0
GIVE_UP_AFTER = timedelta(hours=2)
_LEAST_WAIT, _MOST_WAIT = timedelta(seconds=1), timedelta(minutes=1)
_MOST_ID_CHARS = 128

CALLBACKS_OF: Mapping[DestinationKind, Callbacks] = {
    kind: vendor.callbacks for kind, vendor in VENDORS.items() if vendor.callbacks is not None
}
"""The vendors that send callbacks."""


def store_callback(core: Core, vendor: DestinationKind, event_id: str, body: bytes, *, is_sandbox: bool) -> None:
    """Store a vendor callback, once for each event, and notify the workers. Raises Unavailable."""
    event = _parsed(vendor, body)
    subject = (event.vendor_incident_id or next(iter(event.refs), "")) if event else ""
    new = VendorCallback(
        id=uuid7(),
        vendor=vendor,
        event_id=event_id[:_MOST_ID_CHARS],
        subject=subject[:_MOST_ID_CHARS],
        is_sandbox=is_sandbox,
        received_at=core.clock.now(),
        sealed_body=core.seal.seal(body),
    )
    with core.database.one_statement() as connection:
        is_new = vendor_callbacks.insert(connection, new)
    core.metrics.count(CALLBACKS, vendor=vendor.value, outcome="stored" if is_new else "duplicate")
    if is_new:
        core.queue.publish(PROCESS_CALLBACKS)


def _parsed(vendor: DestinationKind, body: bytes) -> VendorEvent | None:
    try:
        return CALLBACKS_OF[vendor].parse(body)
    except InvalidEvent:
        return None


def process_callbacks(core: Core) -> None:
    """Apply a batch of due vendor callbacks; queue the rest. Raises Unavailable.

    Those that need no query come first: queries may take long, and a vendor that does not answer is asked once in a
    batch.
    """
    watch = Stopwatch()
    with core.database.reading() as connection:
        waiting = vendor_callbacks.due(connection, core.clock.now(), BATCH)
    unknown = [callback for callback in waiting if not _safely(core, callback, _do_known)]
    for callback in unknown:
        if watch.seconds() >= MOST_S or not _safely(core, callback, _ask_and_do):
            break
    if len(waiting) == BATCH:
        core.queue.publish(PROCESS_CALLBACKS)


def _safely(core: Core, callback: VendorCallback, do: Callable[[Core, VendorCallback], bool]) -> bool:
    """Process one and return the result; its errors must not make the others wait."""
    try:
        return do(core, callback)
    except Unavailable:
        raise
    except Exception as error:
        log.exception("callback_failed", vendor=callback.vendor.value, id=str(callback.id))
        _try_later(core, callback, type(error).__name__, is_fault=True, is_last=callback.attempts + 1 >= TRIES)
        return True


def _do_known(core: Core, callback: VendorCallback) -> bool:
    """Apply what needs no query; else return False."""
    event = _parsed(callback.vendor, core.seal.open(callback.sealed_body or b""))
    if event is None:
        with core.database.writing() as connection:
            vendor_callbacks.mark_done(connection, callback.id, "is not supported")
        return True
    with core.database.reading() as connection:
        is_known = bool(posted_message_refs.find(connection, event.vendor, event.refs, event.vendor_incident_id))
    if not callback.is_sandbox and CALLBACKS_OF[callback.vendor].has_question(core.settings, event, is_known):
        return False
    apply_callback(core, callback, event)
    return True


def _ask_and_do(core: Core, callback: VendorCallback) -> bool:
    """Query its meaning, outside of any transaction, and apply it; False without an answer."""
    event = CALLBACKS_OF[callback.vendor].ask(core.vendors, core.seal.open(callback.sealed_body or b""))
    if isinstance(event, Failed):
        is_last = core.clock.now() - callback.received_at >= GIVE_UP_AFTER
        _try_later(core, callback, event.reason.value, is_fault=False, is_last=is_last)
        return False
    if event is not None:
        apply_callback(core, callback, event)
    return True


def _try_later(core: Core, callback: VendorCallback, reason: str, *, is_fault: bool, is_last: bool) -> None:
    """Delay it for as long as it has waited, a minute at most; park and report it after the last try."""
    now = core.clock.now()
    with core.database.writing() as connection:
        if not is_last:
            wait = min(max(now - callback.received_at, _LEAST_WAIT), _MOST_WAIT)
            vendor_callbacks.postpone(connection, callback.id, now + wait, reason, is_fault=is_fault)
            return
        vendor_callbacks.park(connection, callback.id, reason)
        running = core.policies.running(connection)
        if running is not None:
            vendor = callback.vendor.value
            detail = f"a webhook from {vendor} could not be processed ({reason}); it is parked as {callback.id}"
            OperatorAlerts(connection, now).raise_alert(
                f"callback:{callback.vendor.value}", detail, running.policy, core.settings
            )
    core.metrics.count(CALLBACKS, vendor=callback.vendor.value, outcome="parked")
