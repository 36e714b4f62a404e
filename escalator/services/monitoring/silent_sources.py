"""Detects sources that are silent for unusually long or never sent an event: the webhook may point elsewhere."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalator.model.levels import Mode
from escalator.model.policy import Policy, Source
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.monitoring.problems import SILENT_SOURCE
from escalator.store import jobs, key_values, source_activity

JOB = "silent_sources"
"""Its name in the table of jobs."""

EVERY = timedelta(minutes=5)
_LOOK_BACK = timedelta(days=14)
_ENOUGH = 20
"""How many events are needed to know a source's usual rate."""
_LONGER_BY = 2
_LEAST = timedelta(hours=1)


def check_silent_sources(core: Core) -> None:
    """Alert once about every source that became silent; resolve it at its next event. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        silent = [key for key, _detail in OperatorAlerts(connection, now).list_open() if key.startswith(SILENT_SOURCE)]
        over = [key for key in silent if not _is_silent_on(connection, core, key)]
    with core.database.writing() as connection:
        OperatorAlerts(connection, now).resolve(*over)
        if not jobs.claim_due(connection, JOB, now, EVERY):
            return
        running = core.policies.running(connection)
        if running is not None:
            _find(core, connection, running, now)


def _is_silent_on(connection: Connection, core: Core, key: str) -> bool:
    """Whether a silent source has sent no event since; sources removed or switched off do not count."""
    source = key.removeprefix(SILENT_SOURCE)
    running = core.policies.running(connection)
    if running is None or source not in running.policy.sources or not _is_on(core, running.policy.sources[source]):
        return False
    heard_at = source_activity.last_event_at(connection, source)
    return heard_at is None or core.clock.now() - heard_at > _LEAST


def _find(core: Core, connection: Connection, running: RunningPolicy, now: datetime) -> None:
    for source in running.policy.sources:
        heard_at = source_activity.last_event_at(connection, source)
        if heard_at is None:
            _alert_never_heard(core, connection, running.policy, source, now)
            continue
        if now - heard_at <= _LEAST:
            continue
        usual = _longest_silence(connection, source, now)
        if usual is not None and now - heard_at > max(_LONGER_BY * usual, _LEAST):
            detail = f"no event from {source} for {words(now - heard_at)}; until now, never more than {words(usual)}"
            OperatorAlerts(connection, now).raise_alert(
                f"{SILENT_SOURCE}{source}", detail, running.policy, core.settings
            )


def _is_on(core: Core, source: Source) -> bool:
    return bool(core.expand(source.api_key).strip())


def _alert_never_heard(core: Core, connection: Connection, policy: Policy, source: str, now: datetime) -> None:
    """Alert about a source that never sent an event since it was first expected, outside the sandbox."""
    known = policy.sources[source]
    if core.mode_of(source, policy) is Mode.SANDBOX or not _is_on(core, known):
        return
    expected = key_values.get_with_time(connection, f"expected:{source}")
    if expected is None:
        key_values.save(connection, f"expected:{source}", "", now)
    elif now - expected.updated_at >= known.expect_within:
        detail = (
            f"{source} has never sent an event, for {words(now - expected.updated_at)}; check its webhook URL in Stream"
        )
        OperatorAlerts(connection, now).raise_alert(f"{SILENT_SOURCE}{source}", detail, policy, core.settings)


def _longest_silence(connection: Connection, source: str, now: datetime) -> timedelta | None:
    """Return a source's longest time between two events; None when it has had too few events."""
    since = now - _LOOK_BACK
    if not source_activity.has_at_least(connection, source, _ENOUGH, since):
        return None
    return source_activity.longest_gap(connection, source, since, now)
