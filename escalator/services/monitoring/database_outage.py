"""Alerts during a database outage: nothing can be stored, so they go straight to the vendors without a row."""

from datetime import datetime, timedelta

import structlog

from escalator.engine.roster import Roster
from escalator.engine.targets import last_resort_targets, resolve_targets
from escalator.model.levels import Mode
from escalator.model.message import Failed
from escalator.rendering.card import alarm
from escalator.services.core.background import BackgroundJob
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import alert_delivery, operator_alert_mode
from escalator.services.delivery.sender import send_call
from escalator.services.notifications import compose
from escalator.services.outbound.call import OutboundCall

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=60)
_TITLE = "Escalator needs attention: its database cannot be reached"
_DETAIL = (
    "no alert is accepted, sent or escalated until it can; each process sends this notice once and cannot record it"
)


class OutageWatch:
    """Measures how long one process has not reached the database; alerts once when that is too long."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._since: datetime | None = None
        self._is_alerted = False
        self._alerter = BackgroundJob(core, "outage", send_outage_alert)

    def over(self) -> None:
        """Note that the database is up."""
        self._since, self._is_alerted = None, False

    def note_down(self) -> None:
        """Note that the database does not respond; does not wait for the vendors."""
        if self.is_alert_due(self._core.clock.now()):
            self._alerter.wake()

    def is_alert_due(self, now: datetime) -> bool:
        """Whether to alert now: once in an outage."""
        self._since = self._since or now
        if self._is_alerted or now - self._since < PATIENCE:
            return False
        self._is_alerted = True
        return True


def send_outage_alert(core: Core) -> None:
    """Alert those the policy names that the database is down: by the policy this process used last, if any.

    Only in production: other modes use the inbox, which is in the database.
    """
    policy, mode, now = core.policies.last_known_policy, operator_alert_mode(core.settings), core.clock.now()
    if policy is None or mode is not Mode.PRODUCTION:
        return
    for recipient in resolve_targets(last_resort_targets(policy), None, Roster(policy, now, {})).recipients:
        to = alert_delivery(recipient, core.settings, now)
        note = compose.build_notice(core, policy, to, alarm(_TITLE, (_DETAIL,)), now)
        result = send_call(core, OutboundCall(note, mode, recipient.kind, 0, delivery=to))
        reason = result.reason.value if isinstance(result, Failed) else ""
        log.warning("outage_told", destination=recipient.destination, failed=reason)
