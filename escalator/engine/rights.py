"""Who may do what to an incident (the table of RULES 3), and the answer to who may not."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from escalator.engine.classify import assess
from escalator.engine.targets import people_of
from escalator.model.incident import Incident, State, Verb
from escalator.model.policy import Person, Policy
from escalator.model.ranks import ContentRule, Role


class Refused(StrEnum):
    """Why an act was refused; the answer to the person says it in words."""

    UNKNOWN_PERSON = "unknown_person"
    WRONG_WORKSPACE = "wrong_workspace"
    NO_INCIDENT = "no_incident"
    ROLE = "role"
    RESTRICTED = "restricted"
    NOT_YOURS = "not_yours"
    ALREADY_TAKEN = "already_taken"
    ALREADY_ANSWERED = "already_answered"
    RESOLVED = "resolved"
    STALE = "stale"
    NOT_NOW = "not_now"
    ONE_MORE_NEEDED = "one_more_needed"
    WITHHELD = "withheld"
    TOO_LONG = "too_long"
    TOO_OFTEN = "too_often"
    NO_REFERENCE = "no_reference"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that changes nothing. `by` and `at` name who was first, where somebody was."""

    why: Refused
    by: str | None = None
    at: datetime | None = None


_SENIORS_ONLY = frozenset({Verb.REOPEN})
_OWNERS = frozenset({Verb.RELEASE, Verb.HAND_OVER, Verb.STILL_ON_IT})
_OWNERS_OR_UNOWNED = frozenset({Verb.RESOLVE, Verb.FALSE_ALARM, Verb.SNOOZE})


def refusal(verb: Verb, person: Person, incident: Incident, policy: Policy) -> Refusal | None:
    """Return why this person may not do this to this incident, or None when they may."""
    allowed = allowed_people(incident, policy)
    if allowed is not None and person.key not in allowed:
        return Refusal(Refused.RESTRICTED)
    if person.role < Role.MODERATOR or (verb in _SENIORS_ONLY and person.role < Role.SENIOR):
        return Refusal(Refused.ROLE)
    if verb is Verb.REVEAL and incident.content_rule is ContentRule.WITHHOLD:
        return Refusal(Refused.WITHHELD)
    if person.role < Role.SENIOR and not _is_theirs(verb, person, incident, policy):
        return Refusal(Refused.NOT_YOURS, by=incident.owner, at=incident.acknowledged_at)
    return None


def allowed_people(incident: Incident, policy: Policy) -> frozenset[str] | None:
    """Return who alone may see and answer this incident, or None when its categories are not restricted."""
    teams = [
        policy.categories[key].restricted_to
        for key in {*assess(incident.facts, policy).categories, incident.category or ""}
        if key in policy.categories and policy.categories[key].restricted_to
    ]
    if not teams:
        return None
    groups = [{person for team in named for person in people_of(team, None, policy)} for named in teams]
    return frozenset(set.intersection(*groups))


def _is_theirs(verb: Verb, person: Person, incident: Incident, policy: Policy) -> bool:
    if incident.owner is None or incident.state is State.TRIGGERED:
        return True
    if verb not in _OWNERS | _OWNERS_OR_UNOWNED:
        return True
    return incident.owner == person.key or person.key in people_of(incident.owner, None, policy)
