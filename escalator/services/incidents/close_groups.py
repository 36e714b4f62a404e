"""Closes the members of an ended group, a bounded batch in each transaction."""

from uuid import UUID

from escalator.engine import grouping
from escalator.services.core.context import Core
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.store import groups

BATCH = 500
_MOST_GROUPS = 50


def close_ended_groups(core: Core) -> None:
    """Close the members of ended groups; those locked by others are left for the next time.

    Raises Unavailable.
    """
    with core.database.reading() as connection:
        group_ids = groups.find_ended(connection, _MOST_GROUPS)
    for group_id in group_ids:
        while _tend(core, group_id) == BATCH:
            pass


def _tend(core: Core, group_id: UUID) -> int:
    """Close up to a batch of a group's members; return how many."""
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.running(connection)
        group = groups.lock_ended(connection, group_id, core.seal)
        if running is None or group is None:
            return 0
        members = groups.lock_members(connection, group_id, BATCH, core.seal)
        decisions = [
            Decision(member, grouping.close_member(group, member, rules_for(core, connection, member, running), now))
            for member in members
        ]
        work.apply(decisions, running, now)
        groups.recount(connection, group_id)
    return len(members)
