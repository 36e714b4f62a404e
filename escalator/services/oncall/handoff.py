"""Handoffs: a person coming on call is notified once of the open work, one going off of what they still own.

A team's row in `oncall_snapshots` is the fence: of several processes, the first that sees a change sends the messages;
after an outage, the first check does. It is checked every second or two, which costs no more than reading the
schedules.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.handoff import HANDED_OVER_STATES, HandoffRole, handoff_recipients, incidents_to_hand_over
from escalator.engine.roster import Roster
from escalator.engine.targets import resolve_targets
from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.message import Card
from escalator.model.policy import Policy, Team
from escalator.rendering.handoff import ShiftView, card
from escalator.rendering.redaction import names_by_key
from escalator.rendering.view import category_of, title_of
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.notifications.bulletins import publish_bulletin
from escalator.store import audit_log, incident_search, incidents, oncall_snapshots
from escalator.store.deliveries import Delivery
from escalator.store.oncall_snapshots import OncallSnapshot

_MOST = 500
"""How many open incidents are read for a team."""

_NOTIFIED_MODES = (Mode.PRODUCTION, Mode.SANDBOX)
"""A diverted source opens tests only: their messages go to one place, and no shift takes them over."""


def announce_shift_changes(core: Core) -> None:
    """Store who is on call for each team with a schedule, and notify people where that has changed.

    Raises Unavailable.
    """
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        if running is None:
            return
        known = oncall_snapshots.all_snapshots(connection)
    now = core.clock.now()
    teams = {team.key: team for team in running.policy.teams.values() if team.schedule in running.policy.schedules}
    for team in teams.values():
        if _differs(known.get(team.key), running.roster(now).on_team(team), now):
            _change(core, team.key)
    removed = known.keys() - teams
    if removed:
        with core.database.writing() as connection:
            oncall_snapshots.delete_teams(connection, removed)


def _differs(noted: OncallSnapshot | None, people: Iterable[str], now: datetime) -> bool:
    """Whether other people are on call than stored. A clock behind the one that stored them has no effect."""
    return noted is None or (set(people) != set(noted.people) and now >= noted.since)


def _change(core: Core, key: str) -> None:
    """Check again under the lock; store, record and notify."""
    with unit_of_work(core) as work:
        connection, now = work.connection, core.clock.now()
        running = core.policies.running(connection)
        team = running.policy.teams.get(key) if running else None
        if running is None or team is None:
            return
        roster = running.roster(now)
        noted = OncallSnapshot(key, roster.on_team(team), now)
        before = oncall_snapshots.lock(connection, key)
        if before is None:
            oncall_snapshots.insert_if_absent(connection, noted)
        elif _differs(before, noted.people, now):
            oncall_snapshots.save(connection, noted)
            _record(connection, before, noted, running)
            work.has_deliveries = _publish_handoff(core, connection, team, before, roster)


def _record(connection: Connection, before: OncallSnapshot, after: OncallSnapshot, running: RunningPolicy) -> None:
    entry = AuditEntry(
        AuditAction.SHIFT_CHANGED,
        before={"team": before.team, "people": ",".join(before.people)},
        after={"team": after.team, "people": ",".join(after.people)},
    )
    audit_log.insert(connection, [(entry, running.version)], after.since)


def _publish_handoff(core: Core, connection: Connection, team: Team, before: OncallSnapshot, roster: Roster) -> bool:
    """Publish each person's message, in each mode of the team's incidents; return whether there were any."""
    policy, count = roster.policy, 0
    team_has, _is_cut = _assigned(core, connection, team.key)
    for mode in _NOTIFIED_MODES:
        of_mode = [team_ha for team_ha in team_has if core.mode_for(team_ha, policy) is mode]
        for part, person in handoff_recipients(team, before.people, roster.on_team(team), of_mode, policy):
            new = Bulletin(uuid7(), BulletinKind.SHIFT, roster.at, {"team": team.key, "part": part.value})
            count += publish_bulletin(
                core, connection, new, resolve_targets((PERSON_PREFIX + person,), None, roster).recipients, mode
            )
    return count > 0


def shift_card(context: TransactionContext, bulletin: Bulletin, to: Delivery) -> Card:
    """Return a handoff's message for this reader now."""
    part, team, policy = HandoffRole(str(bulletin.body["part"])), str(bulletin.body["team"]), context.policy
    team_has, is_cut = _assigned(context.core, context.connection, team)
    of_mode = [incident for incident in team_has if context.core.mode_for(incident, policy) is to.mode]
    return card(
        ShiftView(
            part=part,
            team=team,
            reader=to.person or "",
            listed=tuple(
                (incident, _title(context.core, context.connection, incident, policy))
                for incident in incidents_to_hand_over(part, to.person or "", of_mode, policy)
            ),
            policy=policy if to.channel.about.shows_names else names_by_key(policy),
            now=context.now,
            is_cut=is_cut,
        )
    )


def _assigned(core: Core, connection: Connection, team: str) -> tuple[list[Incident], bool]:
    """Return a team's open incidents, gravest and oldest first, and whether there are more."""
    ids = incident_search.ids_assigned_to(connection, team, HANDED_OVER_STATES, _MOST)
    readable = incidents.readable(connection, ids, core.seal)
    return [readable[incident_id] for incident_id in ids if incident_id in readable], len(ids) == _MOST


def _title(core: Core, connection: Connection, incident: Incident, policy: Policy) -> str:
    return title_of(category_of(incident, core.policies.version(connection, incident.policy_version), policy))
