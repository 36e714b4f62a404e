"""Publishes digests at their times, each once, whichever process sees first that it is due.

A digest's row says until when it has been sent. It is written in the transaction of the message, so a process that dies
neither repeats nor loses one; after an outage the newest is sent, for the time of all that were missed.
"""

from datetime import timedelta

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.digests import DigestPeriod, next_turn
from escalator.engine.targets import resolve_targets
from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.model.policy import Digest
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import operator_alert_mode
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.notifications.bulletins import publish_bulletin
from escalator.store import digests, jobs

JOB = "digests"
"""Its name in the table of jobs."""

EVERY = timedelta(seconds=5)


def publish_due_digests(core: Core) -> None:
    """Publish every digest that is due. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        known = digests.turns(connection)
    policy = running.policy
    removed = known.keys() - {digest.name for digest in policy.digests}
    due = [
        digest
        for digest in policy.digests
        if next_turn(digest, policy.timezone, known.get(digest.name), now)[0] != known.get(digest.name)
    ]
    if due or removed:
        _publish(core)


def _publish(core: Core) -> None:
    """Look again, as the only process that does."""
    with unit_of_work(core) as work:
        connection, now = work.connection, core.clock.now()
        running = core.policies.running(connection)
        if running is None or not jobs.claim_due(connection, JOB, now, EVERY):
            return
        policy, known = running.policy, digests.turns(connection)
        digests.forget(connection, known.keys() - {digest.name for digest in policy.digests})
        for digest in policy.digests:
            turn, period = next_turn(digest, policy.timezone, known.get(digest.name), now)
            if turn != known.get(digest.name):
                digests.save(connection, digest.name, turn)
            if period is not None:
                work.has_deliveries |= _publish_one(core, connection, running, digest, period)


def _publish_one(
    core: Core, connection: Connection, running: RunningPolicy, digest: Digest, period: DigestPeriod
) -> bool:
    now = core.clock.now()
    body = {
        "digest": digest.name,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "has_missed": period.has_missed,
    }
    recipients = resolve_targets(digest.to, None, running.roster(now)).recipients
    new = Bulletin(uuid7(), BulletinKind.DIGEST, now, body)
    return publish_bulletin(core, connection, new, recipients, operator_alert_mode(core.settings)) > 0
