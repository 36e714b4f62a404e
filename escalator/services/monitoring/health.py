"""The product's health, for monitors and people."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from uuid6 import uuid7

from escalator.encryption import digest
from escalator.errors import Unavailable
from escalator.metrics import (
    BUCKETS,
    CALLBACKS,
    DELIVERIES,
    EVENTS,
    LATENESS,
    QUEUE_WAIT,
    RECONCILED,
    STREAM_CALLS,
    UNROUTED,
    WEBHOOK_TO_SEND,
    WRONG_PATHS,
)
from escalator.model.levels import Mode
from escalator.rendering import sandbox_mode
from escalator.services.core.context import Core
from escalator.services.monitoring.problems import SILENT_SOURCE, health_problems
from escalator.services.stream.queue_figures import current_figures
from escalator.store import counters, events, health, stream_queues
from escalator.store.events import EventState, StoredEvent
from escalator.store.health import ProductHealth
from escalator.store.schema import SchemaAge, schema_age

_COUNTERS = {
    EVENTS: ("Webhook deliveries by outcome", ("source", "type", "outcome")),
    DELIVERIES: ("Notifications by outcome", ("channel", "outcome", "reason")),
    CALLBACKS: ("Webhooks from vendors other than Stream, by outcome", ("vendor", "outcome")),
    WRONG_PATHS: ("Requests posted to a wrong path, by the vendor they seem to come from", ("vendor",)),
    RECONCILED: (
        "Items that were found only in Stream's queue (recovered), or are too large to be read (too_large)",
        ("source", "outcome"),
    ),
    STREAM_CALLS: (
        "Actions and escalations at Stream, by outcome: done, already_done, failed, or to be tried again (unknown, "
        "retried)",
        ("part", "outcome"),
    ),
    UNROUTED: ("Incidents that matched no route", ()),
}
_HISTOGRAMS = {
    LATENESS: "Time from a deadline to the commit of its step",
    WEBHOOK_TO_SEND: "Time from accepting an event to its first notification",
    QUEUE_WAIT: "Time that an event has waited in an SQS queue before it was stored",
}
_TRIAL_HOLDS = timedelta(seconds=1)
_TRIAL_BYTES = 4096
"""A typical event's size."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether an event can be stored, and other problems."""

    mode: Mode
    can_store: bool
    degraded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "ready": self.can_store,
            "mode": self.mode.value,
            "degraded": list(self.degraded),
            "notes": list(self.notes),
        }


class StoreTrial:
    """Tests whether an event can be stored now, by storing one and removing it, durably.

    A successful read proves nothing: a standby, a full disk and a read-only file all answer queries. One test serves
    all requests to this process within a second, so that a request costs next to nothing.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lock = Lock()
        self._tried_at: datetime | None = None
        self._failure: str | None = None

    def failure(self) -> str | None:
        """Return why no event can be stored now, or None when one can."""
        with self._lock:
            now = self._core.clock.now()
            if self._tried_at is None or abs(now - self._tried_at) >= _TRIAL_HOLDS:
                self._failure = self._try(now)
                self._tried_at = now
            return self._failure

    def _try(self, now: datetime) -> str | None:
        event_id = uuid7()
        sealed = self._core.seal.seal(bytes(_TRIAL_BYTES))
        event = StoredEvent(event_id, "", digest(event_id.bytes), "", now, EventState.IGNORED, sealed_body=sealed)
        try:
            with self._core.database.writing() as connection:
                events.probe_insert(connection, event)
        except Unavailable as error:
            return str(error)
        except SQLAlchemyError as error:
            return f"an event cannot be stored ({type(error).__name__})"
        return None


def readiness(core: Core, trial: StoreTrial) -> Readiness:
    """Return this process' readiness. Raises Unavailable when the database cannot be reached."""
    now = core.clock.now()
    age = schema_age(core.database)
    if age is SchemaAge.OLDER:
        return Readiness(
            core.settings.mode, can_store=False, degraded=("schema: not current; run `escalator migrate`",)
        )
    if age is SchemaAge.NEWER:
        return _readiness_on_newer_schema(core, trial)
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        product_health = health.read_health(connection, now)
    degraded = tuple(str(problem) for problem in health_problems(product_health, now))
    if running is None:
        return Readiness(core.settings.mode, can_store=False, degraded=("policy: none is active", *degraded))
    failure = trial.failure()
    if failure is not None:
        degraded = (f"database: {failure}", *degraded)
    return Readiness(
        core.settings.mode, can_store=failure is None, degraded=degraded, notes=sandbox_note(core, product_health)
    )


def _readiness_on_newer_schema(core: Core, trial: StoreTrial) -> Readiness:
    """Return whether this process can still store events while a newer release is being deployed.

    Migrations do not change what the intake needs; what else this release reads may be renamed by now.
    """
    degraded = ["schema: newer than this process; restart it with the new release"]
    with core.database.reading() as connection:
        if core.policies.running(connection) is None:
            degraded.append("policy: none is active")
    failure = trial.failure()
    if failure is not None:
        degraded.append(f"database: {failure}")
    return Readiness(core.settings.mode, can_store=len(degraded) == 1, degraded=tuple(degraded))


def sandbox_note(core: Core, product_health: ProductHealth) -> tuple[str, ...]:
    """Return the sandbox's notice."""
    if core.settings.mode is not Mode.SANDBOX:
        return ()
    return (sandbox_mode.notice(product_health.sandbox_incidents),)


def metrics_text(core: Core) -> bytes:
    """Return the whole installation's metrics in Prometheus' format. Raises Unavailable."""
    registry = CollectorRegistry()
    registry.register(_Totals(core))
    return generate_latest(registry)


class _Totals(Collector):
    """Counters and gauges, read from the database on request: all processes count into the same totals."""

    def __init__(self, core: Core) -> None:
        now = core.clock.now()
        with core.database.reading() as connection:
            self._totals = counters.totals(connection)
            self._states = health.counts_by_state(connection)
            self._health = health.read_health(connection, now)
            self._queues = current_figures(stream_queues.all_queues(connection), now)
        self._concerns = health_problems(self._health, now)
        self._now = now

    def describe(self) -> list[Metric]:
        """Return nothing: the metrics are known only when collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        for name, (text, labels) in _COUNTERS.items():
            yield self._counter(name, text, labels)
        for name, text in _HISTOGRAMS.items():
            yield self._histogram(name, text)
        gauge = GaugeMetricFamily("escalator_incidents", "Incidents by state", labels=("state", "severity"))
        for state, severity, count in self._states:
            gauge.add_metric((state, severity), count)
        yield gauge
        yield from self._stream_queues()
        for name, (words, value) in self._gauges().items():
            yield GaugeMetricFamily(f"escalator_{name}", words, value=value)

    def _stream_queues(self) -> Iterator[Metric]:
        """Yield the watched queues of Stream; those whose figures are old are left out."""
        labels = ("source", "queue")
        items = GaugeMetricFamily("escalator_stream_queue_items", "Items waiting in Stream's queue", labels=labels)
        oldest = GaugeMetricFamily(
            "escalator_stream_queue_oldest_seconds",
            "How long the oldest item in Stream's queue has waited",
            labels=labels,
        )
        for key, figures in self._queues.items():
            items.add_metric(tuple(key), figures.items)
            oldest.add_metric(tuple(key), self._age(figures.oldest_at))
        yield items
        yield oldest

    def _gauges(self) -> dict[str, tuple[str, float]]:
        product_health = self._health
        return {
            "workers": ("Worker processes running", product_health.workers),
            "web_processes": ("Web processes running", product_health.web),
            "sqs_processes": ("Processes running that read SQS queues", product_health.queue_readers),
            "oldest_deadline_seconds": (
                "How late the oldest overdue deadline is",
                self._age(product_health.oldest_deadline),
            ),
            "late_deadlines": ("Deadlines that are late by more than 10 s", product_health.late_deadlines),
            "oldest_event_seconds": ("How long the oldest event has waited", self._age(product_health.oldest_event)),
            "last_event_seconds": ("How long ago the last event came", self._age(product_health.last_event)),
            "oldest_delivery_seconds": (
                "How long the oldest delivery has waited",
                self._age(product_health.oldest_delivery),
            ),
            "stuck_deliveries": ("Deliveries in progress for longer than their lease", product_health.stuck_deliveries),
            "parked_events": ("Events that could not be processed", product_health.parked_events),
            "parked_callbacks": ("Vendor webhooks that could not be processed", product_health.parked_callbacks),
            "silent_sources": (
                "Sources that have sent nothing for far longer than usual",
                product_health.count_of(SILENT_SOURCE),
            ),
            "troubles": ("Operator alerts that have not ended", len(product_health.operator_alerts)),
            "concerns": ("Current problems, as readyz and the Now page list them", len(self._concerns)),
        }

    def _age(self, at: datetime | None) -> float:
        return 0.0 if at is None else (self._now - at).total_seconds()

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Metric:
        family = CounterMetricFamily(name.removesuffix("_total"), text, labels=labels)
        mine = [(label_values, value) for known, label_values, value in self._totals if known == name]
        for label_values, value in mine if mine or labels else [({}, 0)]:
            family.add_metric(tuple(label_values.get(label, "") for label in labels), value)
        return family

    def _histogram(self, name: str, text: str) -> Metric:
        counts: dict[str, int] = defaultdict(int)
        for known, label_values, value in self._totals:
            if known == name:
                counts[label_values["le"]] += value
        total, buckets = 0, []
        for bound in (*(str(edge) for edge in BUCKETS), "+Inf"):
            total += counts[bound]
            buckets.append((bound, total))
        seconds = sum(value for known, _labels, value in self._totals if known == f"{name}_sum") / 1_000_000
        return HistogramMetricFamily(name, text, buckets=buckets, sum_value=seconds)
