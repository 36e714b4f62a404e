"""The controls of the sandbox page: send a sample, make a deadline due, kill a worker."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

from sqlalchemy import select, true

from escalator.channels.stand_in import Refused
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.ports import PROCESS_EVENTS
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.core.process_liveness import SWEEPER
from escalator.services.incidents.escalation import fire_incident_now
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.services.intake.store_event import IntakeResult
from escalator.store import processes
from escalator.store.leases import HEARTBEAT_TIMEOUT
from escalator.store.tables import incidents
from escalator.stream.samples import SAMPLES, sample
from escalator.stream.signature import sign

_REAL = "Messages are really sent here. Use `escalator sample --drill`: it sends an alert marked as a drill."


def send_sample(core: Core, receiver: WebhookReceiver, name: str) -> IntakeResult | Refused:
    """Receive a realistic event like a webhook of Stream, signed with the source's own secret.

    Raises what the receiver raises.
    """
    if core.settings.mode is not Mode.SANDBOX:
        return Refused(_REAL)
    if name not in SAMPLES:
        return Refused(f"There is no sample called {name}.")
    with core.database.reading() as connection:
        running = core.policies.running(connection)
    credentials = next(_credentials(core, running.policy), None) if running else None
    if credentials is None:
        return Refused(
            "No source of the policy has an API key and secret: set the variables that it names, and start again."
        )
    api_key, secret = credentials
    body = sample(name, core.clock.now(), lambda: str(uuid4()))
    accepted = receiver.receive(WebhookRequest(body, api_key, sign(body, secret), str(uuid4())))
    core.queue.publish(PROCESS_EVENTS)
    return accepted


def _credentials(core: Core, policy: Policy) -> Iterator[tuple[str, str]]:
    for source in policy.sources.values():
        api_key = core.expand(source.api_key)
        secret = next(
            (secret_value for unexpanded in source.api_secrets if (secret_value := core.expand(unexpanded)).strip()),
            None,
        )
        if api_key and secret:
            yield api_key, secret


def expire_deadline(core: Core, number: int, viewer: Viewer | None = None) -> Refused | None:
    """Move the deadline of a sandbox incident to now; the workers fire it. Raises Unavailable.

    Outside sandbox mode `viewer` is the signed-in person: incidents that they may not see do not exist for them.
    """
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        may_see = audience_of(connection, viewer, running.policy).may_see() if viewer and running else true()
        mode = connection.scalar(select(incidents.c.mode).where(incidents.c.number == number, may_see))
    if mode != Mode.SANDBOX:
        return Refused(f"There is no #{number} in the sandbox.")
    return None if fire_incident_now(core, number) else Refused(f"#{number} has no deadline.")


def kill_worker(core: Core) -> int | Refused:
    """Kill the newest living worker of this machine, with its main process, without a warning; return its pid.

    Only a worker in our own process group, which `run` has started, is killed: another process may have the pid in the
    database by now. Raises Unavailable.
    """
    if core.settings.mode is not Mode.SANDBOX:
        return Refused(_REAL)
    if not core.settings.can_kill_worker:
        return Refused("Only a worker started by `escalator run` can be killed here: it is restarted automatically.")
    since = core.clock.now() - HEARTBEAT_TIMEOUT
    with core.database.reading() as connection:
        alive = processes.alive_since(connection, since)
    for process in reversed(alive):
        if process.kind == SWEEPER and process.host == socket.gethostname()[:256] and _kill(process.pid):
            return process.pid
    return Refused("No worker is running right now.")


def _kill(pid: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        if pid != os.getpid() and os.getpgid(pid) == os.getpgrp():
            os.kill(pid, signal.SIGKILL)
            return True
    return False
