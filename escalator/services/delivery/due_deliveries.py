"""Chooses what a process claims next: due deliveries in order, as bulkheads and circuit breakers allow."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from escalator.services.core.context import Core
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.delivery.fallbacks import has_fallback
from escalator.services.outbound.bulkheads import NO_VENDOR_LANE, AdmissionTrial, Lane, ShareKind, lane_of
from escalator.services.outbound.circuit_breaker import BreakerDecision, CircuitBreakers
from escalator.store import delivery_claims
from escalator.store.deliveries import Delivery
from escalator.store.delivery_claims import Exclusion

OVERSAMPLE = 4
"""How many times the needed number is read: what other processes have locked is skipped."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that may be claimed, its lane, and the circuit breaker's decision."""

    delivery: Delivery
    lane: Lane
    decision: BreakerDecision


@dataclass(slots=True)
class Selection:
    """What may be claimed: all of `likely`, `spare` instead of what others hold; `has_more` of both."""

    likely: list[Candidate] = field(default_factory=list)
    spare: list[Candidate] = field(default_factory=list)
    has_more: bool = False

    @property
    def all(self) -> Sequence[Candidate]:
        """Return the candidates in order."""
        return (*self.likely, *self.spare)


def lane_for(core: Core, delivery: Delivery) -> Lane:
    """Return the lane of the call for a delivery."""
    return lane_of(delivery, core.expand(delivery.address), delivery.kind.value)


@dataclass(slots=True)
class CandidateSelector:
    """Chooses due deliveries until there are enough or no more."""

    context: TransactionContext
    breakers: CircuitBreakers
    rehearsal: AdmissionTrial
    not_asked: Exclusion = delivery_claims.NO_EXCLUSION
    _choice: Selection = field(default_factory=Selection)
    _refused: set[str] = field(default_factory=set)

    def choose(self) -> Selection:
        """Return what may be claimed. What has no room is left out of the next query, so none is hidden."""
        most = self.rehearsal.room * OVERSAMPLE
        seen: set[object] = set()
        silence = self.context.core.heartbeat_timeout(self.context.now)
        while self.rehearsal.room > 0:
            candidates = delivery_claims.candidates(
                self.context.connection, self.context.now, most, silence, self._without()
            )
            new = [delivery for delivery in candidates if delivery.id not in seen]
            seen |= {delivery.id for delivery in new}
            for delivery in new:
                self._judge(delivery)
            if len(candidates) < most or not new:
                break
        self._choice.has_more = self.rehearsal.room < 1
        return self._choice

    def _without(self) -> Exclusion:
        full = self.rehearsal.full()
        full_endpoints = {name for of, name in full if of is ShareKind.ENDPOINT}
        kinds = {name for of, name in full if of is ShareKind.KIND}
        return Exclusion(full_endpoints, kinds | set(self.not_asked.kinds), frozenset(self._refused))

    def _judge(self, delivery: Delivery) -> None:
        lane = lane_for(self.context.core, delivery)
        decision = self._decide(delivery, lane) if self.breakers.is_open(lane) else BreakerDecision.CALL
        if decision is BreakerDecision.WAIT:
            self._refuse(delivery)
            return
        candidate = Candidate(delivery, NO_VENDOR_LANE if decision is BreakerDecision.FALL_BACK else lane, decision)
        if self.rehearsal.take(candidate.lane):
            if decision is BreakerDecision.PROBE:
                self.breakers.plan(lane)
            self._choice.likely.append(candidate)
        else:
            self._refuse(delivery)
            if decision is not BreakerDecision.PROBE:
                self._choice.spare.append(candidate)

    def _refuse(self, delivery: Delivery) -> None:
        self._refused.add(f"{delivery.endpoint} {delivery.kind.value}")

    def _decide(self, delivery: Delivery, lane: Lane) -> BreakerDecision:
        is_replaced = has_fallback(self.context, delivery)
        return self.breakers.decide(lane, has_fallback=is_replaced, is_expired=delivery.expires_at <= self.context.now)
