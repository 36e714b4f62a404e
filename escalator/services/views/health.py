"""The product's self-monitoring, as the first page shows it."""

from dataclasses import dataclass
from datetime import datetime

from escalator.services.core.context import Core
from escalator.services.monitoring.problems import HealthProblem, health_problems
from escalator.store import health


@dataclass(frozen=True, slots=True)
class HealthSummary:
    """The present problems, or evidence that there are none: which processes run, and the last event."""

    concerns: tuple[HealthProblem, ...]
    workers: int
    last_event: datetime | None


def health_summary(core: Core) -> HealthSummary:
    """Return the health. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        product_health = health.read_health(connection, now)
    return HealthSummary(health_problems(product_health, now), product_health.workers, product_health.last_event)
