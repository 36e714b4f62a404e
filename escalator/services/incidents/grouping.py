"""Groups the alerts of a storm: decided per batch, when the kind of each of its incidents is known."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine import grouping
from escalator.model.incident import Incident
from escalator.model.policy import Grouping, Policy
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.group_membership import members_leaving
from escalator.store import groups


def group_storm_alerts(context: TransactionContext, decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions of a batch with storms grouped, each group before its members.

    The incidents are locked; nobody else decides about alerts of these kinds until the transaction ends.
    """
    rule = context.policy.grouping
    if rule is None:
        return list(decisions)
    marked = [_marked(decision, context.policy) for decision in decisions]
    alerts = [decision for decision in marked if _is_of_a_new_kind(decision)]
    if not alerts:
        return marked
    groups.lock_kinds(context.connection, {_kind(alert) for alert in alerts})
    joining = _joining(context.connection, alerts, rule, context.now)
    standing = (
        groups.lock_open_groups(context.connection, joining, members_leaving(marked), context.core.seal)
        if joining
        else {}
    )
    grouped: list[Decision] = []
    for kind, members in joining.items():
        grouped += _group_members(context, standing.get(kind), members)
    joined = {decision.change.incident.id for decision in grouped}
    return [*grouped, *(decision for decision in marked if decision.change.incident.id not in joined)]


def _marked(decision: Decision, policy: Policy) -> Decision:
    """Return the decision about an alert with its kind set."""
    incident = decision.change.incident
    if not grouping.starts_alerting(decision.before, incident):
        return decision
    of_its_kind = incident.changed(grouping_key=grouping.grouping_key(incident, policy))
    return replace(decision, change=replace(decision.change, incident=of_its_kind))


def _is_of_a_new_kind(decision: Decision) -> bool:
    """Whether it may join a group; an alert that starts again as the same kind is sent on its own."""
    incident = decision.change.incident
    known = decision.before.grouping_key if decision.before else None
    return incident.grouping_key not in {None, known} and grouping.starts_alerting(decision.before, incident)


def _kind(decision: Decision) -> str:
    return decision.change.incident.grouping_key or ""


def _joining(
    connection: Connection, alerts: Iterable[Decision], rule: Grouping, now: datetime
) -> Mapping[str, list[Decision]]:
    """Return by kind the alerts that join a group: those after enough others.

    What existed already is an alert of its kind only from now on.
    """
    in_order = sorted(alerts, key=lambda alert: (alert.change.incident.opened_at, alert.change.incident.id))
    others = groups.recent_opened_at(connection, {_kind(alert) for alert in in_order}, rule.after)
    before = defaultdict(list, others)
    joining: dict[str, list[Decision]] = defaultdict(list)
    for alert in in_order:
        begins_at = now if alert.before else alert.change.incident.opened_at
        if grouping.is_storm(begins_at, before[_kind(alert)], rule):
            joining[_kind(alert)].append(alert)
        before[_kind(alert)].append(begins_at)
    return joining


def _group_members(
    context: TransactionContext, standing: Incident | None, members: Sequence[Decision]
) -> list[Decision]:
    """Return the decisions about the group, which is created if none is open, and its members."""
    if standing is None:
        group = _opened(members, context.running, context.now)
    else:
        rules = rules_for(context.core, context.connection, standing, context.running)
        group = Decision(standing, grouping.add_members(standing, len(members), rules, context.now))
    rules = context.running.rules(context.policy)
    changes = [grouping.join_group(member.change, group.change.incident, rules, context.now) for member in members]
    return [group, *(replace(member, change=change) for member, change in zip(members, changes, strict=True))]


def _opened(members: Sequence[Decision], running: RunningPolicy, now: datetime) -> Decision:
    first = members[0].change.incident
    blank = Incident(uuid7(), 0, first.source, first.mode, running.version, first.opened_at)
    return Decision(None, grouping.open_group(blank, first, len(members), running.rules(running.policy), now))
