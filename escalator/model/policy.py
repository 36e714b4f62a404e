"""The escalation policy as values: `escalator.policy` reads it from the file, the engine decides by it.

Texts are kept as written, `${NAME}` included: a value is expanded at the moment of use, so that no secret is
ever stored, hashed or shown. Durations are timedeltas. Mappings keep the order of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import ContentRule, Mode, Role, Severity
from escalator.model.schedule import Hours, Schedule
from escalator.model.silence import Silence
from escalator.model.stream_action_rule import StreamActionRule

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue]"
"""The value of a field of any type, such as a field of an issue in Jira."""


@dataclass(frozen=True, slots=True)
class Source:
    """One Stream app. `api_key` and `api_secrets` are unexpanded; a source whose key is empty is off.

    `expect_within` is how long after the first start outside the sandbox its first event is due. `reconcile` is how
    often Stream's queue is compared with what came by webhook; None for never. `sqs` is the address of a queue with its
    events, and `sns_topic` the ARN of the topic that may post them, both unexpanded. With `thumbnails` the dashboard
    fetches a picture for somebody who reveals it. `stream_user` is the id in Stream of the user as whom the product
    acts; with `acts_as_service` also for what people ask for. `tells_escalations`: an incident whose path escalates is
    escalated in Stream, too.
    """

    name: str
    api_key: str
    api_secrets: tuple[str, ...]
    dashboard_url: str | None = None
    mode: Mode | None = None
    divert_to: str | None = None
    expect_within: timedelta = timedelta(days=1)
    stream_user: str | None = None
    acts_as_service: bool = False
    tells_escalations: bool = False
    reconcile: timedelta | None = timedelta(minutes=1)
    sqs: str | None = None
    sns_topic: str | None = None
    thumbnails: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can be notified and may answer. `contact` lists kinds: slack, email, pagerduty.

    For coverage, a Slack message or an email outside `hours` reaches nobody; it is sent all the same.
    """

    key: str
    name: str
    role: Role = Role.MODERATOR
    email: str | None = None
    slack: str | None = None
    stream: str | None = None
    pagerduty: str | None = None
    timezone: ZoneInfo | None = None
    contact: tuple[DestinationKind, ...] = (DestinationKind.SLACK, DestinationKind.EMAIL)
    hours: str | None = None

    def address_of(self, kind: DestinationKind) -> str | None:
        """Return this person's unexpanded address on a channel; None where they have none, or nobody can have one."""
        addresses = {"slack": self.slack, "email": self.email, "pagerduty": self.pagerduty, "": None}
        return addresses[kind.about.person_key]


@dataclass(frozen=True, slots=True)
class Team:
    """People who are notified together. `role` is the lowest that its members have."""

    key: str
    members: tuple[str, ...]
    lead: str | None = None
    schedule: str | None = None
    slack_group: str | None = None
    role: Role = Role.MODERATOR

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return all people of the team, on call or not: its members, or its lead where it has none."""
        return self.members or ((self.lead,) if self.lead else ())


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination. `addresses` is the Slack channel, routing key, project or URL, or all email addresses.

    `options` are its further values by their key in the file: `issue_type` of Jira, `secret` and `content` of a
    webhook. `further_fields` are fields of any type, by their ids: those of a new issue in Jira. All are unexpanded.
    """

    key: str
    kind: DestinationKind
    addresses: tuple[str, ...]
    urgent: bool = False
    fallback: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    further_fields: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of harm. `labels` and `reasons` are as written; compare them with `escalator.model.facts.normalized`."""

    key: str
    title: str
    labels: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    at_least: Severity = Severity.UNKNOWN
    content: ContentRule = ContentRule.HIDE
    restricted_to: tuple[str, ...] = ()
    review_resolves: bool = True
    resolve_within: timedelta | None = None
    runbook: str | None = None
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeverityScale:
    """The thresholds, from which a number or a confidence counts as that severity; the default is the example's."""

    numeric: Mapping[Severity, float] = field(
        default_factory=lambda: {Severity.MEDIUM: 40, Severity.HIGH: 70, Severity.CRITICAL: 90}
    )
    confidence: Mapping[Severity, float] = field(
        default_factory=lambda: {Severity.MEDIUM: 0.5, Severity.HIGH: 0.8, Severity.CRITICAL: 0.95}
    )


@dataclass(frozen=True, slots=True)
class Conditions:
    """A `when` or an `unless`: name of the fact -> accepted values, as written.

    Names: source event category label severity min_severity kind action entity_type reporter reason min_reports
    rule language channel config_key author stream_team custom.<key> during outside. `*` stands for anything.
    """

    tests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """The first route whose conditions hold decides who is assigned and which path runs."""

    name: str
    path: str
    when: Conditions = Conditions()
    unless: Conditions = Conditions()
    assign: str | None = None
    acknowledgements: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `after` counts from when the step before it really fired; `repeat` 3 means four sends in all."""

    notify: tuple[str, ...]
    after: timedelta = timedelta(0)
    repeat: int = 0
    during: str | None = None
    outside: str | None = None


@dataclass(frozen=True, slots=True)
class UnansweredRule:
    """What happens when a path has ended without an answer: it restarts from step 1, without a limit."""

    restart_after: timedelta = timedelta(minutes=30)
    tell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AcknowledgedRule:
    """The second deadline: acknowledged, but not resolved in time. `remind` is how long before it."""

    resolve_within: timedelta
    remind: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A copy of incidents for a machine."""

    to: str
    when: Conditions = Conditions()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Where to send the sign of life that no deadline is overdue. `url` is unexpanded; empty means nowhere."""

    every: timedelta
    url: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """When alerts of a kind are grouped: after `after` alerts within `within`; `by` are names of facts."""

    by: tuple[str, ...]
    within: timedelta
    after: int


@dataclass(frozen=True, slots=True)
class Drill:
    """A rehearsal of a route, every week on that `weekday` (0 is Monday) at that time in the policy's zone."""

    name: str
    route: str
    weekday: int
    at: time
    expected_within: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class WatchedQueue:
    """Unreviewed items of Stream's review queue, and from when on they are too many or wait too long.

    Any of the limits is enough: the oldest item older than `older_than`, more items than `more_than`, `growth` times as
    many as usual at this hour of the week. `hours` limits when messages are sent.
    """

    name: str
    notify: tuple[str, ...]
    when: Conditions = Conditions()
    older_than: timedelta | None = None
    more_than: int | None = None
    growth: float | None = None
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """A regular summary, every day, or every week on that `weekday` (0 is Monday), at that time of its zone.

    Without a `timezone` it is the policy's. `when` limits which incidents are counted. `is_sent_empty`: also when there
    is nothing to report.
    """

    name: str
    to: tuple[str, ...]
    at: time
    weekday: int | None = None
    when: Conditions = Conditions()
    timezone: ZoneInfo | None = None
    is_sent_empty: bool = True


@dataclass(frozen=True, slots=True)
class ExposureLimit:
    """From how many grave items a day somebody is asked to stop before they reveal another."""

    reveals_per_day: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy. `default` is a path; `alarms` is a list of notify targets (empty: every admin)."""

    timezone: ZoneInfo
    sources: Mapping[str, Source]
    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    schedules: Mapping[str, Schedule]
    destinations: Mapping[str, Destination]
    categories: Mapping[str, Category]
    severity: SeverityScale
    routes: tuple[Route, ...]
    default: str
    paths: Mapping[str, tuple[Step, ...]]
    feeds: tuple[Feed, ...] = ()
    unanswered: UnansweredRule = UnansweredRule()
    acknowledged: AcknowledgedRule | None = None
    alarms: tuple[str, ...] = ()
    reopen_after_reports: int = 5
    retain_content: timedelta = timedelta(days=30)
    heartbeat: Heartbeat | None = None
    hours: Mapping[str, Hours] = field(default_factory=dict)
    grouping: Grouping | None = None
    drills: tuple[Drill, ...] = ()
    silences: tuple[Silence, ...] = ()
    care: ExposureLimit | None = None
    actions: Mapping[str, StreamActionRule] = field(default_factory=dict)
    queues: tuple[WatchedQueue, ...] = ()
    digests: tuple[Digest, ...] = ()
