"""Operator alerts about Stream's queue: webhooks are lost, it cannot be read, an item in it is too large."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.store import source_activity, stream_items
from escalator.store.stream_sync import SyncState

LOST = "webhooks_lost:"
UNREAD = "stream_unread:"
TOO_LARGE = "stream_item_too_large:"
"""Prefixes of keys; the source follows."""

LOST_WITHIN = timedelta(hours=1)
_UNREAD_FOR = timedelta(minutes=10)


def update_alerts(  # noqa: PLR0913  # what a run has changed
    core: Core, connection: Connection, policy: Policy, source: str, state: SyncState, skipped: int
) -> None:
    """Raise what has become true, and resolve what is over, in the caller's transaction."""
    now = core.clock.now()
    alerts = OperatorAlerts(connection, now)
    lost = stream_items.count_lost(connection, source, now - LOST_WITHIN)
    if lost:
        if not alerts.is_open(LOST + source):
            alerts.raise_alert(LOST + source, _lost_words(connection, source, lost, now), policy, core.settings)
    else:
        alerts.resolve(LOST + source)
    if state.failing_since is None:
        alerts.resolve(UNREAD + source)
    elif now - state.failing_since >= _UNREAD_FOR:
        detail = (
            f"the review queue of {source} could not be read for {words(now - state.failing_since)} ({state.failure}), "
            "so lost webhooks are not noticed; `escalator stream status` says more"
        )
        alerts.raise_alert(UNREAD + source, detail, policy, core.settings)
    if skipped:
        detail = (
            f"an item in the review queue of {source} is larger than 8 MiB and was left out ({state.skipped} so far); "
            "look at the newest items in Stream's dashboard"
        )
        alerts.raise_alert(TOO_LARGE + source, detail, policy, core.settings)
    elif state.skipped_until is None or (state.watermark is not None and state.watermark > state.skipped_until):
        alerts.resolve(TOO_LARGE + source)


def _lost_words(connection: Connection, source: str, lost: int, now: datetime) -> str:
    came = source_activity.count_events(connection, source, now - LOST_WITHIN)
    return (
        f"webhooks of {source} are being lost: {lost} of {lost + came} in the last hour were found only in "
        "Stream's queue, up to two minutes late; check the webhook's log in Stream's dashboard, and proxies on the way"
    )


def alerts_of_others(core: Core, connection: Connection, sources: Collection[str]) -> list[str]:
    """Return the keys of open alerts about sources whose queue is not read any more."""
    kept = {prefix + source for prefix in (LOST, UNREAD, TOO_LARGE) for source in sources}
    opened = (key for key, _detail in OperatorAlerts(connection, core.clock.now()).list_open())
    return [key for key in opened if key.startswith((LOST, UNREAD, TOO_LARGE)) and key not in kept]
