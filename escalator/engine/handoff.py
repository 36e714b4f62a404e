"""A shift changes: who of the old and the new people is told of which of the team's incidents."""

from collections.abc import Collection, Iterable
from enum import StrEnum

from escalator.engine.permissions import allowed_people
from escalator.model.incident import HELD_STATES, Incident, State
from escalator.model.levels import Severity
from escalator.model.policy import Policy, Team

HANDED_OVER_STATES = frozenset({State.TRIGGERED, *HELD_STATES})
"""What is handed over; what a group tells is told by the group."""


class HandoffRole(StrEnum):
    """What somebody has to do with a change of shift: comes on, goes off, or leads the team."""

    ON = "on"
    OFF = "off"
    LEAD = "lead"


def incidents_to_hand_over(
    part: HandoffRole, reader: str, team_has: Iterable[Incident], policy: Policy
) -> list[Incident]:
    """Return what this reader is told of what their team has, in its order: only what they may see.

    Whoever comes on is told of everything, whoever goes off of what they hold, the lead of what is critical and
    nobody's; who has left the policy of nothing.
    """
    if reader not in policy.people:
        return []
    found = []
    for one in team_has:
        allowed = allowed_people(one, policy)
        is_wanted = {
            HandoffRole.ON: True,
            HandoffRole.OFF: one.state in HELD_STATES and one.owner == reader,
            HandoffRole.LEAD: one.severity is Severity.CRITICAL and (one.state not in HELD_STATES or one.owner is None),
        }[part]
        if is_wanted and (allowed is None or reader in allowed):
            found.append(one)
    return found


def handoff_recipients(
    team: Team, before: Collection[str], after: Collection[str], team_has: Collection[Incident], policy: Policy
) -> list[tuple[HandoffRole, str]]:
    """Return who is told, and as what: nobody for whom there is nothing in it, or who has left the policy.

    A lead who comes on reads of the critical ones among all the others.
    """
    coming = [key for key in after if key not in before]
    parts = [(HandoffRole.ON, key) for key in coming]
    parts += [(HandoffRole.OFF, key) for key in before if key not in after]
    if team.lead and team.lead not in coming:
        parts.append((HandoffRole.LEAD, team.lead))
    return [(part, key) for part, key in parts if incidents_to_hand_over(part, key, team_has, policy)]
