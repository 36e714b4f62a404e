"""Drill results: the row, the audit record, and an operator alert for a failed drill."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from escalator.engine.drills import DrillAcknowledgement
from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.incident import Incident
from escalator.model.policy import Policy
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.settings import Settings
from escalator.store import audit_log, drills
from escalator.store.drills import DrillRun, DrillState

log = structlog.get_logger(__name__)

_TROUBLE = "drill:"


@dataclass(frozen=True, slots=True)
class DrillFailure:
    """Why a drill failed: a word for the record, and the end of a sentence for messages."""

    reason: str
    message: str
    state: DrillState = DrillState.FAILED


@dataclass(frozen=True, slots=True)
class DrillResults:
    """Writes the results of drills within one transaction."""

    connection: Connection
    settings: Settings
    policy: Policy
    now: datetime

    def record_passed(self, run: DrillRun, incident: Incident, answer: DrillAcknowledgement) -> None:
        """Record who acknowledged in time; resolve the alert about an earlier failure."""
        people = ", ".join(answer.people)
        ended = replace(
            run, state=DrillState.PASSED, incident_id=incident.id, acknowledged_by=people, acknowledged_at=answer.at
        )
        if drills.finish(self.connection, ended):
            seconds = int((answer.at - incident.opened_at).total_seconds())
            self._record(AuditAction.DRILL_PASSED, ended, by=people, seconds=str(seconds))
            OperatorAlerts(self.connection, self.now).resolve(_TROUBLE + run.name)

    def record_failed(self, run: DrillRun, failure: DrillFailure, incident: Incident | None = None) -> None:
        """Record that the drill failed, and raise an alert each time, even if the last drill failed too."""
        ended = replace(run, state=failure.state, incident_id=incident.id if incident else None)
        if not drills.finish(self.connection, ended):
            return
        self._record(AuditAction.DRILL_FAILED, ended, failure.reason)
        alerts = OperatorAlerts(self.connection, self.now)
        alerts.resolve(_TROUBLE + run.name)
        detail = f"the drill {run.name!r} of route {run.route!r} {failure.message}"
        alerts.raise_alert(_TROUBLE + run.name, detail, self.policy, self.settings)
        log.warning("drill_failed", drill_id=str(run.id), reason=failure.reason)

    def _record(self, action: AuditAction, run: DrillRun, reason: str = "", **more: str) -> None:
        after = {"drill": run.name, "route": run.route, **more}
        entry = AuditEntry(action, reason=reason, after=after, incident_id=run.incident_id)
        audit_log.insert(self.connection, [(entry, None)], self.now)
