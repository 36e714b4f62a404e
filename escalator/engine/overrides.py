"""Standing in: overrides that people click, as part of the rotas, and who may click what."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from escalator.engine.permissions import may_view_category
from escalator.engine.targets import TEAM_PREFIX
from escalator.model.levels import Role
from escalator.model.policy import Category, Person, Policy
from escalator.model.schedule import ManualOverride, Override

MAX_OVERRIDE_LENGTH = timedelta(days=31)
MAX_OVERRIDE_LEAD = timedelta(days=366)
"""How far ahead one may begin."""


def with_overrides(policy: Policy, clicked: Iterable[ManualOverride]) -> Policy:
    """Return the policy with these, the newest last, in its schedules: they are newer than the file, so go before it.

    Whoever has left the policy since stands in for nobody.
    """
    schedules = dict(policy.schedules)
    for one in clicked:
        schedule = schedules.get(one.schedule)
        if schedule is not None and one.person in policy.people:
            override = Override(one.person, one.start, one.end)
            schedules[one.schedule] = replace(schedule, overrides=(*schedule.overrides, override))
    return replace(policy, schedules=schedules)


def may_add_override(by: Person, person: str) -> bool:
    """Whether somebody may put this person on call: a moderator themself, a senior anybody."""
    return by.role >= Role.SENIOR or (by.role >= Role.MODERATOR and by.key == person)


def may_end_override(by: Person, one: ManualOverride) -> bool:
    """Whether somebody may take this back: a moderator what they have clicked, a senior anything."""
    return by.role >= Role.SENIOR or (by.role >= Role.MODERATOR and by.key == one.author)


def categories_hidden_from(policy: Policy, schedule: str, person: str) -> tuple[Category, ...]:
    """Return the restricted categories that teams on this schedule hear of, and this person may not."""
    teams = [team.key for team in policy.teams.values() if team.schedule == schedule]
    named = {*teams, *(TEAM_PREFIX + team for team in teams)}
    closed = (one for one in policy.categories.values() if named & {*one.restricted_to})
    return tuple(one for one in closed if not may_view_category(person, one, policy))
