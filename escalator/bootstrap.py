"""The composition root: settings in, a wired process out. Nothing is opened before something is asked of it."""

import logging
import sys
from collections.abc import Callable

import structlog

from escalator.broker_state import BrokerState
from escalator.channels.slack.api import SlackApi
from escalator.clock import Clock, SystemClock
from escalator.encryption import Seal
from escalator.model.levels import Mode
from escalator.ports import NullQueue, TaskQueue
from escalator.services.core.channels import vendors_of, ways_out
from escalator.services.core.context import Core
from escalator.services.core.policy_store import PolicyStore
from escalator.services.sandbox_vendors.inbox import Shelf
from escalator.services.sandbox_vendors.slack import InboxSlack
from escalator.settings import Settings
from escalator.store import Database
from escalator.store.database import PATIENCE_S


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
    """Return the parts of one process, wired. Tests put their own clock, queue or Slack in.

    `patience_s` is how long one answer of the database may take.
    """
    clock = clock or SystemClock()
    seal = Seal(settings.content_keys)
    database = Database(settings.database_url, pool_size=pool_size, patience_s=patience_s)
    shelf = Shelf(database, seal, clock)
    vendors = vendors_of(settings)
    slack = slack or _slack(vendors.slack, InboxSlack(shelf))
    return Core(
        settings=settings,
        database=database,
        clock=clock,
        seal=seal,
        queue=queue or NullQueue(),
        policies=PolicyStore(settings, clock),
        slack=slack,
        channels=ways_out(settings, vendors, slack, shelf, clock),
        vendors=vendors,
        broker=broker or BrokerState(),
    )


def _slack(real: SlackApi, inbox: SlackApi) -> Callable[[Mode], SlackApi]:
    def of_mode(mode: Mode) -> SlackApi:
        return inbox if mode is Mode.SANDBOX else real

    return of_mode


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
