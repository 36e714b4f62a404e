"""Workers and web processes watch each other: when all processes of a kind stop, an operator alert is raised."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.model.policy import Policy
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.process_liveness import QUEUE_READER, SWEEPER, WEB
from escalator.services.intake.queues import queues_of
from escalator.services.monitoring.problems import QUEUE_READERS_GONE, WEB_GONE, WORKERS_GONE
from escalator.store import processes


def _always(_core: Core, _policy: Policy) -> bool:
    return True


def _has_queues(core: Core, policy: Policy) -> bool:
    return bool(queues_of(core, policy))


@dataclass(frozen=True, slots=True)
class ExpectedProcess:
    """A kind of process that must run; `patience` is longer than a deployment stops it."""

    kind: str
    key: str
    patience: timedelta
    detail: str
    is_needed: Callable[[Core, Policy], bool] = _always


WORKERS_EXPECTED = ExpectedProcess(
    SWEEPER, WORKERS_GONE, timedelta(seconds=30), "no worker is running: nothing is sent or escalated until one starts"
)
WEB_EXPECTED = ExpectedProcess(
    WEB,
    WEB_GONE,
    timedelta(seconds=60),
    "no web process is running: nothing is accepted until one starts",
)
QUEUE_READERS_EXPECTED = ExpectedProcess(
    QUEUE_READER,
    QUEUE_READERS_GONE,
    timedelta(seconds=60),
    "no process reads the SQS queues: their events wait there until `escalator sqs` runs",
    _has_queues,
)
_LOOKS_AWAY = timedelta(seconds=10)
"""A process that has not checked for so long (machine asleep, database away) knows nothing of that time."""


class Watchdog:
    """Checks repeatedly whether a kind of process is running.

    A kind that never ran is not reported, nor before this process itself has checked for its patience: after a night in
    which nothing ran, one kind starts before the other.
    """

    def __init__(self, expected: ExpectedProcess) -> None:
        self._expected = expected
        self._looking_since: datetime | None = None
        self._looked_at: datetime | None = None
        self.is_missed = False

    def check(self, core: Core) -> None:
        """Check once: alert once that they are gone, or resolve it. Raises Unavailable."""
        now = core.clock.now()
        since = self._since(now)
        with core.database.reading() as connection:
            beat_at = processes.last_beat(connection, self._expected.kind)
            is_known = OperatorAlerts(connection, now).is_open(self._expected.key)
            running = core.policies.running(connection)
        is_needed = running is None or self._expected.is_needed(core, running.policy)
        is_silent = is_needed and beat_at is not None and now - beat_at > self._expected.patience
        self.is_missed = is_silent and (is_known or now - since > self._expected.patience)
        if self.is_missed and not is_known:
            self._find(core, now)
        elif is_known and not is_silent:
            with core.database.writing() as connection:
                OperatorAlerts(connection, now).resolve(self._expected.key)

    def _since(self, now: datetime) -> datetime:
        """Return since when this process has checked without a gap."""
        if self._looking_since is None or self._looked_at is None or now - self._looked_at > _LOOKS_AWAY:
            self._looking_since = now
        self._looked_at = now
        return self._looking_since

    def _find(self, core: Core, now: datetime) -> None:
        with core.database.writing() as connection:
            running = core.policies.running(connection)
            if running is not None:
                alerts = OperatorAlerts(connection, now)
                alerts.raise_alert(self._expected.key, self._expected.detail, running.policy, core.settings)
