"""The composition root: settings in, a wired process out. Connections are opened on first use."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from escalator.broker_state import BrokerState
from escalator.channels.clients import clients_of
from escalator.clock import Clock, SystemClock
from escalator.encryption import Seal
from escalator.lazy_imports import LazyImport
from escalator.model.levels import Mode
from escalator.ports import NullQueue, TaskQueue
from escalator.services.core.context import Core
from escalator.settings import Settings
from escalator.store import Database
from escalator.store.database import PATIENCE_S

if TYPE_CHECKING:
    import structlog

    from escalator.channels.slack.api import SlackApi
else:
    structlog = LazyImport("structlog")


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    queue: TaskQueue | None = None,
    slack: "Callable[[Mode], SlackApi] | None" = None,
    broker: BrokerState | None = None,
    pool_size: int = 4,
    patience_s: float | None = PATIENCE_S,
) -> Core:
    """Return the parts of one process, wired. Tests pass their own clock, queue or Slack.

    `patience_s` is how long one answer of the database may take.
    """
    clock = clock or SystemClock()
    seal = Seal(settings.content_keys)
    database = Database(settings.database_url, pool_size=pool_size, patience_s=patience_s)
    clients = clients_of(settings)
    sandbox = _lazy(
        "sandbox.ways_out",
        "SandboxWaysOut",
        *(settings, database, seal, clock, clients, slack(Mode.SANDBOX) if slack else None),
    )
    if slack:
        clients = replace(clients, slack=slack(Mode.PRODUCTION))
    real = _lazy("channels.registry", "RealWaysOut", clients, settings, clock)
    return Core(
        settings=settings,
        database=database,
        clock=clock,
        seal=seal,
        queue=queue or NullQueue(),
        policies=_lazy("services.core.policy_store", "PolicyStore", settings, clock),
        slack=lambda mode: sandbox.slack if mode is Mode.SANDBOX else clients.slack,
        channels=lambda mode: (sandbox if mode is Mode.SANDBOX else real).channels,
        vendors=clients,
        sandbox_stream=lambda source: sandbox.stream(source),
        event_writer=_lazy("store.event_writer", "EventWriter", database),
        broker=broker or BrokerState(),
    )


def _lazy(module: str, name: str, *parts: object) -> Any:
    """Return a part that not every process uses: it is imported and created on first use."""
    return LazyImport(f"escalator.{module}", name, *parts)


def configure_logging(level: int = logging.INFO) -> None:
    """Log one line an event to stderr: static names, ids beside them, never content."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
            ),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
