"""Decides which health data is a problem, for readyz, the metrics and the first page alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from escalator.store.health import OVERDUE_AFTER, ProductHealth

WORKERS_GONE = "workers_gone"
WEB_GONE = "web_gone"
QUEUE_READERS_GONE = "sqs_gone"
SILENT_SOURCE = "silent_source:"
UNREACHED = "unreached:"
"""Prefix of the key of an alert about an incident that reached nobody; its number follows."""

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class HealthProblem:
    """One present problem: keys, counts and durations, never content."""

    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.about}: {self.words}"

    @property
    def title(self) -> str:
        """Return its subject, for a heading."""
        return self.about.partition(":")[0].replace("_", " ").capitalize()


def health_problems(product_health: ProductHealth, now: datetime) -> tuple[HealthProblem, ...]:
    """Return the present problems, the gravest first."""
    return tuple(HealthProblem(about, words) for about, words in _wrong(product_health, now))


def is_late(product_health: ProductHealth, now: datetime) -> bool:
    """Whether a deadline, event or delivery is later than we promise."""
    return any(
        _is_late(at, now)
        for at in (product_health.oldest_deadline, product_health.oldest_event, product_health.oldest_delivery)
    )


def _is_late(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at > OVERDUE_AFTER


def _wrong(product_health: ProductHealth, now: datetime) -> Iterator[tuple[str, str]]:
    if not product_health.workers:
        yield "workers", "none is running; nothing is sent or escalated"
    yield from _late(product_health, now)
    counted = (
        ("sending", product_health.stuck_deliveries, "{} in progress for longer than a minute"),
        ("events", product_health.parked_events, "{} parked"),
        ("callbacks", product_health.parked_callbacks, "{} parked"),
    )
    yield from ((about, words.format(count)) for about, count, words in counted if count)
    if product_health.broker_failures:
        yield "broker", _broker(product_health)
    # Without a live worker this is reported above.
    yield from (alert for alert in open_alerts(product_health) if product_health.workers or alert[0] != WORKERS_GONE)


def open_alerts(product_health: ProductHealth) -> Iterator[tuple[str, str]]:
    """Yield (key, detail) of each open alert; incidents that reached nobody count as one, first."""
    numbers = [
        int(key.removeprefix(UNREACHED)) for key, _detail in product_health.operator_alerts if key.startswith(UNREACHED)
    ]
    if numbers:
        yield UNREACHED.removesuffix(":"), unreached_words(sorted(numbers))
    yield from (alert for alert in product_health.operator_alerts if not alert[0].startswith(UNREACHED))


def unreached_words(numbers: Sequence[int]) -> str:
    """Return the text that no page about these was delivered."""
    named = ", ".join(f"#{number}" for number in numbers[:_MOST_NAMED])
    more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
    return f"nobody has been notified of {named}{more}: no page was delivered within a minute"


def _broker(product_health: ProductHealth) -> str:
    reasons = ", ".join(dict.fromkeys(product_health.broker_failures))
    return (
        f"{len(product_health.broker_failures)} of {product_health.processes} processes cannot use Redis ({reasons}); "
        "work continues, up to 3 s later"
    )


def _late(product_health: ProductHealth, now: datetime) -> Iterator[tuple[str, str]]:
    oldest = f"the oldest of {product_health.late_deadlines}" if product_health.late_deadlines > 1 else "the oldest"
    waiting = (
        ("deadlines", product_health.oldest_deadline, oldest + " is {} s late"),
        ("events", product_health.oldest_event, "the oldest has waited {} s"),
        ("deliveries", product_health.oldest_delivery, "the oldest has waited {} s"),
    )
    for about, at, words in waiting:
        if at is not None and _is_late(at, now):
            yield about, words.format(int((now - at).total_seconds()))
