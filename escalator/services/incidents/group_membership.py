"""Updates groups that lose members by decisions: the count decreases; the group ends with the last member."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from escalator.engine import grouping
from escalator.engine.incident_change import combine
from escalator.model.incident import CLOSED_STATES, Incident, State
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.store import incidents


def with_group_changes(context: TransactionContext, decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions and their effects on groups that lose a member; locks those groups."""
    gone_from = members_leaving(decisions)
    decided = {decision.change.incident.id: decision for decision in decisions}
    others = incidents.lock(context.connection, gone_from.keys() - decided.keys(), context.core.seal)
    for group_id, leaving in gone_from.items():
        known = decided.get(group_id)
        group = known.change.incident if known else others[group_id]
        if group.state in CLOSED_STATES:
            continue
        change = grouping.remove_members(
            group, leaving, rules_for(context.core, context.connection, group, context.running), context.now
        )
        if known:
            decided[group_id] = Decision(known.before, combine([known.change, change]))
        else:
            decided[group_id] = Decision(group, change)
    return list(decided.values())


def members_leaving(decisions: Iterable[Decision]) -> Mapping[UUID, list[Incident]]:
    """Return the members that leave, by group, in their present state."""
    leaving: dict[UUID, list[Incident]] = defaultdict(list)
    for decision in decisions:
        before, after = decision.before, decision.change.incident
        if before is None or before.state is not State.GROUPED or before.group_id is None:
            continue
        if after.state is not State.GROUPED or after.group_id != before.group_id:
            leaving[before.group_id].append(after)
    return leaving
