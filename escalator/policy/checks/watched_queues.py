"""Watched queues: can Stream be asked by their conditions, and is there a source to be asked."""

from collections.abc import Iterator

from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding
from escalator.stream.review_queue_filters import not_filtered


def check_queues(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield each condition of a queue that Stream's review queue cannot be filtered by."""
    for index, queue in draft.queues.items():
        for problem in not_filtered(queue.when, draft.severity):
            yield PolicyFinding(("queues", index, "when", problem.condition), problem.what, problem.right)
