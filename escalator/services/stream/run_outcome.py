"""What a run over a source's queue has found, and what that means for the next one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from escalator.channels.stream.review_queue import MOST_ITEMS
from escalator.engine.reconciliation import RECOVERED, Finding
from escalator.metrics import RECONCILED
from escalator.model.message import Failed, FailureReason
from escalator.services.core.context import Core
from escalator.store.stream_sync import SyncState

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Reconciled:
    """What a run has found; `failure` where it ended early, `is_cut` where there is more to read."""

    findings: dict[str, Finding] = field(default_factory=dict)
    failure: Failed | None = None
    is_cut: bool = False
    skipped: int = 0
    skipped_until: datetime | None = None

    @property
    def counts(self) -> Counter[Finding]:
        """Return how many items meant what."""
        return Counter(self.findings.values())

    def add(self, findings: Mapping[str, Finding]) -> None:
        """Add what items meant; one that was recovered in this run counts as that, also when it is read again."""
        self.findings |= {item: found for item, found in findings.items() if self.findings.get(item) not in RECOVERED}


def state_after(core: Core, source: str, result: Reconciled, state: SyncState, now: datetime) -> dict[str, object]:
    """Return the changes of a source's state after a run; log what somebody should know."""
    changes: dict[str, object] = {"page_limit": _next_limit(state.page_limit, result.failure)}
    if result.skipped:
        core.metrics.count(RECONCILED, result.skipped, source=source, outcome="too_large")
        changes |= {"skipped": state.skipped + result.skipped, "skipped_until": result.skipped_until}
        log.error("stream_item_too_large", source=source, items=result.skipped)
    if result.failure is not None:
        reason = result.failure.reason.value + (f": {result.failure.detail}" if result.failure.detail else "")
        log.warning("stream_queue_unread", source=source, reason=reason)
        return changes | {"failure": reason, "failing_since": state.failing_since or now}
    found = {finding.value: count for finding, count in result.counts.items() if count and finding is not Finding.KNOWN}
    if found:
        log.info("stream_queue_compared", source=source, **found)
    return changes | {"ran_at": now, "failing_since": None, "failure": ""}


def _next_limit(limit: int | None, failure: Failed | None) -> int | None:
    """Return how many items the next run asks for at once: on a slow line a page of large items takes too long."""
    if failure is not None and failure.reason is FailureReason.TIMEOUT:
        return max((limit or MOST_ITEMS) // 2, 1)
    if failure is not None or limit is None:
        return limit
    return limit * 2 if limit * 2 < MOST_ITEMS else None
