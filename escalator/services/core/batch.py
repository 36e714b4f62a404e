"""Runs a batch in one transaction, and item by item if that fails, so that one bad item does not block the others."""

from collections.abc import Callable, Sequence
from uuid import UUID

import structlog

from escalator.errors import Conflict, Unavailable

log = structlog.get_logger(__name__)


def run_batch(
    job: str,
    ids: Sequence[UUID],
    *,
    together: Callable[[], int],
    alone: Callable[[UUID], int],
    failed: Callable[[UUID, str], None],
) -> int:
    """Run a batch and return how many items were taken. Raises Unavailable.

    `together` adds to `taken` what it has taken before anything can fail. When it fails, each item is run with `alone`;
    `failed` is called with those that fail again and the kind of error. A lost race is no failure.
    """
    try:
        return together()
    except Unavailable:
        raise
    except Conflict:
        log.info("batch_raced", what=job, count=len(ids))
    except Exception:  # an error of one item must not stop the others
        log.exception("batch_failed", what=job, count=len(ids))
    for item_id in ids:
        try:
            alone(item_id)
        except Unavailable:
            raise
        except Conflict:
            log.info("item_raced", what=job, id=str(item_id))
        except Exception as error:
            log.exception("item_failed", what=job, id=str(item_id))
            failed(item_id, type(error).__name__)
    return len(ids)
