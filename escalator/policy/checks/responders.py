"""Does whoever a step, a rota or a team names may acknowledge: who may not is nobody, and is told besides at most."""

from collections.abc import Iterable, Iterator

from escalator.model.policy import Category, Step
from escalator.policy.draft import Draft
from escalator.policy.problems import Finding, Place, listed, quoted, warning
from escalator.policy.responders import able_people, incidents, is_complete, kinds, schedule_of, tells_responders
from escalator.policy.route_reachability import takers


def findings(draft: Draft) -> Iterator[Finding]:
    """Yield whom rotas and leads name in vain, and steps that tell nobody who may acknowledge."""
    if not is_complete(draft):
        return
    able = able_people(draft, None)
    for key, schedule in draft.schedules.items():
        others = [person for person in schedule.everybody if person in draft.people and person not in able]
        if others:
            what = f"names {listed(others)}, whose role may not acknowledge, so nobody is on call during their turns"
            yield warning(("schedules", key), what, "give them `role: moderator`, or leave them out")
    for key, team in draft.teams.items():
        if team.lead in draft.people and team.lead not in able:
            what = f"{quoted(team.lead)} is notified when nobody is on call, but their role may not acknowledge"
            yield warning(("teams", key, "lead"), what, "give them `role: moderator`, or name another lead")
    told: set[Place] = set()
    for finding in _in_vain(draft):
        if finding.place not in told:
            told.add(finding.place)
            yield finding


def _in_vain(draft: Draft) -> Iterator[Finding]:
    """Yield, for every kind of incident, steps without responders and rotas with turns of people who are shut out."""
    for kind, category in kinds(draft):
        able = able_people(draft, category)
        for taker in takers(kind, draft.routes):
            route = draft.routes.get(taker) if taker is not None else None
            path, assign = (route.path, route.assign) if route else (draft.default, None)
            steps = draft.paths.get(path, {})
            for index, step in steps.items():
                if able and not tells_responders(draft, step, assign, able):
                    what = f"notifies nobody who may acknowledge {incidents(kind)}, so the next step fires at once"
                    yield warning(
                        ("paths", path, index), what, "add somebody who may acknowledge them, or a destination"
                    )
            if category and category.restricted_to:
                yield from _shut_out(draft, steps.values(), assign, category)


def _shut_out(draft: Draft, steps: Iterable[Step], assign: str | None, category: Category) -> Iterator[Finding]:
    """Yield rotas that a restricted category is told to, with turns of people who may not know of it."""
    able, everybody = able_people(draft, category), able_people(draft, None)
    for target in dict.fromkeys(target for step in steps for target in step.notify):
        schedule = schedule_of(draft, target, assign)
        if schedule is None:
            continue
        others = [person for person in schedule.everybody if person in everybody and person not in able]
        if others:
            what = f"names {listed(others)}, who may not acknowledge {quoted(category.key)} incidents"
            right = "add them to a team of its `restricted_to`, or give the category a schedule of its own"
            yield warning(
                ("schedules", schedule.key), f"{what}, so nobody is on call for these during their turns", right
            )
