"""Counters of a process, until they are added to the totals in the database."""

from bisect import bisect_left
from collections import Counter
from threading import Lock

CounterKey = tuple[str, tuple[tuple[str, str], ...]]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the histograms, in seconds."""

EVENTS = "escalator_events_total"
CALLBACKS = "escalator_callbacks_total"
WRONG_PATHS = "escalator_wrong_path_requests_total"
DELIVERIES = "escalator_deliveries_total"
RECONCILED = "escalator_reconciled_items_total"
STREAM_CALLS = "escalator_stream_calls_total"
UNROUTED = "escalator_unrouted_total"
LATENESS = "escalator_escalation_lateness_seconds"
WEBHOOK_TO_SEND = "escalator_webhook_to_send_seconds"
QUEUE_WAIT = "escalator_queue_wait_seconds"


class Metrics:
    """Counters, safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: Counter[CounterKey] = Counter()
        self._lock = Lock()

    def count(self, name: str, /, amount: int = 1, **labels: str) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name, tuple(sorted(labels.items()))] += amount

    def observe(self, name: str, seconds: float) -> None:
        """Add a duration to a histogram; kept as one counter a bucket (label `le`), and the sum in microseconds."""
        place = bisect_left(BUCKETS, seconds)
        bound = str(BUCKETS[place]) if place < len(BUCKETS) else "+Inf"
        with self._lock:
            self._counts[name, (("le", bound),)] += 1
            self._counts[f"{name}_sum", ()] += max(0, round(seconds * 1_000_000))

    def take(self) -> dict[CounterKey, int]:
        """Return everything counted since the last call."""
        with self._lock:
            counted, self._counts = self._counts, Counter()
        return dict(counted)

    def give_back(self, counted: dict[CounterKey, int]) -> None:
        """Add counts again that could not be written."""
        with self._lock:
            self._counts.update(counted)
