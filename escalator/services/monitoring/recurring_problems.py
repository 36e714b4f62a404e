"""Raises alerts about problems that recur and resolves those that ended; one process checks once a minute."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from escalator.metrics import EVENTS, UNROUTED
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import DEADLINE, OperatorAlerts
from escalator.store import counters, deadlines, jobs, key_values

JOB = "notice"
"""Its name in the table of jobs."""

EVERY = timedelta(minutes=1)
OVER_AFTER = timedelta(days=1)
"""A problem that has not recurred for so long is over; if it recurs, there is a new alert."""

_DETAILS = {
    "too_large": "webhooks refused as too large: {count}; a large one may be an item with thousands of flags",
    "unrouted": "incidents that matched no route and took the default path: {count}",
}


def check_recurring_problems(core: Core) -> None:
    """Alert about new counts; resolve what ended. Raises Unavailable."""
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        if running is None or not jobs.claim_due(connection, JOB, now, EVERY):
            return
        alerts = OperatorAlerts(connection, now)
        for name, count in _counts(connection):
            known = key_values.get_with_time(connection, f"noticed:{name}")
            before, at = (int(known.value), known.updated_at) if known else (0, now)
            if count > before:
                key_values.save(connection, f"noticed:{name}", str(count), now)
                alerts.raise_alert(name, _DETAILS[name].format(count=count - before), running.policy, core.settings)
            elif now - at >= OVER_AFTER:
                alerts.resolve(name)
        alerts.resolve(*_fired_at_last(connection, alerts))


def _counts(connection: Connection) -> Iterator[tuple[str, int]]:
    totals = counters.totals(connection)
    too_large = (
        value for name, label_values, value in totals if name == EVENTS and label_values.get("outcome") == "too_large"
    )
    yield "too_large", sum(too_large)
    yield "unrouted", sum(value for name, _labels, value in totals if name == UNROUTED)


def _fired_at_last(connection: Connection, alerts: OperatorAlerts) -> list[str]:
    """Return the parked deadlines that have fired since."""
    parked = [key for key, _detail in alerts.list_open() if key.startswith(DEADLINE)]
    stuck = deadlines.with_failures(connection, [UUID(key.removeprefix(DEADLINE)) for key in parked])
    return [key for key in parked if UUID(key.removeprefix(DEADLINE)) not in stuck]
