"""Who may acknowledge what, and whether a step can notify such a person, as far as the file alone shows."""

from collections.abc import Collection

from escalator.model.levels import Severity
from escalator.model.policy import Category, Step, Team
from escalator.model.schedule import Schedule
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import quoted
from escalator.policy.route_reachability import IncidentKind, incident_kind_of
from escalator.policy.targets import ASSIGNED_TEAM
from escalator.policy.tree_walk import find_values, parse_pattern


def step_reaches_responder(draft: PolicyDraft, step: Step, assign: str | None, able: Collection[str]) -> bool:
    """Whether a step notifies a destination, or somebody who may acknowledge."""
    return any(
        target in draft.destinations or target_may_reach_responder(draft, target, assign, able)
        for target in step.notify
    )


def target_may_reach_responder(draft: PolicyDraft, target: str, assign: str | None, able: Collection[str]) -> bool:
    """Whether a target can mean somebody of `able`; True for unknown names, which another check reports."""
    if target == ASSIGNED_TEAM and assign is None:
        return True
    team = _team(draft, target, assign)
    schedule = schedule_of(draft, target, assign)
    if team is None and schedule is None:
        kind, _, name = (assign or "" if target == ASSIGNED_TEAM else target).partition(":")
        return kind != "person" or name in able or name not in draft.people
    named = {*(team.everybody if team and schedule is None else ()), *(schedule.everybody if schedule else ())}
    lead = {team.lead} if team and team.lead else set()
    follows_calendar = schedule is not None and schedule.ical is not None
    is_perhaps_able = any(key in able or key not in draft.people for key in named | lead)
    return is_perhaps_able or (follows_calendar and bool(able))


def _team(draft: PolicyDraft, target: str, assign: str | None) -> Team | None:
    name = (assign or "") if target == ASSIGNED_TEAM else target
    if target != ASSIGNED_TEAM and not name.startswith("team:"):
        return None
    return draft.teams.get(name.removeprefix("team:"))


def schedule_of(draft: PolicyDraft, target: str, assign: str | None) -> Schedule | None:
    """Return the schedule that decides whom a target means, if the file has one for it."""
    name = (assign or "") if target == ASSIGNED_TEAM else target
    if name.startswith("schedule:"):
        return draft.schedules.get(name.removeprefix("schedule:"))
    team = _team(draft, target, assign)
    return draft.schedules.get(team.schedule or "") if team else None


def people_who_may_acknowledge(draft: PolicyDraft, category: Category | None) -> list[str]:
    """Return who may acknowledge (keys): moderators and above; for a restricted category only members of its teams."""
    allowed = people_who_may_view(draft, category) if category else set(draft.people)
    return [key for key, person in draft.people.items() if key in allowed and person.role.may_acknowledge]


def people_who_may_view(draft: PolicyDraft, category: Category) -> set[str]:
    """Return who may see incidents of a category: everybody, or the members of the teams that it is restricted to."""
    if not category.restricted_to:
        return set(draft.people)
    teams = (draft.teams.get(name.removeprefix("team:")) for name in category.restricted_to)
    return {key for team in teams if team for key in team.everybody}


def incident_kinds(draft: PolicyDraft) -> list[tuple[IncidentKind, Category | None]]:
    """Return every category as a kind of incident, and the kind without a category."""
    categories = [(incident_kind_of(category), category) for category in draft.categories.values()]
    return [*categories, (IncidentKind(None, Severity.UNKNOWN), None)]


def incidents_phrase(kind: IncidentKind) -> str:
    """Return a phrase for incidents of a kind."""
    return f"{quoted(kind.category)} incidents" if kind.category else "its incidents"


def are_people_complete(draft: PolicyDraft) -> bool:
    """Whether people and teams could all be read; those with a mistake are missing in the draft, but do exist."""
    people = {place[1] for place, _ in find_values(draft.tree, parse_pattern("people.*"))}
    teams = {place[1] for place, _ in find_values(draft.tree, parse_pattern("teams.*"))}
    return people == set(draft.people) and teams == set(draft.teams)
