"""Handoff of a shift: which of the old and new people on call are sent which incidents of the team."""

from collections.abc import Collection, Iterable
from enum import StrEnum

from escalator.engine.permissions import allowed_people
from escalator.model.incident import HELD_STATES, Incident, State
from escalator.model.levels import Severity
from escalator.model.policy import Policy, Team

HANDED_OVER_STATES = frozenset({State.TRIGGERED, *HELD_STATES})
"""States of incidents in a handoff; members of a group are represented by the group."""


class HandoffRole(StrEnum):
    """The part of a person in a handoff: comes on, goes off, or leads the team."""

    ON = "on"
    OFF = "off"
    LEAD = "lead"


def incidents_to_hand_over(
    role: HandoffRole, reader: str, team_incidents: Iterable[Incident], policy: Policy
) -> list[Incident]:
    """Return the incidents of the team that this reader is sent, in the given order: only what they may see.

    Who comes on gets all, who goes off those they own, the lead the critical ones without an owner; who has left the
    policy gets none.
    """
    if reader not in policy.people:
        return []
    visible = []
    for incident in team_incidents:
        allowed = allowed_people(incident, policy)
        is_wanted = {
            HandoffRole.ON: True,
            HandoffRole.OFF: incident.state in HELD_STATES and incident.owner == reader,
            HandoffRole.LEAD: incident.severity is Severity.CRITICAL
            and (incident.state not in HELD_STATES or incident.owner is None),
        }[role]
        if is_wanted and (allowed is None or reader in allowed):
            visible.append(incident)
    return visible


def handoff_recipients(
    team: Team, before: Collection[str], after: Collection[str], team_incidents: Collection[Incident], policy: Policy
) -> list[tuple[HandoffRole, str]]:
    """Return the recipients with their roles; nobody without incidents to read, or who has left the policy.

    A lead who comes on gets one message, as somebody who comes on.
    """
    coming = [key for key in after if key not in before]
    roles = [(HandoffRole.ON, key) for key in coming]
    roles += [(HandoffRole.OFF, key) for key in before if key not in after]
    if team.lead and team.lead not in coming:
        roles.append((HandoffRole.LEAD, team.lead))
    return [(role, key) for role, key in roles if incidents_to_hand_over(role, key, team_incidents, policy)]
