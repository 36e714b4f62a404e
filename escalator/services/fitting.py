"""A new version of the policy may let other categories fit what is stored already: who may see it is asked by them.

Events keep `incidents.fits` true as they come; this looks through what no event has touched since. It only ever adds.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from escalator.engine.classify import assess
from escalator.errors import PolicyError
from escalator.model.policy import Policy
from escalator.services.core import Core
from escalator.store import fitting, policies, processes
from escalator.store.fitting import Known

log = structlog.get_logger(__name__)

_PROGRESS = "fits"
_DONE = "done"
BATCH = 200
_MOST_BATCHES = 10
"""In one turn: the other housekeeping has its own turn between."""
_EVERY = timedelta(seconds=2)
_SETTLED = timedelta(seconds=20)
"""A transaction that began under the version before has ended by then: what it writes is looked at too."""


def refit(core: Core, size: int = BATCH) -> None:
    """Go on looking through the incidents until all have been assessed by the active version. Raises Unavailable."""
    with core.database.reading() as connection:
        if _next(connection, core) is None:
            return
    with core.database.writing() as connection:
        if not processes.take_job(connection, "fits", core.clock.now(), _EVERY):
            return
    for _turn in range(_MOST_BATCHES):
        if not _refit_batch(core, size):
            return


def _next(connection: Connection, core: Core) -> tuple[UUID, UUID] | None:
    """Return the active version and the id after which to go on; None when nothing is to do, or not yet."""
    version = policies.settled(connection, core.clock.now() - _SETTLED)
    if version is None:
        return None
    known = processes.recall(connection, _PROGRESS) or ""
    looked_by, _, after = known.partition(" ")
    if looked_by != str(version):
        return version, UUID(int=0)
    return None if after == _DONE else (version, UUID(after))


def _refit_batch(core: Core, size: int) -> bool:
    """Look through one batch; whether there may be another."""
    with core.database.reading() as connection:
        found = _next(connection, core)
        if found is None:
            return False
        version, after = found
        batch = fitting.batch(connection, after, size, core.seal)
        running = core.policies.version(connection, version)
        more = {one.id: fits for one in batch if (fits := _added(core, connection, one, running))}
    has_more = len(batch) == size
    with core.database.writing() as connection:
        fitting.unite(connection, more)
        reached = str(batch[-1].id) if has_more else _DONE
        processes.remember(connection, _PROGRESS, f"{version} {reached}", core.clock.now())
    if more:
        log.info("incidents_refitted", incidents=len(more), version=str(version))
    return has_more


def _added(core: Core, connection: Connection, one: Known, running: Policy) -> frozenset[str]:
    """Return the categories that fit an incident beside those that are known to."""
    if one.facts is None:
        log.warning("incident_unreadable", incident_id=str(one.id))
        return frozenset()
    asked = (running, *_frozen(core, connection, one))
    return frozenset(key for policy in asked for key in assess(one.facts, policy).categories).difference(one.fits)


def _frozen(core: Core, connection: Connection, one: Known) -> Iterator[Policy]:
    """Yield the policy that an incident goes by; one that this version of the product cannot read says nothing."""
    try:
        yield core.policies.version(connection, one.frozen)
    except PolicyError:
        log.warning("policy_unreadable", version=str(one.frozen))
