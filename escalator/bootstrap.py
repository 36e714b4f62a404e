"""The composition root: settings in, a wired process out. Connections are opened on first use."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import structlog

from escalator.broker_state import BrokerState
from escalator.channels.clients import clients_of
from escalator.channels.registry import VENDORS
from escalator.channels.slack.api import SlackApi
from escalator.clock import Clock, SystemClock
from escalator.encryption import Seal
from escalator.lazy_imports import LazyImport
from escalator.model.levels import Mode
from escalator.ports import NullQueue, TaskQueue
from escalator.services.core.context import Core
from escalator.services.core.policy_store import PolicyStore
from escalator.settings import Settings
from escalator.store import Database
from escalator.store.database import PATIENCE_S
from escalator.store.event_writer import EventWriter

if TYPE_CHECKING:
    from escalator.sandbox.ways_out import SandboxWaysOut


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    queue: TaskQueue | None = None,
    slack: Callable[[Mode], SlackApi] | None = None,
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
    sandbox = _sandbox(settings, database, seal, clock, clients, slack(Mode.SANDBOX) if slack else None)
    if slack:
        clients = replace(clients, slack=slack(Mode.PRODUCTION))
    real = {kind: vendor.make_channel(clients, settings, clock) for kind, vendor in VENDORS.items()}
    return Core(
        settings=settings,
        database=database,
        clock=clock,
        seal=seal,
        queue=queue or NullQueue(),
        policies=PolicyStore(settings, clock),
        slack=lambda mode: sandbox.slack if mode is Mode.SANDBOX else clients.slack,
        channels=lambda mode: sandbox.channels if mode is Mode.SANDBOX else real,
        vendors=clients,
        sandbox_stream=lambda source: sandbox.stream(source),
        event_writer=EventWriter(database),
        broker=broker or BrokerState(),
    )


def _sandbox(*parts: object) -> "SandboxWaysOut":
    """Return the sandbox's stand-ins, which are imported and created on first use."""
    stand_in: Any = LazyImport("escalator.sandbox.ways_out", "SandboxWaysOut", *parts)
    return cast("SandboxWaysOut", stand_in)


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
