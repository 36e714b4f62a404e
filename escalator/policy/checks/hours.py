"""Hours and schedules: are they ever open, does their country exist, does a critical incident wait for them."""

from collections.abc import Iterator
from datetime import UTC, datetime

from escalator.model.levels import Severity
from escalator.model.policy import Step
from escalator.policy.checks.coverage import route_details
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, join_names, make_warning, quoted
from escalator.policy.route_reachability import incident_kind_of, reachable_routes
from escalator.schedules.holiday import is_known_holiday_code, subdivisions_differing
from escalator.schedules.hours import first_instant_in_hours
from escalator.schedules.never_on_call import never_on_call

_ANY_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)
"""Hours repeat every week but for holidays, so one instant is enough to see whether they ever open."""


def check_hours(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield hours that never open, unknown countries, turns outside hours, and critical incidents that wait."""
    for key, hours in draft.hours.items():
        if hours.holidays is not None and not is_known_holiday_code(hours.holidays):
            what = f"{quoted(hours.holidays)} is not a country or region with known holidays"
            yield PolicyFinding(("hours", key, "holidays"), what, "write a country such as US, or US-NY (ISO 3166)")
        elif hours.holidays is not None:
            yield from _vague_holidays(key, hours.holidays)
    for name, steps in draft.paths.items():
        for index, step in steps.items():
            if _is_never_open(step, draft):
                what = f"waits for hours that never occur: during {step.during}, outside {step.outside}"
                yield PolicyFinding(("paths", name, index), what, "leave out one of the two")
    yield from _critical_paths_that_wait(draft)
    yield from _schedules_of_other_teams(draft)
    yield from _turns_outside_hours(draft)


def _vague_holidays(key: str, country: str) -> Iterator[PolicyFinding]:
    """Yield a warning for a country all of whose subdivisions have other holidays than the country itself."""
    subdivisions = subdivisions_differing(country, _ANY_INSTANT.year)
    if subdivisions:
        what = f"{quoted(country)} has no regional holidays, but every part of the country has some"
        named = join_names(f"{country}-{subdivision}" for subdivision in subdivisions)
        yield make_warning(("hours", key, "holidays"), what, f"write one part; known: {named}")


def _turns_outside_hours(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield people of a rotation whose turns always fall outside the hours of their layer."""
    for key, schedule in draft.schedules.items():
        if any(layer.hours and layer.hours not in draft.hours for layer in schedule.layers):
            continue
        never = never_on_call(schedule, draft.hours)
        if never:
            what = f"never puts {join_names(never)} on call: their turns are always outside the hours of their layer"
            what += ", or under a later layer"
            right = "write `rotate: weekly`, or change how many people take turns"
            yield make_warning(("schedules", key), what, right)


def _is_never_open(step: Step, draft: PolicyDraft) -> bool:
    during, outside = (draft.hours.get(key or "") for key in (step.during, step.outside))
    named = [hours.holidays for hours in (during, outside) if hours and hours.holidays]
    return all(map(is_known_holiday_code, named)) and first_instant_in_hours(during, outside, _ANY_INSTANT) is None


def _critical_paths_that_wait(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield paths on which a critical incident waits for hours at every step."""
    checked_paths: set[str] = set()
    for category in draft.categories.values():
        if category.at_least is not Severity.CRITICAL:
            continue
        for taker in reachable_routes(incident_kind_of(category), draft.routes):
            place, path, _assign = route_details(draft, taker)
            steps = draft.paths.get(path, {}).values()
            if steps and path not in checked_paths and all(step.during or step.outside for step in steps):
                checked_paths.add(path)
                what = f"a critical incident ({quoted(category.key)}) can end on {quoted(path)}, where every step waits"
                yield make_warning(
                    place, f"{what} for hours", "add a step without hours; `escalator coverage` shows when"
                )


def _schedules_of_other_teams(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield teams whose schedule has nobody of the team, perhaps by mistake."""
    for key, team in draft.teams.items():
        schedule = draft.schedules.get(team.schedule or "")
        if schedule is not None and not {*schedule.everybody} & {*team.members}:
            what = f"{quoted(schedule.key)} has nobody of this team"
            yield make_warning(
                ("teams", key, "schedule"), what, "name the team's own schedule, or add its members to that schedule"
            )
