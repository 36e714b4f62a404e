"""One incident for a signed-in person: state, history, what comes next, and their possible actions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from escalator.channels.vendor import Place
from escalator.engine.available_actions import AvailableAction, available_actions
from escalator.engine.categorize import assess
from escalator.engine.incident_change import PolicyPair
from escalator.engine.routing import RoutingSubject, matched_conditions
from escalator.model.incident import Incident, Verb
from escalator.model.levels import ContentRule, Mode, Role
from escalator.model.policy import Policy
from escalator.rendering.buttons import question_before
from escalator.rendering.next_step import Coming, coming
from escalator.rendering.push_text import marked
from escalator.rendering.routing_reason import reason_words
from escalator.rendering.stream_actions import action_line
from escalator.rendering.view import category_of, display_name, title_of
from escalator.services.auth.incident_access import find_visible_incident
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.incidents.apply import rules_for
from escalator.services.notifications.compose import waiting_for
from escalator.services.views.external_links import find_external_links
from escalator.services.views.pictures import count_pictures
from escalator.services.views.reveal import ContentView, content_view
from escalator.services.views.timeline import TimelineEntry, build_timeline, texts_of_records
from escalator.store import posted_messages, timeline

MOST_RECORDS, MOST_NOTIFICATIONS, MOST_MEMBERS = 500, 500, 60


@dataclass(frozen=True, slots=True)
class RelatedIncidents:
    """Related incidents: its group or members, as far as they may be seen."""

    merged_into: int | None = None
    group: int | None = None
    members: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentDetails:
    """All that the page of one incident shows.

    `why`: why its route took it; `question`: asked before a false alarm; `timeline` has the newest so many entries,
    `is_cut`: there are earlier ones; `pictures`: how many this viewer may reveal; `stream_action`: how far the newest
    action in Stream is, in words.
    """

    incident: Incident
    title: str
    marks: str
    waiting_for: tuple[str, ...]
    why: str
    text: ContentView
    timeline: tuple[TimelineEntry, ...]
    is_cut: bool
    coming: tuple[Coming, ...]
    offers: tuple[AvailableAction, ...]
    question: str | None
    places: tuple[Place, ...]
    related: RelatedIncidents
    reports: int
    stream_action: str = ""
    pictures: int = 0


def view_incident(core: Core, viewer: Viewer, number: int) -> IncidentDetails | None:
    """Return one incident as this viewer may see it; None if they may not. Raises Unavailable."""
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        incident = find_visible_incident(core, connection, viewer, number, running.policy)
        if incident is None:
            return None
        rules = rules_for(core, connection, incident, running)
        text = content_view(connection, viewer, incident, rules, now)
        records = timeline.records_of(connection, incident.id, MOST_RECORDS)
        fates = timeline.deliveries_of(connection, incident.id, MOST_NOTIFICATIONS)
        notes = texts_of_records(connection, records, core.seal) if viewer.person.role >= Role.MODERATOR else {}
        standing = posted_messages.of_incident(connection, incident.id, now)
        related = _related(connection, viewer, incident, running.policy)
        pictures = count_pictures(core, viewer, incident, rules, now)
        is_test = core.mode_for(incident, running.policy) is Mode.DIVERT
    is_withheld = text.rule is ContentRule.WITHHOLD
    return IncidentDetails(
        incident=incident,
        title=title_of(category_of(incident, rules.frozen, running.policy)),
        marks=marked("", is_test=is_test, is_drill=incident.drill is not None).strip(" ·"),
        waiting_for=waiting_for(incident, rules.frozen, rules.roster(incident, now)),
        why=routing_reasons(incident, rules, is_withheld=is_withheld),
        text=text,
        timeline=build_timeline(records, fates, notes, running.policy),
        is_cut=len(records) == MOST_RECORDS,
        coming=coming(incident, rules, now),
        offers=available_actions(viewer.person, incident, rules, now),
        question=question_before(Verb.FALSE_ALARM, incident),
        places=find_external_links(core, incident, rules.frozen, running.policy, standing, text.rule),
        related=related,
        pictures=pictures,
        reports=0 if is_withheld else len(incident.facts.values("report")),
        stream_action=_stream_action(incident, running.policy),
    )


def _stream_action(incident: Incident, policy: Policy) -> str:
    """Return how far the newest action in Stream is; empty where nobody has asked for one."""
    if not incident.stream_actions:
        return ""
    return action_line(incident.stream_actions[-1], lambda person: display_name(person, policy))


def routing_reasons(incident: Incident, rules: PolicyPair, *, is_withheld: bool) -> str:
    """Return why its route took an incident, by the policy frozen with it; empty when it is not known."""
    if incident.drill is not None:
        return "the drill tests this route"
    assessment = replace(assess(incident.facts, rules.frozen), severity=incident.severity)
    subject = RoutingSubject(incident.source, incident.facts, assessment, incident.opened_at)
    return reason_words(
        matched_conditions(incident.route, subject, rules.frozen), rules.frozen, is_withheld=is_withheld
    )


def _related(connection: Connection, viewer: Viewer, incident: Incident, policy: Policy) -> RelatedIncidents:
    if not (incident.merged_into or incident.group_id or incident.is_group):
        return RelatedIncidents()
    audience = audience_of(connection, viewer, policy)
    ids = [incident_id for incident_id in (incident.merged_into, incident.group_id) if incident_id is not None]
    numbers = timeline.numbers_of(connection, ids, audience)
    members = timeline.members_of(connection, incident.id, audience, MOST_MEMBERS) if incident.is_group else []
    return RelatedIncidents(_number(numbers, incident.merged_into), _number(numbers, incident.group_id), tuple(members))


def _number(numbers: Mapping[UUID, int], incident_id: UUID | None) -> int | None:
    return numbers.get(incident_id) if incident_id is not None else None
