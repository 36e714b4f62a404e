"""Probing: a destination whose calls time out again and again is tried by one call at a time until it answers.

What is known of it is shared by all processes, and outlives them (table `destinations`). A host whose calls all time
out, whichever of its destinations they are for, makes every one of them such a destination.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from escalator.channels.contract import CALL_ENDS_S
from escalator.model.message import Failed, FailureReason
from escalator.model.ranks import Mode
from escalator.services.bulkheads import Lane
from escalator.services.calls import Outcome
from escalator.store import destinations
from escalator.store.destinations import Health

LINE_TIMEOUTS = 3
"""How many calls to a destination time out in a row before it counts as one that hangs."""

HOST_TIMEOUTS = 6
"""How many calls to a host do, whichever of its destinations they are for."""

PROBE_ENDS = timedelta(seconds=CALL_ENDS_S + 10)
"""When a probe of which nothing has been heard is over: its process has died."""

PROBE_PATIENCE = timedelta(seconds=5)
"""How long a page waits for the probe of a destination that may be well: beyond that, another way is looked for."""

NOT_ANSWERING = Failed(FailureReason.TIMEOUT, "not_answering")
"""What becomes of a page that goes another way because its destination hangs."""

_WELL = Health()
_NO_CALL = frozenset(
    {
        FailureReason.PACED,
        FailureReason.UNREACHABLE,
        FailureReason.NOT_CONFIGURED,
        FailureReason.FORBIDDEN,
        FailureReason.NO_CONTACT,
        FailureReason.EXPIRED,
        FailureReason.UNKNOWN,
    }
)
"""What says neither that somebody answers nor that nobody does."""


class Way(StrEnum):
    """What to do with what is to be told to a destination: call, call as the only one, tell another, or wait."""

    CALL = "call"
    PROBE = "probe"
    ELSEWHERE = "elsewhere"
    WAIT = "wait"


def way(line: Health, host: Health, now: datetime, *, has_another_way: bool, is_expired: bool = False) -> Way:
    """Return what to do with what is to be told on this line."""
    if line.timeouts < LINE_TIMEOUTS and host.timeouts < HOST_TIMEOUTS:
        return Way.CALL
    if is_expired:
        return Way.ELSEWHERE
    if line.probed_at is None or line.probed_at <= now - PROBE_ENDS:
        return Way.PROBE
    has_waited = line.timeouts >= LINE_TIMEOUTS or line.probed_at <= now - PROBE_PATIENCE
    return Way.ELSEWHERE if has_another_way and has_waited else Way.WAIT


@dataclass(slots=True)
class Probes:
    """Which lines hang, as seen in one transaction, and the probes that it begins."""

    connection: Connection
    now: datetime
    _known: dict[str, Health] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = destinations.unwell(self.connection)

    def way(self, lane: Lane, *, has_another_way: bool = False, is_expired: bool = False) -> Way:
        """Return what to do with what is to be told on this lane."""
        line, host = (self._known.get(name, _WELL) for name in (lane.destination, lane.host))
        return way(line, host, self.now, has_another_way=has_another_way, is_expired=is_expired)

    def hangs(self, lane: Lane) -> bool:
        """Whether what is told on this lane is more than a call."""
        return self.way(lane) is not Way.CALL

    def plan(self, lane: Lane) -> None:
        """Count on a probe of this lane: no other is begun meanwhile."""
        known = self._known.get(lane.destination, _WELL)
        self._known[lane.destination] = Health(known.timeouts, self.now)

    def begin(self, lane: Lane) -> bool:
        """Begin a probe, unless another process has begun one."""
        return destinations.begin_probe(self.connection, lane.destination, self.now, self.now - PROBE_ENDS)


def note_answers(connection: Connection, outcomes: Iterable[Outcome]) -> None:
    """Note who has answered and who has not, by what became of calls to them."""
    heard: set[str] = set()
    timeouts: Counter[str] = Counter()
    probes: set[str] = set()
    for one in outcomes:
        lane = one.sent.lane
        if one.sent.is_probe:
            probes.add(lane.destination)
        if not _is_real(one):
            continue
        if isinstance(one.result, Failed) and one.result.reason is FailureReason.TIMEOUT:
            timeouts.update((lane.destination, lane.host))
        else:
            heard |= {lane.destination, lane.host}
    missed = {name: count for name, count in timeouts.items() if name not in heard}
    destinations.count_timeouts(connection, missed)
    known: Mapping[str, Health] = destinations.unwell(connection) if heard or probes else {}
    destinations.end_probes(connection, probes & known.keys())
    destinations.note_answers(connection, heard & known.keys())


def _is_real(one: Outcome) -> bool:
    """Whether an outcome says something of its destination: somebody there was asked."""
    sent, result = one.sent, one.result
    if sent.refused is not None or sent.mode is Mode.SANDBOX or not sent.lane.destination:
        return False
    if isinstance(result, Failed):
        return result.reason not in _NO_CALL
    # A post that shows what it should already needs no call.
    return sent.delivery is not None or sent.post is None or sent.post.face != result.face


def has_hung(outcome: Outcome) -> bool:
    """Whether a delivery has met a destination that hangs: whoever has another way is told by that at once."""
    result = outcome.result
    is_timeout = isinstance(result, Failed) and result.reason is FailureReason.TIMEOUT
    return result == NOT_ANSWERING or (outcome.sent.is_probe and is_timeout)
