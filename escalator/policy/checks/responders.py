"""Whether the people whom steps, schedules and teams name may acknowledge; others do not count as on call."""

from collections.abc import Iterable, Iterator

from escalator.model.policy import Category, Step
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, TreePath, join_names, make_warning, quoted
from escalator.policy.responders import (
    are_people_complete,
    incident_kinds,
    incidents_phrase,
    people_who_may_acknowledge,
    schedule_of,
    step_reaches_responder,
)
from escalator.policy.route_reachability import reachable_routes


def check_responders(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield people of schedules and leads who may not acknowledge, and steps that notify nobody who may."""
    if not are_people_complete(draft):
        return
    able = people_who_may_acknowledge(draft, None)
    for key, schedule in draft.schedules.items():
        others = [person for person in schedule.everybody if person in draft.people and person not in able]
        if others:
            what = (
                f"names {join_names(others)}, whose role may not acknowledge, so nobody is on call during their turns"
            )
            yield make_warning(("schedules", key), what, "give them `role: moderator`, or leave them out")
    for key, team in draft.teams.items():
        if team.lead in draft.people and team.lead not in able:
            what = f"{quoted(team.lead)} is notified when nobody is on call, but their role may not acknowledge"
            yield make_warning(("teams", key, "lead"), what, "give them `role: moderator`, or name another lead")
    reported: set[TreePath] = set()
    for finding in _without_responders(draft):
        if finding.place not in reported:
            reported.add(finding.place)
            yield finding


def _without_responders(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield, for every kind of incident, steps without responders, and schedules with people who may not see it."""
    for kind, category in incident_kinds(draft):
        able = people_who_may_acknowledge(draft, category)
        for taker in reachable_routes(kind, draft.routes):
            route = draft.routes.get(taker) if taker is not None else None
            path, assign = (route.path, route.assign) if route else (draft.default, None)
            steps = draft.paths.get(path, {})
            for index, step in steps.items():
                if able and not step_reaches_responder(draft, step, assign, able):
                    what = (
                        f"notifies nobody who may acknowledge {incidents_phrase(kind)}, so the next step fires at once"
                    )
                    yield make_warning(
                        ("paths", path, index), what, "add somebody who may acknowledge them, or a destination"
                    )
            if category and category.restricted_to:
                yield from _excluded_people(draft, steps.values(), assign, category)


def _excluded_people(
    draft: PolicyDraft, steps: Iterable[Step], assign: str | None, category: Category
) -> Iterator[PolicyFinding]:
    """Yield schedules that a restricted category notifies, with people who may not see it."""
    able, everybody = people_who_may_acknowledge(draft, category), people_who_may_acknowledge(draft, None)
    for target in dict.fromkeys(target for step in steps for target in step.notify):
        schedule = schedule_of(draft, target, assign)
        if schedule is None:
            continue
        others = [person for person in schedule.everybody if person in everybody and person not in able]
        if others:
            what = f"names {join_names(others)}, who may not acknowledge {quoted(category.key)} incidents"
            right = "add them to a team of its `restricted_to`, or give the category a schedule of its own"
            yield make_warning(
                ("schedules", schedule.key), f"{what}, so nobody is on call for these during their turns", right
            )
