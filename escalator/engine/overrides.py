"""Manual overrides of schedules, and who may add, end and see them."""

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


def with_overrides(policy: Policy, manual_overrides: Iterable[ManualOverride]) -> Policy:
    """Return the policy with these overrides, the newest last, in its schedules. They win over those of the file.

    Overrides for people who have left the policy are ignored.
    """
    schedules = dict(policy.schedules)
    for manual in manual_overrides:
        schedule = schedules.get(manual.schedule)
        if schedule is not None and manual.person in policy.people:
            override = Override(manual.person, manual.start, manual.end)
            schedules[manual.schedule] = replace(schedule, overrides=(*schedule.overrides, override))
    return replace(policy, schedules=schedules)


def may_add_override(asker: Person, person: str) -> bool:
    """Whether somebody may put this person on call: a moderator only themselves, a senior anybody."""
    return asker.role >= Role.SENIOR or (asker.role >= Role.MODERATOR and asker.key == person)


def may_end_override(asker: Person, override: ManualOverride) -> bool:
    """Whether somebody may end this override: a moderator only their own, a senior any."""
    return asker.role >= Role.SENIOR or (asker.role >= Role.MODERATOR and asker.key == override.author)


def categories_hidden_from(policy: Policy, schedule: str, person: str) -> tuple[Category, ...]:
    """Return the restricted categories of the teams on this schedule that this person may not see."""
    teams = [team.key for team in policy.teams.values() if team.schedule == schedule]
    named = {*teams, *(TEAM_PREFIX + team for team in teams)}
    restricted = (category for category in policy.categories.values() if named & {*category.restricted_to})
    return tuple(category for category in restricted if not may_view_category(person, category, policy))
