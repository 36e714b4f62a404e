"""The coverage of the running policy for the coming week: computed once an hour, and when its input changes.

It takes a second to compute for a large policy, so it runs in its own thread, one at a time, and a person who only
looks at the page does not wait.
"""

from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from escalator.engine.coverage.compute import compute_coverage
from escalator.engine.coverage.values import Coverage
from escalator.engine.oncall import may_view_schedule
from escalator.engine.permissions import may_view_category
from escalator.model.policy import Person, Policy
from escalator.services.core.policy_store import RunningPolicy

AHEAD = timedelta(weeks=1)
WITHIN = timedelta(minutes=30)
"""How soon somebody must be notified; `escalator coverage --within` changes it."""
_KEPT = 4


class CoverageCache:
    """The latest results in this process."""

    def __init__(self) -> None:
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="coverage")
        self._futures: dict[Hashable, Future[Coverage]] = {}
        self._lock = Lock()

    def ask(self, running: RunningPolicy, now: datetime) -> Future[Coverage]:
        """Return the coverage from this hour on, ready or pending."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        key = (running.version, hour, running.stand_ins, tuple(sorted(running.calendars.items())))
        with self._lock:
            if key not in self._futures or _has_failed(self._futures[key]):
                self._futures[key] = self._maker.submit(_compute, running, hour)
                for old in list(self._futures)[:-_KEPT]:
                    self._futures.pop(old).cancel()
            return self._futures[key]


def visible_coverage(reader: Person, coverage: Coverage, policy: Policy) -> Coverage:
    """Return what somebody may see of a coverage: without the categories and schedules they may not see."""
    hidden = {key for key, category in policy.categories.items() if not may_view_category(reader.key, category, policy)}
    return replace(
        coverage,
        rows=tuple(row for row in coverage.rows if row.category not in hidden),
        holes=tuple(hole for hole in coverage.holes if hole.row.category not in hidden),
        singles=tuple(single for single in coverage.singles if single.row.category not in hidden),
        gaps=tuple(gap for gap in coverage.gaps if may_view_schedule(gap.schedule, reader, policy)),
        handovers=tuple(
            handover for handover in coverage.handovers if may_view_schedule(handover.schedule, reader, policy)
        ),
    )


def _compute(running: RunningPolicy, start: datetime) -> Coverage:
    return compute_coverage(running.policy, start, start + AHEAD, WITHIN, running.calendars)


def _has_failed(future: Future[Coverage]) -> bool:
    return future.cancelled() or (future.done() and future.exception() is not None)
