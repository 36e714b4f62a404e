"""`doctor` looks at the queues that sources of the policy name: can they be read, and does a process read them?"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from typing import cast

from escalator.channels.aws.queue import EventQueue
from escalator.commands.findings import UNREACHED_REMEDY, Finding, Status
from escalator.commands.sqs import MISSING
from escalator.errors import Unavailable
from escalator.lazy_imports import LazyImport
from escalator.model.levels import Mode
from escalator.model.message import Failed
from escalator.model.policy import Policy
from escalator.rendering.probe_failures import NOBODY_ANSWERED, probe_words
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.intake.queues import queues_of
from escalator.store import health

_LEAST_KEPT = timedelta(days=1)


def queues(core: Core, policy: Policy, open_queue: Callable[[str], EventQueue] | None = None) -> Iterator[Finding]:
    """Look at every queue. In the sandbox nothing is asked: nothing leaves it."""
    addresses = queues_of(core, policy)
    if not addresses or core.settings.mode is Mode.SANDBOX:
        return
    if find_spec("boto3") is None:
        yield Finding("sqs", Status.FAIL, MISSING)
        return
    yield from _processes(core)
    for source, address in addresses.items():
        yield from _queue(source, (open_queue or _sqs(core))(address))


def _sqs(core: Core) -> Callable[[str], EventQueue]:
    """Return what opens a queue; boto3 is imported when the first one is asked."""

    def opened(address: str) -> EventQueue:
        queue = LazyImport("escalator.channels.aws.sqs", "SqsQueue", address, core.settings.environment)
        return cast("EventQueue", queue)

    return opened


def _processes(core: Core) -> Iterator[Finding]:
    try:
        with core.database.reading() as connection:
            running = health.read_health(connection, core.clock.now()).queue_readers
    except Unavailable:
        return
    if running:
        yield Finding("sqs", Status.OK, f"{running} running")
    else:
        remedy = "start one: `escalator sqs`, or the Procfile's sqs"
        yield Finding("sqs", Status.FAIL, "no process reads the queues: their events wait there", remedy)


def _queue(source: str, queue: EventQueue) -> Iterator[Finding]:
    what, state = f"queue of {source}", queue.state()
    if isinstance(state, Failed):
        remedy = "check its address in the policy, AWS's credentials, and the permissions of the README"
        yield Finding(
            what, Status.FAIL, probe_words(state), UNREACHED_REMEDY if state.reason in NOBODY_ANSWERED else remedy
        )
        return
    waiting = f"{state.waiting} waiting" if state.waiting else "nothing waits"
    yield Finding(what, Status.OK, f"reachable; {waiting}")
    if not state.has_dead_letter_queue:
        remedy = "add a dead-letter queue with 20 receives or more, so that nothing comes again and again"
        yield Finding(what, Status.WARN, "has no dead-letter queue", remedy)
    if state.kept_for < _LEAST_KEPT:
        remedy = "keep them for 4 days or longer, so that an outage loses none"
        yield Finding(what, Status.WARN, f"keeps events for {words(state.kept_for)} only", remedy)
