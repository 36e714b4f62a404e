"""Who may take over an incident from its owner."""

from datetime import datetime

from escalator.engine.incident_change import PolicyPair
from escalator.engine.permissions import RefusalReason
from escalator.engine.targets import team_of
from escalator.model.incident import Incident
from escalator.model.levels import Role
from escalator.model.policy import Person, Team


def takeover_refusal(
    incident: Incident, person: Person, rules: PolicyPair, now: datetime, *, is_out_of_date: bool
) -> RefusalReason | None:
    """Return why somebody may not take an incident over, or None when they may.

    A moderator on call may take what its owner acknowledged while on call and still has after going off; seniors may
    take anything. The handoff message of a shift is never updated: with such an old button even a senior takes only
    what was left behind, and not what somebody has taken since.
    """
    policy = rules.running
    if incident.owner not in policy.people:
        return None
    team = team_of("team", incident.assign, policy)
    was_left = team is not None and team.schedule is not None and _has_gone_off(incident, team, rules, now)
    if person.role >= Role.SENIOR:
        return None if was_left or not is_out_of_date else RefusalReason.STALE
    is_on_duty = team is not None and person.key in rules.roster(incident, now).on_team(team)
    return None if was_left and is_on_duty else RefusalReason.NOT_YOURS


def _has_gone_off(incident: Incident, team: Team, rules: PolicyPair, now: datetime) -> bool:
    """Whether the owner was on call for this team when they took it, and is not any more."""
    was_on_duty = incident.owner in rules.roster(incident, incident.acknowledged_at or now).on_team(team)
    return was_on_duty and incident.owner not in rules.roster(incident, now).on_team(team)
