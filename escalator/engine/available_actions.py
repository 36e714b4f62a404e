"""Which acts one person is offered on one incident: what the engine would do for them now, and no list beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Rules
from escalator.engine.permissions import Refusal, people_who_may_acknowledge
from escalator.engine.snooze import SNOOZE_CHOICES_MIN
from escalator.engine.targets import members_of
from escalator.model.audit import SYSTEM
from escalator.model.incident import CLOSED_STATES, UNACKNOWLEDGED_STATES, Incident, Outcome, State, Verb
from escalator.model.policy import Person, Policy


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """One act that would count. `minutes` are a snooze's; `to` are those to whom it may be handed over."""

    verb: Verb
    minutes: int | None = None
    to: tuple[Person, ...] = ()

    @property
    def span(self) -> timedelta:
        """Return how long a snooze lasts."""
        return timedelta(minutes=self.minutes or 0)


def available_actions(person: Person, incident: Incident, rules: Rules, now: datetime) -> tuple[AvailableAction, ...]:
    """Return what this person may do now that would be done whole, what is most asked for first.

    Looking at hidden text is no act on an incident and not among them.
    """
    if incident.state is State.MERGED:
        return ()
    return tuple(
        one for one in _thinkable(person, incident, rules.running) if _counts(one, person, incident, rules, now)
    )


def _thinkable(person: Person, incident: Incident, policy: Policy) -> Iterator[AvailableAction]:
    if incident.state in CLOSED_STATES:
        yield from (AvailableAction(Verb.REOPEN), AvailableAction(Verb.NOTE))
        return
    yield AvailableAction(Verb.ACKNOWLEDGE)
    if incident.state not in UNACKNOWLEDGED_STATES:
        yield AvailableAction(Verb.TAKE_OVER)
    yield from (AvailableAction(Verb.RESOLVE), AvailableAction(Verb.FALSE_ALARM), AvailableAction(Verb.STILL_ON_IT))
    yield from (AvailableAction(Verb.SNOOZE, minutes) for minutes in SNOOZE_CHOICES_MIN)
    yield from (
        AvailableAction(Verb.HAND_OVER, to=tuple(handover_candidates(person, incident, policy))),
        AvailableAction(Verb.RELEASE),
    )
    yield from (AvailableAction(Verb.ESCALATE_NOW), AvailableAction(Verb.NOTE))


def _counts(offer: AvailableAction, person: Person, incident: Incident, rules: Rules, now: datetime) -> bool:
    to = offer.to[0].key if offer.to else None
    wanted = ActionRequest(offer.verb, person, SYSTEM.key, outcome=Outcome.ACTION_TAKEN, minutes=offer.minutes, to=to)
    done = apply_action(wanted, incident, rules, now)
    return not isinstance(done, Refusal) and done.note is None


def handover_candidates(person: Person, incident: Incident, policy: Policy) -> list[Person]:
    """Return whom somebody may hand an incident over to: its own team first, then whoever else may answer it."""
    team = members_of(incident.assign or "", policy)
    others = [one for one in people_who_may_acknowledge(incident, policy) if one.key != person.key]
    return sorted(others, key=lambda one: one.key not in team)
