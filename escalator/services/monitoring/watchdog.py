"""Workers and web processes watch each other: a kind of process that stops its heartbeat raises an operator alert."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.process_liveness import SWEEPER, WEB
from escalator.services.monitoring.problems import WEB_GONE, WORKERS_GONE
from escalator.store import processes


@dataclass(frozen=True, slots=True)
class ExpectedProcess:
    """A kind of process that has to be alive; `patience` is longer than a deployment keeps it away."""

    kind: str
    key: str
    patience: timedelta
    detail: str


WORKERS_EXPECTED = ExpectedProcess(
    SWEEPER, WORKERS_GONE, timedelta(seconds=30), "no worker is running: nothing is sent or escalated until one starts"
)
WEB_EXPECTED = ExpectedProcess(
    WEB,
    WEB_GONE,
    timedelta(seconds=60),
    "no web process is running: nothing is accepted until one starts",
)
_LOOKS_AWAY = timedelta(seconds=10)
"""Who has not looked for so long (the machine slept, the database was away) knows nothing of the time between."""


class Watchdog:
    """Checks again and again whether a kind of process is alive.

    Nobody is missed who was never there, nor before this process has itself looked for as long as its patience: after
    a night in which nothing ran, one part starts before the other.
    """

    def __init__(self, expected: ExpectedProcess) -> None:
        self._expected = expected
        self._looking_since: datetime | None = None
        self._looked_at: datetime | None = None
        self.is_missed = False

    def check(self, core: Core) -> None:
        """Look once: tell, once, that they are gone, or note that they are back. Raises Unavailable."""
        now = core.clock.now()
        since = self._since(now)
        with core.database.reading() as connection:
            beat_at = processes.last_beat(connection, self._expected.kind)
            is_known = OperatorAlerts(connection, now).is_open(self._expected.key)
        is_silent = beat_at is not None and now - beat_at > self._expected.patience
        self.is_missed = is_silent and (is_known or now - since > self._expected.patience)
        if self.is_missed and not is_known:
            self._find(core, now)
        elif is_known and not is_silent:
            with core.database.writing() as connection:
                OperatorAlerts(connection, now).resolve(self._expected.key)

    def _since(self, now: datetime) -> datetime:
        """Return since when this process has looked without a break."""
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
