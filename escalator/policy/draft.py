"""The file as typed values, as far as it could be read: what the checks work on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from escalator.model.levels import Role
from escalator.model.policy import (
    AcknowledgedRule,
    Category,
    Destination,
    Digest,
    Drill,
    ExposureLimit,
    Feed,
    Grouping,
    Heartbeat,
    Person,
    Policy,
    Route,
    SeverityScale,
    Source,
    Step,
    Team,
    UnansweredRule,
    WatchedQueue,
)
from escalator.model.schedule import Hours, Schedule
from escalator.model.silence import Silence
from escalator.model.stream_action_rule import StreamActionRule
from escalator.policy import (
    schema_actions,
    schema_bulletins,
    schema_destinations,
    schema_people,
    schema_routing,
    schema_schedules,
)
from escalator.policy.category_names import with_declared_categories
from escalator.policy.containers import MappingOfNames, MappingSchema, NamedMapping
from escalator.policy.problems import PolicyFinding, TreePath
from escalator.policy.scalars import Complaint, NonEmptyText, WholeNumber
from escalator.policy.time_scalars import TimeZone
from escalator.policy.yaml_reader import Tree
from escalator.schedules.local_time import first_instant
from escalator.schedules.timezone import zone_named


class PolicyKeys(MappingSchema):
    """The sections of a policy."""

    version = schema_routing.VERSION
    timezone = TimeZone()
    sources = MappingOfNames(NamedMapping(schema_people.SourceKeys, schema_people.make_source))
    people = MappingOfNames(NamedMapping(schema_people.PersonKeys, Person))
    teams = MappingOfNames(NamedMapping(schema_people.TeamKeys, schema_people.make_team))
    hours = schema_schedules.HOURS
    schedules = schema_schedules.SCHEDULES
    destinations = MappingOfNames(NamedMapping(schema_destinations.DestinationKeys, schema_destinations.destination))
    categories = MappingOfNames(NamedMapping(schema_people.CategoryKeys, schema_people.make_category))
    severity = schema_routing.SEVERITY
    routes = schema_routing.ROUTES
    default = NonEmptyText("name the path for incidents that match no route", required=True)
    feeds = schema_routing.FEEDS
    paths = schema_routing.PATHS
    unanswered = schema_routing.UNANSWERED
    alarms = schema_routing.ALARMS
    reopen_after_reports = WholeNumber(1, 1_000_000)
    acknowledged = schema_routing.ACKNOWLEDGED
    storms = schema_routing.STORMS
    retention = schema_routing.RETENTION
    heartbeat = schema_routing.HEARTBEAT
    drills = schema_schedules.DRILLS
    silences = schema_schedules.SILENCES
    care = schema_routing.CARE
    actions = schema_actions.ACTIONS
    queues = schema_bulletins.QUEUES
    digests = schema_bulletins.DIGESTS


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """The valid part of a policy. An entry with a mistake is missing; `tree` has everything as written."""

    tree: dict[str, Tree]
    timezone: ZoneInfo = schema_schedules.UTC
    sources: Mapping[str, Source] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    hours: Mapping[str, Hours] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
    severity: SeverityScale = SeverityScale()
    routes: Mapping[int, Route] = field(default_factory=dict)
    default: str = ""
    paths: Mapping[str, Mapping[int, Step]] = field(default_factory=dict)
    feeds: Mapping[int, Feed] = field(default_factory=dict)
    unanswered: UnansweredRule = UnansweredRule()
    acknowledged: AcknowledgedRule | None = None
    alarms: tuple[str, ...] = ()
    reopen_after_reports: int = 5
    heartbeat: Heartbeat | None = None
    storms: Grouping | None = None
    drills: Mapping[int, Drill] = field(default_factory=dict)
    silences: Mapping[int, Silence] = field(default_factory=dict)
    care: ExposureLimit | None = None
    actions: Mapping[str, StreamActionRule] = field(default_factory=dict)
    queues: Mapping[int, WatchedQueue] = field(default_factory=dict)
    digests: Mapping[int, Digest] = field(default_factory=dict)
    retention: Mapping[str, timedelta] = field(default_factory=dict)

    def policy(self) -> Policy:
        """Return the finished policy; call it only for a draft without errors."""
        return Policy(
            timezone=self.timezone,
            sources=self.sources,
            people=self.people,
            teams=self.teams,
            schedules=self.schedules,
            destinations=self.destinations,
            categories=self.categories,
            severity=self.severity,
            routes=tuple(self.routes.values()),
            default=self.default,
            paths={name: tuple(steps.values()) for name, steps in self.paths.items()},
            feeds=tuple(self.feeds.values()),
            unanswered=self.unanswered,
            acknowledged=self.acknowledged,
            alarms=self.alarms,
            reopen_after_reports=self.reopen_after_reports,
            heartbeat=self.heartbeat,
            hours=self.hours,
            grouping=self.storms,
            drills=tuple(self.drills.values()),
            silences=tuple(self.silences.values()),
            care=self.care,
            actions=self.actions,
            queues=tuple(self.queues.values()),
            digests=tuple(self.digests.values()),
            **self.retention,
        )


def read_draft(tree: dict[str, Tree]) -> tuple[PolicyDraft, tuple[PolicyFinding, ...]]:
    """Return what could be read of the tree, and findings for the rest."""
    tree = with_declared_categories(tree)
    try:
        loaded: dict[str, Any] = PolicyKeys().load(_with_zones(tree))
        findings: tuple[PolicyFinding, ...] = ()
    except ValidationError as error:
        loaded = error.valid_data if isinstance(error.valid_data, dict) else {}
        findings = tuple(_findings(error.messages, ()))
    known = {part.name for part in fields(PolicyDraft)}
    draft = PolicyDraft(tree, **{name: value for name, value in loaded.items() if name in known})
    return _resolved(draft), findings


_ZONED = ("hours", "schedules")


def _with_zones(tree: dict[str, Tree]) -> dict[str, Tree]:
    """Return the tree in which hours and schedules that name no zone have the policy's."""
    zone = tree.get("timezone")
    if not isinstance(zone, str) or zone_named(zone) is None:
        return tree
    filled: dict[str, Tree] = {}
    for name in _ZONED:
        section = tree.get(name)
        if isinstance(section, dict):
            filled[name] = {
                key: {"timezone": zone, **entry} if isinstance(entry, dict) else entry for key, entry in section.items()
            }
    return tree | filled


def fallback_chain(name: str, draft: PolicyDraft) -> list[str]:
    """Return a destination followed by its fallback, its fallback, and so on, each once."""
    chain: list[str] = []
    following: str | None = name
    while following is not None and following in draft.destinations and following not in chain:
        chain.append(following)
        following = draft.destinations[following].fallback
    return chain


def _findings(messages: Any, place: TreePath) -> Iterator[PolicyFinding]:
    """Yield marshmallow's messages, each with its place; `_schema` marks messages about the mapping itself."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _findings(below, place if key == "_schema" else (*place, key))
        return
    complaints: list[Complaint] = messages
    for complaint in complaints:
        yield PolicyFinding(place, complaint.what, complaint.right)


def _resolved(draft: PolicyDraft) -> PolicyDraft:
    """Return the draft with references between sections applied: roles from teams, people by key, zones."""
    people = {key: replace(person, role=_role(person, draft)) for key, person in draft.people.items()}
    tell = tuple(_person_target(name, draft) for name in draft.unanswered.tell)
    silences = {place: _with_zone(silence, draft.timezone) for place, silence in draft.silences.items()}
    unanswered = replace(draft.unanswered, tell=tell)
    return replace(draft, people=people, unanswered=unanswered, silences=silences)


def _with_zone(silence: Silence, zone: ZoneInfo) -> Silence:
    start, end = (at if at.tzinfo else first_instant(at, zone) for at in (silence.starts_at, silence.ends_at))
    return replace(silence, starts_at=start, ends_at=end)


def _role(person: Person, draft: PolicyDraft) -> Role:
    """Return the person's own role, or the highest that a team of theirs gives them."""
    return max([person.role, *(team.role for team in draft.teams.values() if person.key in team.members)])


def _person_target(name: str, draft: PolicyDraft) -> str:
    return f"person:{name}" if name in draft.people and name not in draft.destinations else name
