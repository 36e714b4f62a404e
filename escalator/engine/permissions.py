"""Who may do what to an incident (the table of RULES 3), and why not."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from escalator.engine.categorize import assess
from escalator.engine.targets import members_of
from escalator.model.incident import Incident, State, Verb
from escalator.model.levels import ContentRule, Role
from escalator.model.policy import Category, Person, Policy


class RefusalReason(StrEnum):
    """Why an action was refused; the answer to the person says it in words."""

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
    NOBODY_ELSE = "nobody_else"
    OF_A_GROUP = "of_a_group"
    OVER_LIMIT = "over_limit"
    NOT_OFFERED = "not_offered"
    NO_STREAM_ID = "no_stream_id"
    ALREADY_REQUESTED = "already_requested"
    ALREADY_DONE = "already_done"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused action. `by` and `at` say who was first and when, where somebody was."""

    why: RefusalReason
    by: str | None = None
    at: datetime | None = None


_SENIORS_ONLY = frozenset({Verb.REOPEN})
_OWNERS_OR_UNOWNED = frozenset(
    {Verb.RELEASE, Verb.HAND_OVER, Verb.STILL_ON_IT, Verb.RESOLVE, Verb.FALSE_ALARM, Verb.SNOOZE, Verb.STREAM_ACTION}
)


def check_permission(
    verb: Verb, person: Person, incident: Incident, policy: Policy, *, is_in_dashboard: bool = False
) -> Refusal | None:
    """Return why this person may not do this to this incident, or None when they may. `policy` is the running one.

    Withheld content is read only in the dashboard.
    """
    allowed = allowed_people(incident, policy)
    if allowed is not None and person.key not in allowed:
        return Refusal(RefusalReason.RESTRICTED)
    if not person.role.may_acknowledge or (verb in _SENIORS_ONLY and person.role < Role.SENIOR):
        return Refusal(RefusalReason.ROLE)
    if verb is Verb.REVEAL and is_withheld(incident, policy):
        may_read = is_in_dashboard and may_read_withheld(person, incident, policy)
        return None if may_read else Refusal(RefusalReason.WITHHELD)
    if person.role < Role.SENIOR and not _is_theirs(verb, person, incident, policy):
        return Refusal(RefusalReason.NOT_YOURS, by=incident.owner, at=incident.acknowledged_at)
    return None


def people_who_may_acknowledge(incident: Incident, policy: Policy) -> tuple[Person, ...]:
    """Return who may acknowledge this incident, in the order of the policy."""
    people = policy.people.values()
    return tuple(person for person in people if check_permission(Verb.ACKNOWLEDGE, person, incident, policy) is None)


def may_view_category(person: str, category: Category, policy: Policy) -> bool:
    """Whether somebody may see incidents of this category: it is open to all, or to a team of theirs."""
    teams = category.restricted_to
    return not teams or any(person in members_of(team, policy) for team in teams)


def _categories(incident: Incident, policy: Policy) -> tuple[Category, ...]:
    """Return every category of this policy that fits, the gravest first."""
    fitting = {*assess(incident.facts, policy).categories, *incident.matched_categories, incident.category}
    return tuple(category for key, category in policy.categories.items() if key in fitting)


def is_withheld(incident: Incident, policy: Policy) -> bool:
    """Whether the content is withheld: the stricter of the frozen content rule and this policy's holds."""
    rules = {incident.content_rule, *(category.content for category in _categories(incident, policy))}
    return ContentRule.WITHHOLD in rules


def may_show_pictures(incident: Incident, policy: Policy) -> bool:
    """Whether the pictures of an incident may be fetched and shown to those who may reveal its text: its source says
    so, and nothing withholds its content.
    """
    source = policy.sources.get(incident.source)
    return source is not None and source.thumbnails and not is_withheld(incident, policy)


def may_read_withheld(person: Person, incident: Incident, policy: Policy) -> bool:
    """Whether somebody may read withheld content: each category that withholds it names a team of theirs, and none that
    fits excludes them. Where a category that withholds names nobody, nobody may.
    """
    fitting = _categories(incident, policy)
    withholding = [category for category in fitting if category.content is ContentRule.WITHHOLD]
    naming = withholding or [category for category in fitting if category.restricted_to]
    is_named = bool(naming) and all(category.restricted_to for category in naming)
    return is_named and all(may_view_category(person.key, category, policy) for category in fitting)


def allowed_people(incident: Incident, policy: Policy) -> frozenset[str] | None:
    """Return the only people who may see and answer this incident; None when its categories are not restricted."""
    return _allowed(_categories(incident, policy), policy)


def people_allowed_to_view(fits: Collection[str], policy: Policy) -> frozenset[str] | None:
    """Return the only people (keys) who may see what fits these categories; None when none of them is restricted."""
    return _allowed([category for key, category in policy.categories.items() if key in fits], policy)


def _allowed(fitting: Iterable[Category], policy: Policy) -> frozenset[str] | None:
    """Return who is allowed by all restricted categories; where that is nobody, those of the gravest.

    An incident that nobody may answer would page people all night who can do nothing about it.
    """
    named = [category.restricted_to for category in fitting if category.restricted_to]
    if not named:
        return None
    groups = [frozenset(person for team in teams for person in members_of(team, policy)) for teams in named]
    return frozenset.intersection(*groups) or groups[0]


def _is_theirs(verb: Verb, person: Person, incident: Incident, policy: Policy) -> bool:
    """Whether a moderator may do it: only to their own incident, or to one without an owner, or to a triggered one.

    A triggered incident may still name an owner whose time has run out. Until somebody answers it is open to all, and
    resolving it acknowledges it too.
    """
    if verb not in _OWNERS_OR_UNOWNED or incident.owner is None or incident.state is State.TRIGGERED:
        return True
    return incident.owner == person.key or person.key in members_of(incident.owner, policy)
