"""Builds messages from rows: reads what a message about an incident needs; rendering writes the text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, select

from escalator.channels.contract import FURTHER_FIELDS, Notification
from escalator.engine.permissions import allowed_people
from escalator.engine.roster import Roster
from escalator.engine.silences import active_silence
from escalator.engine.steps import next_send
from escalator.engine.targets import people_of_target, team_of
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import DueKind, Incident, State
from escalator.model.levels import ContentRule, Mode, Role
from escalator.model.message import Card, MessageContext, Occasion
from escalator.model.policy import JsonValue, Policy
from escalator.model.silence import Silence
from escalator.rendering import timeline
from escalator.rendering.card import card, standing
from escalator.rendering.redaction import names_by_key
from escalator.rendering.targets import join_with_and, target_words
from escalator.rendering.view import NO_OTHERS, Others, View
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.notifications.answer_links import email_link_for
from escalator.store import groups
from escalator.store.deliveries import Delivery, DeliveryKind
from escalator.store.delivery_claims import FIRST_ALERT_URGENCY
from escalator.store.posted_messages import PostedMessage
from escalator.store.tables import audit_records, incidents

_TOLD = (
    select(audit_records)
    .where(
        audit_records.c.incident_id.in_(bindparam("ids", expanding=True)),
        audit_records.c.action.in_([action.value for action in timeline.STORY]),
    )
    .order_by(audit_records.c.recorded_at, audit_records.c.id)
)
StoryRecords = tuple[Row[Any], ...]
"""The audit records of an incident in the story so far."""

_OF_STEPS = frozenset({Occasion.STEP, Occasion.ESCALATED})
_MOST_NAMES = 3
_MOST_STORY = 12


def story_records(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, StoryRecords]:
    """Return the audit records of these incidents that the story so far shows: people's, not machines'."""
    records: dict[UUID, StoryRecords] = {}
    for row in connection.execute(_TOLD, {"ids": list(ids)}):
        if json.loads(row.after).get("kind") != DeliveryKind.COPY:
            records[row.incident_id] = (*records.get(row.incident_id, ()), row)
    return {key: rows[-_MOST_STORY:] for key, rows in records.items()}


def _story(records: StoryRecords, policy: Policy) -> tuple[tuple[datetime, str], ...]:
    return tuple(
        (row.recorded_at, timeline.record_words(row.action, row.actor_key, row.reason, json.loads(row.after), policy))
        for row in records
    )


def incident_numbers(connection: Connection, ids: Iterable[UUID | None]) -> Mapping[UUID, int]:
    """Return the numbers of these incidents."""
    known_ids = [incident_id for incident_id in ids if incident_id is not None]
    if not known_ids:
        return {}
    rows = connection.execute(select(incidents.c.id, incidents.c.number).where(incidents.c.id.in_(known_ids)))
    return {row.id: row.number for row in rows}


def related_incidents(connection: Connection, about: Iterable[Incident]) -> Mapping[UUID, Others]:
    """Return, for each incident, others that its message names."""
    known = list(about)
    grouped = [incident.group_id for incident in known if incident.state is State.GROUPED]
    numbers = incident_numbers(connection, [*(incident.merged_into for incident in known), *grouped])
    spans = groups.number_ranges(connection, [incident.id for incident in known if incident.is_group])
    return {
        incident.id: Others(
            merged_into=numbers.get(incident.merged_into) if incident.merged_into else None,
            group=numbers.get(incident.group_id) if incident.group_id and incident.state is State.GROUPED else None,
            told_of=spans.get(incident.id),
        )
        for incident in known
    }


def build_view(  # noqa: PLR0913  # the message's subject, reader and reason
    core: Core,
    incident: Incident,
    frozen: Policy,
    running: RunningPolicy,
    to: Delivery | PostedMessage,
    *,
    occasion: Occasion = Occasion.STEP,
    said: StoryRecords = (),
    others: Others = NO_OTHERS,
    is_superseded: bool = False,
    now: datetime,
) -> View:
    """Return all data for a card about this incident for this reader."""
    policy = running.policy if to.channel.about.shows_names else names_by_key(running.policy)
    roster = Roster(policy, now, running.calendars, allowed_people(incident, policy))
    is_for_seniors = _is_senior(to.person, policy) and (incident.step > 0 or incident.round > 1)
    has_mentions = to.channel is DestinationKind.SLACK and not to.person and to.mode is not Mode.DIVERT
    return View(
        incident=incident,
        frozen=frozen,
        running=policy,
        now=now,
        occasion=occasion,
        is_test=to.mode is Mode.DIVERT,
        is_for_seniors=is_for_seniors,
        waiting_for=waiting_for(incident, frozen, roster),
        next_what=next_recipients(incident, frozen, policy),
        story=_story(said, policy) if is_for_seniors else (),
        mentions=slack_mentions(core, incident, frozen, roster) if has_mentions else (),
        others=others,
        channel=to.channel,
        is_superseded=is_superseded,
        rung=_rung(to) if isinstance(to, Delivery) else None,
        actor=to.actor if isinstance(to, Delivery) else None,
        wants_content=_options(core, to.destination, running.policy).get("content") == ContentRule.SHOW.value,
        silence=_silence_of(incident, running, now),
        expand=core.expand,
    )


def _silence_of(incident: Incident, running: RunningPolicy, now: datetime) -> Silence | None:
    if incident.silenced_step is None:
        return None
    return active_silence(incident, running.silences, running.policy, now)


def _rung(delivery: Delivery) -> tuple[int, int, int] | None:
    """Return the send, step and round of a delivery, if it belongs to a step."""
    return (delivery.round, delivery.step, delivery.send_number) if delivery.occasion in _OF_STEPS else None


def build_notification(
    core: Core, view: View, to: Delivery | PostedMessage, *, key: UUID, post: PostedMessage | None
) -> Notification:
    """Return the message to one recipient; `post` is the posted message, `key` names this notification."""
    incident = view.incident
    return Notification(
        context=MessageContext(incident.id, incident.number, to.destination, to.person),
        address=core.expand(to.address),
        card=card(view),
        occasion=view.occasion,
        key=str(key),
        place=str(post.id) if post else "",
        at=view.now,
        standing=standing(view),
        ref=post.vendor_ref if post else None,
        options=_options(core, to.destination, view.running),
        answer=email_link_for(core, view, to),
        is_urgent=_is_urgent(view, to),
    )


def _is_urgent(view: View, to: Delivery | PostedMessage) -> bool:
    """Whether no flood delays it: the first alert of a category, and updates after a person's action."""
    if isinstance(to, Delivery):
        return to.urgency >= FIRST_ALERT_URGENCY
    return view.incident.state is not State.TRIGGERED


def build_notice(core: Core, policy: Policy, to: Delivery, said: Card, now: datetime) -> Notification:
    """Return an operator alert's message, which is about no incident."""
    return Notification(
        context=MessageContext(None, None, to.destination, to.person),
        address=core.expand(to.address),
        card=said,
        occasion=to.occasion,
        key=str(to.id),
        place=str(to.id),
        at=now,
        options=_options(core, to.destination, policy),
    )


def _options(core: Core, destination: str, policy: Policy) -> dict[str, str]:
    known = policy.destinations.get(destination)
    if known is None:
        return {}
    options = {name: core.expand(value) for name, value in known.options.items()}
    if known.further_fields:
        options[FURTHER_FIELDS] = json.dumps(
            {name: _expanded(core, value) for name, value in known.further_fields.items()}
        )
    return options


def _expanded(core: Core, value: JsonValue) -> JsonValue:
    """Return a value with `${NAME}` replaced in each of its texts."""
    if isinstance(value, dict):
        return {name: _expanded(core, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_expanded(core, item) for item in value]
    return core.expand(value) if isinstance(value, str) else value


def _is_senior(person: str | None, policy: Policy) -> bool:
    known = policy.people.get(person or "")
    return known is not None and known.role >= Role.SENIOR


def _present_targets(incident: Incident, frozen: Policy) -> Sequence[str]:
    path = frozen.paths.get(incident.path, ())
    return path[incident.step].notify if 0 <= incident.step < len(path) else ()


def _names_of_waiting(incident: Incident, frozen: Policy, roster: Roster) -> list[str]:
    """Return the names of who may answer the present step, with the team if its schedule selects them."""
    names: dict[str, str] = {}
    for target in _present_targets(incident, frozen):
        for key in roster.responders(people_of_target(target, incident.assign, roster)):
            names.setdefault(key, roster.policy.people[key].name + _on_call(target, incident.assign, roster))
    return list(names.values())


def _on_call(target: str, assign: str | None, roster: Roster) -> str:
    team = team_of(target, assign, roster.policy)
    return f" ({team.key}, on call)" if team and team.schedule and roster.on_team(team) else ""


def waiting_for(incident: Incident, frozen: Policy, roster: Roster) -> tuple[str, ...]:
    """Return who should answer now: the people of the present step, or those it is assigned to."""
    names = tuple(_names_of_waiting(incident, frozen, roster)) or tuple(
        roster.policy.people[key].name
        for key in roster.responders(people_of_target(incident.assign or "", None, roster))
    )
    if names and len(names) <= _MOST_NAMES:
        return names
    words = target_words(_present_targets(incident, frozen), incident.assign, roster.policy)
    return (words,) if words else ()


def next_recipients(incident: Incident, frozen: Policy, running: Policy) -> str:
    """Return the next deadline's recipients, in words."""
    if incident.due_kind is DueKind.SILENCE_END:
        return target_words(_present_targets(incident, frozen), incident.assign, running)
    send = next_send(incident, frozen.paths.get(incident.path, ()))
    if incident.due_kind is DueKind.RESTART or send is None:
        tell = frozen.unanswered.tell
        also = f", and {join_with_and([target_words(tell, None, running)])} is notified" if tell else ""
        return f"restarts from step 1{also}"
    return target_words(frozen.paths[incident.path][send.step].notify, incident.assign, running)


def slack_mentions(core: Core, incident: Incident, frozen: Policy, roster: Roster) -> tuple[str, ...]:
    """Return the Slack ids of the present step: a team's user group where it has one, else its people."""
    targets = _present_targets(incident, frozen)
    return tuple(
        dict.fromkeys(slack_id for target in targets for slack_id in _slack_ids(core, target, incident.assign, roster))
    )


def _slack_ids(core: Core, target: str, assign: str | None, roster: Roster) -> tuple[str, ...]:
    team = team_of(target, assign, roster.policy)
    group = core.expand(team.slack_group or "") if team else ""
    if group:
        return (group,)
    known = (roster.policy.people.get(key) for key in people_of_target(target, assign, roster))
    return tuple(slack_id for person in known if person and (slack_id := core.expand(person.slack or "")))
