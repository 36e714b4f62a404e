"""Detects by time what is not delivered: destinations that fail for minutes, incidents that reached nobody."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.endpoints import all_endpoints as endpoints_of
from escalator.engine.operator_alerts import SuspectedChannels
from escalator.engine.permissions import people_allowed_to_view
from escalator.engine.roster import Roster
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import DESTINATION, OperatorAlerts
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.delivery.destination_health import FAILING_FOR
from escalator.services.delivery.fallbacks import create_fallbacks
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.monitoring.problems import UNREACHED, unreached_words
from escalator.store import deliveries, endpoint_health, jobs
from escalator.store.endpoint_health import FAILURE_STREAK_GAP, FailingEndpoint
from escalator.store.unreached_incidents import channels_of, unreached

JOB = "undelivered"
"""Its name in the table of jobs."""

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=5)
UNREACHED_AFTER = timedelta(minutes=1)
"""How long after its first page an incident without a delivered page counts as unreached."""

_MOST_NEW = 200
"""For how many incidents one check raises alerts; the next check goes on."""


def check_undelivered(core: Core) -> None:
    """Alert about failing destinations and incidents that reached nobody; resolve ended ones. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        if not jobs.is_due(connection, JOB, now):
            return
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.running(connection)
        if running is None or not jobs.claim_due(connection, JOB, now, EVERY):
            return
        has_alerts = _find_failing(TransactionContext(core, connection, running, now))
        has_alerts |= _find_unreached(core, connection, running.policy, now)
        work.has_deliveries = has_alerts


def _find_failing(
    context: TransactionContext,
) -> bool:
    """Raise alerts for failing endpoints, create fallbacks for what waits there, forget removed ones."""
    alerts, named = OperatorAlerts(context.connection, context.now), endpoints_of(context.policy)
    rows = [
        endpoint
        for endpoint in endpoint_health.failing(context.connection, context.now - FAILING_FOR)
        if endpoint.endpoint in named
    ]
    waiting = deliveries.unfinished_at(context.connection, [row.endpoint for row in rows])
    waits_at = {delivery.endpoint for delivery in waiting}
    has_told = False
    for row in rows:
        if row.endpoint in waits_at or _has_failed_lately(row, context.now):
            detail = (
                f"no message to {row.endpoint} has been delivered for {words(context.now - row.since)}: {row.reason}"
            )
            suspects = SuspectedChannels(kinds=frozenset({row.channel}))
            has_told |= alerts.raise_alert(
                f"{DESTINATION}{row.endpoint}", detail, context.policy, context.core.settings, suspects=suspects
            )
    known = alerts.failing_endpoints()
    # Those dealing with one now have locked it: it is left to them and to the next check.
    cut_off = deliveries.lock_unfinished(
        context.connection, [delivery.id for delivery in waiting if delivery.endpoint in known]
    )
    has_told |= bool(create_fallbacks(context, cut_off, SuspectedChannels(frozenset(known.values()))))
    open_keys = {key for key, _detail in alerts.list_open() if key.startswith(DESTINATION)}
    alerts.resolve(*sorted(open_keys - {DESTINATION + endpoint for endpoint in named}))
    return has_told


def _has_failed_lately(endpoint: FailingEndpoint, now: datetime) -> bool:
    """Whether its calls failed for long enough until lately, or its vendor asks for a longer wait."""
    is_closed = endpoint.paused_until is not None and endpoint.paused_until > now
    is_lately = now - endpoint.last_failed_at < FAILURE_STREAK_GAP
    return is_closed or (is_lately and endpoint.last_failed_at - endpoint.since >= FAILING_FOR)


def _find_unreached(core: Core, connection: Connection, policy: Policy, now: datetime) -> bool:
    """Raise an alert for each incident that reached nobody; send one for all new ones.

    It must not use the channels on which their pages failed.
    """
    alerts = OperatorAlerts(connection, now)
    known = {int(key.removeprefix(UNREACHED)) for key, _detail in alerts.list_open() if key.startswith(UNREACHED)}
    is_real = core.settings.mode is not Mode.SANDBOX
    unreached_incidents = unreached(connection, now - UNREACHED_AFTER, known, _nobody(policy, now)) if is_real else {}
    alerts.resolve(*(_key(number) for number in sorted(known - unreached_incidents.keys())))
    new = [number for number in unreached_incidents if number not in known][:_MOST_NEW]
    if not new:
        return False
    log.warning("incidents_unreached", incidents=len(new))
    suspects = SuspectedChannels(kinds=channels_of(connection, [unreached_incidents[number] for number in new]))
    first, *others = new
    has_told = alerts.raise_alert(_key(first), unreached_words(new), policy, core.settings, suspects=suspects)
    for number in others:
        alerts.record_silently(_key(number), unreached_words([number]))
    return has_told


def _nobody(policy: Policy, now: datetime) -> dict[str | None, list[str]]:
    """Return the people who do not count as reached: by role, and by restricted category."""
    allowed: dict[str | None, frozenset[str] | None] = {None: None}
    allowed.update({key: people_allowed_to_view([key], policy) for key in policy.categories})
    rosters = {key: Roster(policy, now, allowed=people) for key, people in allowed.items()}
    people_by_source = {
        key: [f"{PERSON_PREFIX}{person}" for person in policy.people if not roster.may_acknowledge(person)]
        for key, roster in rosters.items()
    }
    return {
        key: people
        for key, people in people_by_source.items()
        if people and (key is None or people != people_by_source[None])
    }


def _key(number: int) -> str:
    return f"{UNREACHED}{number}"
