"""Circuit breakers: an endpoint whose calls repeatedly time out gets one call at a time until it answers.

An endpoint's circuit is open after so many time-outs in a row, or when its host had so many, for any of its endpoints.
The state is shared by all processes and outlives them (table `endpoint_health`). The sandbox calls nobody, so it
neither opens a circuit nor honors one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from escalator.channels.contract import CALL_ENDS_S
from escalator.model.levels import Mode
from escalator.model.message import Failed, FailureReason
from escalator.services.outbound.bulkheads import Lane
from escalator.services.outbound.call import CallOutcome
from escalator.store import endpoint_health
from escalator.store.endpoint_health import EndpointState, HealthUpdates

ENDPOINT_TIMEOUTS = 3
"""After so many time-outs in a row an endpoint's circuit opens."""

HOST_TIMEOUTS = 6
"""The same for a host, for any of its endpoints."""

PROBE_ENDS = timedelta(seconds=CALL_ENDS_S + 10)
"""When a probe without a result is over: its process has died."""

PROBE_PATIENCE = timedelta(seconds=5)
"""How long a page waits for the probe of an endpoint that may be well; then its fallback is sent."""

NOT_ANSWERING = Failed(FailureReason.TIMEOUT, "not_answering")
"""The result of a page whose fallback is sent because its endpoint hangs."""

_WELL = EndpointState()
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
"""Results that show neither that an endpoint answers nor not."""


class BreakerDecision(StrEnum):
    """What to do with a delivery: call, call as the only one, fail at once for its fallback, or wait."""

    CALL = "call"
    PROBE = "probe"
    FALL_BACK = "fall_back"
    WAIT = "wait"


def is_open(endpoint: EndpointState, host: EndpointState) -> bool:
    """Whether the circuit of an endpoint is open."""
    return endpoint.consecutive_timeouts >= ENDPOINT_TIMEOUTS or host.consecutive_timeouts >= HOST_TIMEOUTS


def decide(
    endpoint: EndpointState, host: EndpointState, now: datetime, *, has_fallback: bool, is_expired: bool = False
) -> BreakerDecision:
    """Return what to do with a message to an endpoint."""
    if not is_open(endpoint, host):
        return BreakerDecision.CALL
    if is_expired:
        return BreakerDecision.FALL_BACK
    if endpoint.probe_started_at is None or endpoint.probe_started_at <= now - PROBE_ENDS:
        return BreakerDecision.PROBE
    has_waited = endpoint.consecutive_timeouts >= ENDPOINT_TIMEOUTS or endpoint.probe_started_at <= now - PROBE_PATIENCE
    return BreakerDecision.FALL_BACK if has_fallback and has_waited else BreakerDecision.WAIT


@dataclass(slots=True)
class CircuitBreakers:
    """The circuit breakers and pauses as seen in one transaction, and its probes."""

    connection: Connection
    now: datetime
    _known: dict[str, EndpointState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = endpoint_health.unwell(self.connection, self.now)

    def decide(self, lane: Lane, *, has_fallback: bool = False, is_expired: bool = False) -> BreakerDecision:
        """Return what to do with a message on this lane."""
        endpoint, host = (self._known.get(name, _WELL) for name in (lane.endpoint, lane.host))
        return decide(endpoint, host, self.now, has_fallback=has_fallback, is_expired=is_expired)

    def is_open(self, lane: Lane) -> bool:
        """Whether this lane's circuit is open; a message there then needs more than a call."""
        return is_open(self._known.get(lane.endpoint, _WELL), self._known.get(lane.host, _WELL))

    def paused_beyond(self, endpoint: str, instant: datetime) -> datetime | None:
        """Return until when an endpoint is paused, if that is later than the instant."""
        until = self._known.get(endpoint, _WELL).paused_until
        return until if until is not None and until > instant else None

    def plan(self, lane: Lane) -> None:
        """Reserve a probe of this lane: no other begins meanwhile."""
        known = self._known.get(lane.endpoint, _WELL)
        self._known[lane.endpoint] = replace(known, probe_started_at=self.now)

    def begin(self, lanes: Iterable[Lane]) -> frozenset[str]:
        """Begin the probes of these lanes; return the endpoints where no other process has begun one."""
        names = [lane.endpoint for lane in lanes]
        return endpoint_health.begin_probes(self.connection, names, self.now, self.now - PROBE_ENDS)

    def take_back(self, names: Iterable[str]) -> None:
        """Undo probes begun in this transaction that have no call in the end."""
        endpoint_health.cancel_probes(self.connection, names)


def record_answers(notes: HealthUpdates, outcomes: Iterable[CallOutcome]) -> None:
    """Record by the outcomes of calls who has answered and who has not."""
    answered: set[str] = set()
    timeouts: Counter[str] = Counter()
    for outcome in outcomes:
        lane = outcome.sent.lane
        if outcome.sent.is_probe:
            notes.of(lane.endpoint).is_probe_over = True
        if not _is_real(outcome):
            continue
        if isinstance(outcome.result, Failed) and outcome.result.reason is FailureReason.TIMEOUT:
            timeouts.update((lane.endpoint, lane.host))
        else:
            answered |= {lane.endpoint, lane.host}
    for name in answered:
        notes.of(name).has_answered = True
    for name, count in timeouts.items():
        if name not in answered:
            notes.of(name).timeouts = count


def _is_real(outcome: CallOutcome) -> bool:
    """Whether an outcome is evidence about its endpoint: it was really called."""
    sent, result = outcome.sent, outcome.result
    if sent.refused is not None or sent.mode is Mode.SANDBOX or not sent.lane.endpoint:
        return False
    if isinstance(result, Failed):
        return result.reason not in _NO_CALL
    # An update that changes nothing needs no call.
    return sent.delivery is not None or sent.post is None or sent.post.shown_fingerprint != result.face


def has_hung(outcome: CallOutcome) -> bool:
    """Whether a delivery met an endpoint that hangs: its fallback, if any, is sent at once."""
    result = outcome.result
    is_timeout = isinstance(result, Failed) and result.reason is FailureReason.TIMEOUT
    return result == NOT_ANSWERING or (outcome.sent.is_probe and is_timeout)
