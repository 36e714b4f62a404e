"""Which acts one person is offered on one incident: what the engine would do for them now, and no list beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.engine.actions import Act, answer
from escalator.engine.incident_change import Rules
from escalator.engine.permissions import Refusal, may_answer
from escalator.engine.snooze import SNOOZES_MIN
from escalator.engine.targets import members_of
from escalator.model.audit import SYSTEM
from escalator.model.incident import OVER, UNANSWERED, Incident, Outcome, State, Verb
from escalator.model.policy import Person, Policy


@dataclass(frozen=True, slots=True)
class Offer:
    """One act that would count. `minutes` are a snooze's; `to` are those to whom it may be handed over."""

    verb: Verb
    minutes: int | None = None
    to: tuple[Person, ...] = ()

    @property
    def span(self) -> timedelta:
        """Return how long a snooze lasts."""
        return timedelta(minutes=self.minutes or 0)


def offers(person: Person, incident: Incident, rules: Rules, now: datetime) -> tuple[Offer, ...]:
    """Return what this person may do now that would be done whole, what is most asked for first.

    Looking at hidden text is no act on an incident and not among them.
    """
    if incident.state is State.MERGED:
        return ()
    return tuple(
        one for one in _thinkable(person, incident, rules.running) if _counts(one, person, incident, rules, now)
    )


def _thinkable(person: Person, incident: Incident, policy: Policy) -> Iterator[Offer]:
    if incident.state in OVER:
        yield from (Offer(Verb.REOPEN), Offer(Verb.NOTE))
        return
    yield Offer(Verb.ACKNOWLEDGE)
    if incident.state not in UNANSWERED:
        yield Offer(Verb.TAKE_OVER)
    yield from (Offer(Verb.RESOLVE), Offer(Verb.FALSE_ALARM), Offer(Verb.STILL_ON_IT))
    yield from (Offer(Verb.SNOOZE, minutes) for minutes in SNOOZES_MIN)
    yield from (Offer(Verb.HAND_OVER, to=tuple(successors(person, incident, policy))), Offer(Verb.RELEASE))
    yield from (Offer(Verb.ESCALATE_NOW), Offer(Verb.NOTE))


def _counts(offer: Offer, person: Person, incident: Incident, rules: Rules, now: datetime) -> bool:
    to = offer.to[0].key if offer.to else None
    wanted = Act(offer.verb, person, SYSTEM.key, outcome=Outcome.ACTION_TAKEN, minutes=offer.minutes, to=to)
    done = answer(wanted, incident, rules, now)
    return not isinstance(done, Refusal) and done.note is None


def successors(person: Person, incident: Incident, policy: Policy) -> list[Person]:
    """Return whom somebody may hand an incident over to: its own team first, then whoever else may answer it."""
    team = members_of(incident.assign or "", policy)
    others = [one for one in may_answer(incident, policy) if one.key != person.key]
    return sorted(others, key=lambda one: one.key not in team)
