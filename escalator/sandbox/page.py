"""The state of the sandbox for its page: people, messages that would have been sent, and incidents."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files

from sqlalchemy import Connection

from escalator.channels.stand_in import Json
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.rendering.iso_timestamps import exact
from escalator.sandbox.incident_views import newest_incidents
from escalator.sandbox.messages import shown
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.process_liveness import SWEEPER, WEB
from escalator.store import policies, processes, sandbox_inbox
from escalator.store.leases import HEARTBEAT_TIMEOUT
from escalator.store.processes import Process
from escalator.stream.samples import SAMPLES

MOST_MESSAGES = 300
VIEWS_STAY = timedelta(minutes=5)
"""How long a window is kept: only one person sees it, and only for a short time."""

_PROCESSES_STAY = timedelta(minutes=1)


def sandbox_state(core: Core, viewer: Viewer | None = None) -> Json:
    """Return the state as JSON, as `web/static/api.js` describes it. Raises Unavailable and ContentLocked.

    Outside sandbox mode `viewer` is the signed-in person, and it has only what they may see.
    """
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        audience = audience_of(connection, viewer, running.policy) if viewer and running else None
        items = sandbox_inbox.newest(connection, MOST_MESSAGES, now - VIEWS_STAY, audience)
        alive = processes.alive_since(connection, now - _PROCESSES_STAY)
        is_all_sandbox = core.settings.mode is Mode.SANDBOX
        return {
            "mode": core.settings.mode.value,
            "now": exact(now),
            "reached_nobody": sandbox_inbox.count_incidents(connection),
            "can_kill": core.settings.can_kill_worker and is_all_sandbox,
            "demo_policy": running is not None and _is_demo(connection, running),
            "people": _people(core, running.policy) if running else [],
            "groups": _groups(core, running.policy) if running else [],
            "samples": [
                {"name": name, "title": _sentence(sample.about)} for name, sample in SAMPLES.items() if is_all_sandbox
            ],
            "workers": _workers([process for process in alive if process.kind != WEB], now),
            "messages": [shown(core, item, running.policy if running else None) for item in items],
            "incidents": newest_incidents(core, connection, running, audience) if running else [],
        }


def _sentence(about: str) -> str:
    return about[:1].upper() + about[1:]


@lru_cache(maxsize=1)
def _demo_sha256() -> str:
    return hashlib.sha256(files("escalator.policy").joinpath("demo.yml").read_bytes()).hexdigest()


def _is_demo(connection: Connection, running: RunningPolicy) -> bool:
    return policies.sha256_of(connection, running.version) == _demo_sha256()


def _people(core: Core, policy: Policy) -> list[Json]:
    return [
        {
            "key": key,
            "name": person.name,
            "role": person.role.value,
            "slack": core.expand(person.slack or "") or None,
            "email": core.expand(person.email or "") or None,
            "pagerduty": core.expand(person.pagerduty or "") or None,
            "timezone": (person.timezone or policy.timezone).key,
        }
        for key, person in policy.people.items()
    ]


def _groups(core: Core, policy: Policy) -> list[Json]:
    """Return the teams that are user groups in Slack."""
    return [
        {"slack": slack, "name": team.key, "members": list(team.members)}
        for team in policy.teams.values()
        if (slack := core.expand(team.slack_group or ""))
    ]


def _workers(processes: Iterable[Process], now: datetime) -> list[Json]:
    """Return the processes, each once: one that sweeps is a worker."""
    by_pid: dict[tuple[str, int], list[Process]] = defaultdict(list)
    for process in processes:
        by_pid[process.host, process.pid].append(process)
    return [
        {
            "kind": "worker" if any(process.kind == SWEEPER for process in group) else group[0].kind,
            "pid": pid,
            "started_at": exact(min(process.started_at for process in group)),
            "beat_at": exact(max(process.last_heartbeat_at for process in group)),
            "alive": max(process.last_heartbeat_at for process in group) > now - HEARTBEAT_TIMEOUT,
        }
        for (_host, pid), group in by_pid.items()
    ]
