"""Updates who may see stored incidents when a new policy version has other categories that match them.

New events keep `incidents.matched_categories` up to date; this checks again what was matched by other categories, also
what a process has written meanwhile with the version before. Until then, people who may not see everything do not see
it (`store.visibility`). It only ever adds.
"""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from escalator.engine.categorize import assess, category_rules_digest
from escalator.errors import PolicyError
from escalator.model.policy import Policy
from escalator.services.core.context import Core
from escalator.store import jobs, visibility_backfill
from escalator.store.visibility_backfill import MatchedCategories

JOB = "fits"
"""Its name in the table of jobs."""

log = structlog.get_logger(__name__)

BATCH = 200
_MOST_BATCHES = 10
"""In one run, so that the other housekeeping gets its turn."""
_EVERY = timedelta(seconds=1)


def backfill_visibility(core: Core, size: int = BATCH) -> None:
    """Run until all incidents are matched by the running policy. Raises Unavailable."""
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        if (
            running is None
            or visibility_backfill.find_outdated_mark(connection, category_rules_digest(running.policy)) is None
        ):
            return
    with core.database.writing() as connection:
        if not jobs.claim_due(connection, JOB, core.clock.now(), _EVERY):
            return
    for _turn in range(_MOST_BATCHES):
        if not _refit_batch(core, running.policy, size):
            return


def _refit_batch(core: Core, running: Policy, size: int) -> bool:
    """Match one batch; whether more may remain."""
    mark = category_rules_digest(running)
    with core.database.reading() as connection:
        old = visibility_backfill.find_outdated_mark(connection, mark)
        if old is None:
            return False
        judgements = visibility_backfill.read_batch(connection, old, size, core.seal)
        added = {
            judgement.id: fits for judgement in judgements if (fits := _added(core, connection, judgement, running))
        }
    with core.database.writing() as connection:
        visibility_backfill.add_categories(connection, judgements, added, mark)
    if added:
        log.info("incidents_refitted", incidents=len(added))
    return True


def _added(core: Core, connection: Connection, judgement: MatchedCategories, running: Policy) -> frozenset[str]:
    """Return the categories that match an incident besides the known ones."""
    if judgement.facts is None:
        log.warning("incident_unreadable", incident_id=str(judgement.id))
        return frozenset()
    policies = (running, *_frozen(core, connection, judgement))
    return frozenset(key for policy in policies for key in assess(judgement.facts, policy).categories).difference(
        judgement.matched_categories
    )


def _frozen(core: Core, connection: Connection, judgement: MatchedCategories) -> Iterator[Policy]:
    """Yield the policy of an incident; nothing if this version of the product cannot read it."""
    try:
        yield core.policies.version(connection, judgement.frozen)
    except PolicyError:
        log.warning("policy_unreadable", version=str(judgement.frozen))
