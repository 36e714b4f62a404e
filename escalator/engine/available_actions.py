"""Which actions a person is offered on an incident: those that the engine would carry out for them now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import PolicyPair
from escalator.engine.permissions import Refusal, people_who_may_acknowledge
from escalator.engine.snooze import SNOOZE_CHOICES_MIN
from escalator.engine.stream_actions import NewStreamAction, startable_actions
from escalator.engine.targets import members_of
from escalator.model.audit import SYSTEM
from escalator.model.incident import CLOSED_STATES, UNACKNOWLEDGED_STATES, Incident, Outcome, State, Verb
from escalator.model.policy import Person, Policy
from escalator.model.stream_action_rule import StreamActionRule


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """One action that is possible. `minutes` is the length of a snooze; `to` are the people it may be handed over
    to; `stream_action` is what would be done in Stream.
    """

    verb: Verb
    minutes: int | None = None
    to: tuple[Person, ...] = ()
    stream_action: StreamActionRule | None = None

    @property
    def span(self) -> timedelta:
        """Return how long a snooze lasts."""
        return timedelta(minutes=self.minutes or 0)


def available_actions(
    person: Person, incident: Incident, rules: PolicyPair, now: datetime
) -> tuple[AvailableAction, ...]:
    """Return what this person may do now and what would be carried out completely, the most frequent first.

    Revealing hidden text changes nothing on an incident and is not among them.
    """
    if incident.state is State.MERGED:
        return ()
    return tuple(
        action
        for action in _candidate_actions(person, incident, rules.running)
        if _is_possible(action, person, incident, rules, now)
    )


def _candidate_actions(person: Person, incident: Incident, policy: Policy) -> Iterator[AvailableAction]:
    if incident.state in CLOSED_STATES:
        yield from (AvailableAction(Verb.REOPEN), AvailableAction(Verb.NOTE))
        return
    yield AvailableAction(Verb.ACKNOWLEDGE)
    for rule in startable_actions(incident, policy):
        yield AvailableAction(Verb.STREAM_ACTION, stream_action=rule)
    if incident.state not in UNACKNOWLEDGED_STATES:
        yield AvailableAction(Verb.TAKE_OVER)
    yield from (AvailableAction(Verb.RESOLVE), AvailableAction(Verb.FALSE_ALARM), AvailableAction(Verb.STILL_ON_IT))
    yield from (AvailableAction(Verb.SNOOZE, minutes) for minutes in SNOOZE_CHOICES_MIN)
    yield from (
        AvailableAction(Verb.HAND_OVER, to=tuple(handover_candidates(person, incident, policy))),
        AvailableAction(Verb.RELEASE),
    )
    yield from (AvailableAction(Verb.ESCALATE_NOW), AvailableAction(Verb.NOTE))


def _is_possible(action: AvailableAction, person: Person, incident: Incident, rules: PolicyPair, now: datetime) -> bool:
    to = action.to[0].key if action.to else None
    wanted = NewStreamAction(action.stream_action.key, incident.id) if action.stream_action else None
    request = ActionRequest(
        action.verb,
        person,
        SYSTEM.key,
        outcome=Outcome.ACTION_TAKEN,
        minutes=action.minutes,
        to=to,
        stream_action=wanted,
    )
    result = apply_action(request, incident, rules, now)
    return not isinstance(result, Refusal) and result.note is None


def handover_candidates(person: Person, incident: Incident, policy: Policy) -> list[Person]:
    """Return whom somebody may hand an incident over to: its own team first, then all others who may acknowledge it."""
    team = members_of(incident.assign or "", policy)
    others = [candidate for candidate in people_who_may_acknowledge(incident, policy) if candidate.key != person.key]
    return sorted(others, key=lambda candidate: candidate.key not in team)
