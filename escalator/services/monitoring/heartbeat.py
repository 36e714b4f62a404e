"""The heartbeat: a call to an outside monitor, only if nothing is late and every alert has reached somebody."""

from urllib.request import Request

import structlog

from escalator.channels.deadline_socket import Limits, tls
from escalator.channels.http import BROKEN, exchange
from escalator.services.core.context import Core
from escalator.services.monitoring.problems import UNREACHED, is_late
from escalator.store import health, jobs

JOB = "heartbeat"
"""Its name in the table of jobs."""

log = structlog.get_logger(__name__)

LIMITS = Limits(socket_s=5.0, total_s=9.0)


def send_heartbeat(core: Core) -> None:
    """Call the monitor when due; it alerts when calls stop. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        product_health = health.read_health(connection, now)
    rule = running.policy.heartbeat if running else None
    url = core.expand(rule.url).strip() if rule else ""
    if rule is None or not url or is_late(product_health, now) or product_health.count_of(UNREACHED):
        return
    with core.database.writing() as connection:
        is_due = jobs.claim_due(connection, JOB, now, rule.every)
    if is_due:
        _call(url)


def _call(url: str) -> None:
    """Request the address, always within LIMITS; only the status of the response is read."""
    if not url.startswith(("https://", "http://")):
        log.warning("heartbeat_failed", reason="not_a_url")
        return
    try:
        answer = exchange(Request(url), LIMITS, tls(), wants_body=False)  # noqa: S310  # the scheme is checked above
    except BROKEN as error:
        log.warning("heartbeat_failed", reason=type(error).__name__)
        return
    if answer.status < 300:
        log.debug("heartbeat", status=answer.status)
    else:
        log.warning("heartbeat_failed", status=answer.status)
