"""Who may acknowledge what, and whether a step can tell such a person, as far as the file alone says."""

from collections.abc import Collection

from escalator.model.levels import Severity
from escalator.model.policy import Category, Step, Team
from escalator.model.schedule import Schedule
from escalator.policy.draft import Draft
from escalator.policy.problems import quoted
from escalator.policy.route_reachability import Kind, kind_of
from escalator.policy.targets import TEAM
from escalator.policy.tree_walk import found, pattern


def tells_responders(draft: Draft, step: Step, assign: str | None, able: Collection[str]) -> bool:
    """Whether a step tells a destination, or somebody who may acknowledge."""
    return any(target in draft.destinations or names_responder(draft, target, assign, able) for target in step.notify)


def names_responder(draft: Draft, target: str, assign: str | None, able: Collection[str]) -> bool:
    """Whether a target can mean somebody of those who are able; what the file does not have is told elsewhere."""
    if target == TEAM and assign is None:
        return True
    team = _team(draft, target, assign)
    schedule = schedule_of(draft, target, assign)
    if team is None and schedule is None:
        kind, _, name = (assign or "" if target == TEAM else target).partition(":")
        return kind != "person" or name in able or name not in draft.people
    named = {*(team.everybody if team and schedule is None else ()), *(schedule.everybody if schedule else ())}
    lead = {team.lead} if team and team.lead else set()
    follows_calendar = schedule is not None and schedule.ical is not None
    is_perhaps_able = any(key in able or key not in draft.people for key in named | lead)
    return is_perhaps_able or (follows_calendar and bool(able))


def _team(draft: Draft, target: str, assign: str | None) -> Team | None:
    name = (assign or "") if target == TEAM else target
    if target != TEAM and not name.startswith("team:"):
        return None
    return draft.teams.get(name.removeprefix("team:"))


def schedule_of(draft: Draft, target: str, assign: str | None) -> Schedule | None:
    """Return the schedule that decides whom a target means, if the file has one for it."""
    name = (assign or "") if target == TEAM else target
    if name.startswith("schedule:"):
        return draft.schedules.get(name.removeprefix("schedule:"))
    team = _team(draft, target, assign)
    return draft.schedules.get(team.schedule or "") if team else None


def able_people(draft: Draft, category: Category | None) -> list[str]:
    """Return who may acknowledge: nobody below moderator, and of a restricted category only who is in its teams."""
    allowed = knowing_people(draft, category) if category else set(draft.people)
    return [key for key, person in draft.people.items() if key in allowed and person.role.may_acknowledge]


def knowing_people(draft: Draft, category: Category) -> set[str]:
    """Return who may know of incidents of a category: everybody, or who is in a team that it is restricted to."""
    if not category.restricted_to:
        return set(draft.people)
    teams = (draft.teams.get(name.removeprefix("team:")) for name in category.restricted_to)
    return {key for team in teams if team for key in team.everybody}


def kinds(draft: Draft) -> list[tuple[Kind, Category | None]]:
    """Return every category as a kind of incident, and what is in none."""
    categories = [(kind_of(category), category) for category in draft.categories.values()]
    return [*categories, (Kind(None, Severity.UNKNOWN), None)]


def incidents(kind: Kind) -> str:
    """Return what to call incidents of a kind."""
    return f"{quoted(kind.category)} incidents" if kind.category else "its incidents"


def is_complete(draft: Draft) -> bool:
    """Whether people and teams could all be read: who is missing for a mistake of their own still counts."""
    people = {place[1] for place, _ in found(draft.tree, pattern("people.*"))}
    teams = {place[1] for place, _ in found(draft.tree, pattern("teams.*"))}
    return people == set(draft.people) and teams == set(draft.teams)
