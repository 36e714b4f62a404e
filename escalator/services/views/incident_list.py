"""Open incidents by urgency: the dashboard's first page, and every list of incidents."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from escalator.engine.permissions import check_permission, is_withheld
from escalator.engine.silences import is_silenced
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import OPEN_STATES, Incident, State, Verb
from escalator.model.levels import Mode, Severity
from escalator.model.policy import Policy
from escalator.rendering.targets import target_words
from escalator.rendering.view import category_of, display_name, title_of
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.next_step import describe_next_step
from escalator.store import incident_search, timeline
from escalator.store.delivery_status import NotificationStatus, NotifiedDestination, entity_types_of, notified_of
from escalator.store.incident_search import LATE_AFTER, IncidentFilter, SearchTerms
from escalator.store.visibility import Audience

PAGE_SIZE = 100
"""How many incidents a list shows at once."""

WAITING = OPEN_STATES - {State.GROUPED}
"""Incidents that wait for an answer. Members of a group are answered through their group."""

_NUMBER = re.compile(r"#?([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class NotifiedGroup:
    """The recipients on one channel and the result, in words; `through` is empty where `who` includes it."""

    who: str
    through: str
    fate: NotificationStatus


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident in a list; `incident` is an outline.

    `next` is what happens at its deadline; `group` is the number of its group.
    """

    incident: Incident
    title: str
    next: str | None
    notified: Sequence[NotifiedGroup]
    thing: str
    group: int | None
    is_late: bool
    is_silenced: bool
    can_acknowledge: bool

    @property
    def waiting_since(self) -> datetime:
        """Return since when it has waited for an answer, or else when it was opened."""
        return self.incident.waiting_since or self.incident.opened_at

    @property
    def answered(self) -> str:
        """Return `1 of 2` while more than one person has to answer, and the first has."""
        count, needed = len(self.incident.acknowledgements), self.incident.acks_needed
        return f"{count} of {needed}" if needed > 1 and count else ""


@dataclass(frozen=True, slots=True)
class OpenIncidentsPage:
    """A page of open incidents. `counts` are of all pages and severities; `waiting` counts those without an answer."""

    rows: Sequence[IncidentRow]
    counts: Mapping[Severity, int]
    waiting: int
    page: int
    has_more: bool

    @property
    def count(self) -> int:
        """Return the count of all severities."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class AllIncidentsPage:
    """A page of all incidents, newest first; `newer` and `older` are where its neighbours begin, if any."""

    rows: Sequence[IncidentRow]
    newer: int | None
    older: int | None


def parse_search(typed: str, policy: Policy) -> SearchTerms | None:
    """Return what a search text may mean: a number, a route, a category's title, an owner's name."""
    text = " ".join(typed.split())
    if not text:
        return None
    number = _NUMBER.fullmatch(text)
    low = text.casefold()
    owners = (*policy.people, *policy.teams)
    return SearchTerms(
        number=int(number[1]) if number else None,
        route=text,
        categories=frozenset(
            category.key for category in policy.categories.values() if low in category.title.casefold()
        ),
        owners=frozenset(key for key in owners if low in display_name(key, policy).casefold()),
    )


def list_open(
    core: Core, viewer: Viewer, running: RunningPolicy, filter_: IncidentFilter, page: int = 1
) -> OpenIncidentsPage:
    """Return open incidents by urgency that somebody may see; pages count from 1. Raises Unavailable.

    Without a state, those that wait here; a search also finds members of groups.
    """
    now = core.clock.now()
    states = OPEN_STATES if filter_.sought else WAITING
    open_filter = replace(without_sandbox(core, filter_), states=(filter_.states & OPEN_STATES) or states)
    with core.database.reading() as connection:
        audience = audience_of(connection, viewer, running.policy)
        of_all = replace(open_filter, severities=frozenset())
        counts = incident_search.count_by_severity(connection, audience, of_all)
        waiting = _count_waiting(connection, audience, of_all)
        offset = (page - 1) * PAGE_SIZE
        incidents = incident_search.by_urgency(
            connection, audience, open_filter, now, limit=PAGE_SIZE + 1, offset=offset
        )
        rows = _rows(core, connection, viewer, running, audience, incidents[:PAGE_SIZE], now)
    return OpenIncidentsPage(rows, counts, waiting, page, has_more=len(incidents) > PAGE_SIZE)


def _count_waiting(connection: Connection, audience: Audience, open_filter: IncidentFilter) -> int:
    """Return how many of these have no answer."""
    if State.TRIGGERED not in open_filter.states:
        return 0
    unanswered = replace(open_filter, states=frozenset({State.TRIGGERED}))
    return sum(incident_search.count_by_severity(connection, audience, unanswered).values())


def list_all(  # noqa: PLR0913  # who asks, for what and which page
    core: Core,
    viewer: Viewer,
    running: RunningPolicy,
    wanted: IncidentFilter,
    *,
    before: int | None = None,
    after: int | None = None,
) -> AllIncidentsPage:
    """Return a page of incidents in any state that somebody may see. Raises Unavailable.

    From a neighbouring page the way back needs no other query; one more row than is shown is read, to know whether the
    list goes on.
    """
    with core.database.reading() as connection:
        audience = audience_of(connection, viewer, running.policy)
        shown_filter = without_sandbox(core, wanted)
        incidents = incident_search.by_number(
            connection, audience, shown_filter, limit=PAGE_SIZE + 1, before=before, after=after
        )
        goes_on = len(incidents) > PAGE_SIZE
        shown = incidents[-PAGE_SIZE:] if after is not None else incidents[:PAGE_SIZE]
        rows = _rows(core, connection, viewer, running, audience, shown, core.clock.now())
    if not shown:
        return AllIncidentsPage((), None, None)
    has_newer = goes_on if after is not None else before is not None
    has_older = goes_on or after is not None
    return AllIncidentsPage(rows, shown[0].number if has_newer else None, shown[-1].number if has_older else None)


def without_sandbox(core: Core, filter_: IncidentFilter) -> IncidentFilter:
    """Return the filter without sandbox incidents, outside the sandbox, unless a mode is asked for."""
    if filter_.modes or core.settings.mode is Mode.SANDBOX:
        return filter_
    return replace(filter_, modes=frozenset({Mode.DIVERT, Mode.PRODUCTION}))


def _rows(  # noqa: PLR0913  # what is shown, to whom, under which policy, when
    core: Core,
    connection: Connection,
    viewer: Viewer,
    running: RunningPolicy,
    audience: Audience,
    incidents: Sequence[Incident],
    now: datetime,
) -> Sequence[IncidentRow]:
    if not incidents:
        return ()
    ids = [incident.id for incident in incidents]
    notified, things = notified_of(connection, ids), entity_types_of(connection, ids)
    groups = timeline.numbers_of(
        connection, [incident.group_id for incident in incidents if incident.group_id], audience
    )
    frozen = _versions(core, connection, incidents)
    policy = running.policy
    return [
        IncidentRow(
            incident=incident,
            title=title_of(category_of(incident, frozen[incident.policy_version], policy)),
            next=describe_next_step(incident, frozen[incident.policy_version], policy),
            notified=_notified_groups(notified.get(incident.id, ()), policy),
            thing="" if is_withheld(incident, policy) else things.get(incident.id, ""),
            group=groups.get(incident.group_id) if incident.group_id and incident.state is State.GROUPED else None,
            is_late=incident.due_at is not None and incident.due_at < now - LATE_AFTER,
            is_silenced=is_silenced(incident),
            can_acknowledge=_can_acknowledge(incident, viewer, policy),
        )
        for incident in incidents
    ]


def _notified_groups(notified_destinations: Iterable[NotifiedDestination], policy: Policy) -> Sequence[NotifiedGroup]:
    """Return who was notified, one entry for each channel and result; failures first."""
    alike: dict[tuple[NotificationStatus, DestinationKind], list[str]] = defaultdict(list)
    for recipient in notified_destinations:
        alike[recipient.fate, recipient.channel].append(recipient.destination)
    notified = []
    for (fate, channel), destinations in sorted(
        alike.items(), key=lambda item: item[0][0] is not NotificationStatus.FAILED
    ):
        who, through = target_words(destinations, None, policy), channel.about.title
        notified.append(NotifiedGroup(who, "" if who == through else through, fate))
    return notified


def _versions(core: Core, connection: Connection, incidents: Iterable[Incident]) -> Mapping[UUID, Policy]:
    return {
        version: core.policies.version(connection, version)
        for version in {incident.policy_version for incident in incidents}
    }


def _can_acknowledge(incident: Incident, viewer: Viewer, policy: Policy) -> bool:
    """Whether this person may still acknowledge it and has not done so."""
    is_answered = any(answer.person == viewer.person.key for answer in incident.acknowledgements)
    may = (
        incident.state is State.TRIGGERED
        and check_permission(Verb.ACKNOWLEDGE, viewer.person, incident, policy) is None
    )
    return may and not is_answered
