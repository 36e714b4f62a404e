"""The incident, which is acknowledged and escalated, with its states, deadlines, verbs and outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from escalator.model.facts import Content, Facts
from escalator.model.levels import ContentRule, Mode, Severity
from escalator.model.stream_action import StreamAction


class State(StrEnum):
    """The state of an incident. For a logged one the policy notifies nobody; a merged one continues in another.

    The group of a grouped one notifies people, has the deadline, and is answered for it.
    """

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    GROUPED = "grouped"
    LOGGED = "logged"
    RESOLVED = "resolved"
    MERGED = "merged"


OPEN_STATES = frozenset({State.TRIGGERED, State.ACKNOWLEDGED, State.SNOOZED, State.GROUPED})
UNACKNOWLEDGED_STATES = frozenset({State.TRIGGERED, State.GROUPED})
"""People are notified and must answer: by its own messages, or by its group's."""

HELD_STATES = frozenset({State.ACKNOWLEDGED, State.SNOOZED})
"""Somebody has acknowledged it."""

CLOSED_STATES = frozenset({State.RESOLVED, State.MERGED})
"""It is closed here."""


class DueKind(StrEnum):
    """What the one next deadline of an incident is for."""

    STEP = "step"
    RESTART = "restart"
    REMIND = "remind"
    RESOLVE_WITHIN = "resolve_within"
    SNOOZE_END = "snooze_end"
    SILENCE_END = "silence_end"


class Verb(StrEnum):
    """What people do to an incident (RULES 3)."""

    ACKNOWLEDGE = "acknowledge"
    RELEASE = "release"
    RESOLVE = "resolve"
    FALSE_ALARM = "false_alarm"
    SNOOZE = "snooze"
    HAND_OVER = "hand_over"
    TAKE_OVER = "take_over"
    ESCALATE_NOW = "escalate_now"
    STILL_ON_IT = "still_on_it"
    REVEAL = "reveal"
    REOPEN = "reopen"
    NOTE = "note"
    STREAM_ACTION = "stream_action"


class Outcome(StrEnum):
    """How an incident was resolved."""

    ACTION_TAKEN = "action_taken"
    NO_VIOLATION = "no_violation"
    DUPLICATE = "duplicate"
    REFERRED = "referred"
    TEST = "test"
    REVIEWED_IN_STREAM = "reviewed_in_stream"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One person's acknowledgement in the present round; `person` is a policy key, or `stream:ID` for a stranger."""

    person: str
    verb: str
    via: str
    acknowledged_at: datetime


@dataclass(frozen=True)
class Incident:
    """One incident. Instants are aware UTC by the database's clock unless they are named as Stream's.

    `step` is the index of the step that fired last, -1 before the first; `send_number` counts its sends, from 1.
    `fence` changes when, and only when, `due_kind` or `due_at` does. `revision` counts visible changes.
    `waiting_since` is when people began to wait for an answer (the opening, a release, the end of a snooze).
    `restarts`, `extensions` and `snoozes` count those in a row. `reviewed_at` and every time inside `facts` are
    Stream's own. `automated_rounds` counts the rounds that automation has started since `automated_rounds_since`:
    within an hour it may start only so many. `group_id` is the group that stands for it, or did. `member_count`
    counts the members of a group, and is None for others. `grouping_key` is equal for alerts that may be grouped; a
    group has it only while it takes members. `drill` is the name of its drill. `silenced_step` is the step that a
    silence replaced in this round, unless it was sent later. `matched_categories` are all categories that ever
    fitted, sorted; they decide who may see it. `category_rules_digest` is the digest of the category rules by which
    that was last decided (`engine.categorize.category_rules_digest`). `first_acknowledged_at` is when it first had
    enough acknowledgements, `escalated_at` when it first needed more than the first send of a path: neither is ever
    cleared. `stream_actions` are the actions in Stream that people asked for, the oldest first.
    """

    id: UUID
    number: int
    source: str
    mode: Mode
    policy_version: UUID
    opened_at: datetime
    state: State = State.LOGGED
    facts: Facts = Facts()
    content: Content = Content()
    links: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    severity: Severity = Severity.UNKNOWN
    severity_reason: str = ""
    content_rule: ContentRule = ContentRule.HIDE
    route: str | None = None
    path: str = ""
    assign: str | None = None
    acks_needed: int = 1
    round: int = 0
    step: int = -1
    send_number: int = 0
    owner: str | None = None
    acknowledgements: tuple[Acknowledgement, ...] = ()
    due_kind: DueKind | None = None
    due_at: datetime | None = None
    fence: int = 0
    restarts: int = 0
    extensions: int = 0
    snoozes: int = 0
    automated_rounds_since: datetime | None = None
    automated_rounds: int = 0
    waiting_since: datetime | None = None
    reports_at_close: int = 0
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    acknowledged_at: datetime | None = None
    last_event_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    outcome: Outcome | None = None
    revision: int = 1
    has_legal_hold: bool = False
    merged_into: UUID | None = None
    group_id: UUID | None = None
    member_count: int | None = None
    grouping_key: str | None = None
    drill: str | None = None
    silenced_step: int | None = None
    matched_categories: tuple[str, ...] = ()
    category_rules_digest: str = ""
    first_acknowledged_at: datetime | None = None
    escalated_at: datetime | None = None
    stream_actions: tuple[StreamAction, ...] = ()

    def changed(self, **values: Any) -> Self:
        """Return it with these values: what `dataclasses.replace` does, which takes ten times as long here."""
        if unknown := values.keys() - self.__dict__.keys():
            raise TypeError(f"an incident has no {', '.join(sorted(unknown))}")
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, **values)
        return new

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.state in OPEN_STATES

    @property
    def is_group(self) -> bool:
        """Whether it is a group of incidents."""
        return self.member_count is not None
