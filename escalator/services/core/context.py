"""The context of every use case, built once by `escalator.bootstrap`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from uuid6 import uuid7

from escalator.broker_state import BrokerState
from escalator.clock import Clock
from escalator.encryption import Seal
from escalator.lazy_imports import LazyImport
from escalator.metrics import Metrics
from escalator.model.levels import Mode
from escalator.policy.placeholders import expand
from escalator.ports import TaskQueue
from escalator.services.outbound.sender_pool import NoSenderPool, SenderPool
from escalator.settings import Settings
from escalator.store import Database
from escalator.store.leases import HEARTBEAT_TIMEOUT, MAX_LEASE

if TYPE_CHECKING:
    # What `build` imports on first use.
    from escalator.channels.clients import Clients
    from escalator.channels.contract import WaysOut
    from escalator.channels.slack.api import SlackApi
    from escalator.channels.stream.client import StreamApi
    from escalator.model.incident import Incident
    from escalator.model.policy import Policy, Source
    from escalator.services.core import missing_credentials
    from escalator.services.core.policy_store import PolicyStore
    from escalator.store.event_writer import EventWriter
else:
    missing_credentials = LazyImport("escalator.services.core.missing_credentials")


@dataclass(slots=True)
class Core:
    """The parts of one process. `id` names the process in leases.

    `channels` returns the channels of a mode, and `slack` the client for Slack's windows and private answers there;
    `vendors` are the real clients, for queries; `sandbox_stream` plays Stream for a source in the sandbox. `outlet` is
    set by a process that sends.
    """

    settings: Settings
    database: Database
    clock: Clock
    seal: Seal
    queue: TaskQueue
    policies: "PolicyStore"
    slack: "Callable[[Mode], SlackApi]"
    channels: "Callable[[Mode], WaysOut]"
    vendors: "Clients"
    sandbox_stream: "Callable[[str], StreamApi]"
    event_writer: "EventWriter"
    sender_pool: SenderPool = field(default_factory=NoSenderPool)
    metrics: Metrics = field(default_factory=Metrics)
    broker: BrokerState = field(default_factory=BrokerState)
    beat_failed_at: datetime | None = None
    id: UUID = field(default_factory=uuid7)

    def expand(self, text: str) -> str:
        """Return a value of the policy with `${NAME}` replaced."""
        return expand(text, self.settings.environment)

    def heartbeat_timeout(self, now: datetime) -> timedelta:
        """Return how long a process may miss its heartbeat before it counts as dead: longer after a database outage."""
        was_ours = self.beat_failed_at is not None and now - self.beat_failed_at < 2 * HEARTBEAT_TIMEOUT
        return MAX_LEASE if was_ours else HEARTBEAT_TIMEOUT

    def mode_of(self, source: str, policy: "Policy") -> Mode:
        """Return the present mode of a source: the mildest that is set; sandbox without credentials."""
        configured = policy.sources.get(source)
        mode = min(self.settings.mode, configured.mode or Mode.PRODUCTION) if configured else self.settings.mode
        if mode is Mode.DIVERT and (configured is None or not self._can_divert(configured, policy)):
            return Mode.SANDBOX
        return mode

    def mode_for(self, incident: "Incident", policy: "Policy") -> Mode:
        """Return the mode of an incident: the milder one of its own mode and its source's present mode."""
        return min(incident.mode, self.mode_of(incident.source, policy))

    def _can_divert(self, source: "Source", policy: "Policy") -> bool:
        destination = policy.destinations.get(source.divert_to or "")
        if destination is None:
            return False
        token = destination.kind.about.token
        return not token or missing_credentials.is_set(self.settings, token)
