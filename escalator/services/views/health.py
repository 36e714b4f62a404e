"""The watch that the product keeps over itself, as the first page shows it."""

from dataclasses import dataclass
from datetime import datetime

from escalator.services.core.context import Core
from escalator.services.monitoring.problems import HealthProblem, health_problems
from escalator.store import health


@dataclass(frozen=True, slots=True)
class HealthSummary:
    """What is wrong at the moment, or what says that nothing is: who works, and when an event came last."""

    concerns: tuple[HealthProblem, ...]
    workers: int
    last_event: datetime | None


def health_summary(core: Core) -> HealthSummary:
    """Return how the product is. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        product_health = health.read_health(connection, now)
    return HealthSummary(health_problems(product_health, now), product_health.workers, product_health.last_event)
