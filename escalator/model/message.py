"""Messages before a channel has given them its form, and results of sending them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from escalator.model.incident import Outcome, State, Verb
from escalator.model.levels import Severity


class Occasion(StrEnum):
    """Why a message is sent."""

    STEP = "step"
    ONE_MORE = "one_more"
    HAND_OVER = "hand_over"
    REMIND = "remind"
    OVERDUE = "overdue"
    RESTART = "restart"
    ACTION_FAILED = "action_failed"
    ALARM = "alarm"
    TEST = "test"
    OPENED = "opened"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    BUNDLE = "list"
    SHIFT = "shift"
    SILENCE = "silence"
    QUEUE = "queue"
    DIGEST = "digest"


FEED_OCCASIONS = frozenset(
    {Occasion.OPENED, Occasion.ESCALATED, Occasion.ACKNOWLEDGED, Occasion.RESOLVED, Occasion.REOPENED}
)
"""The occasions that feeds report."""


@dataclass(frozen=True, slots=True)
class Button:
    """One action of the reader. `value` comes back with the click; `confirm` asks first; `minutes` for snooze."""

    verb: Verb
    label: str
    value: str
    is_primary: bool = False
    is_danger: bool = False
    confirm: str | None = None


@dataclass(frozen=True, slots=True)
class InlineTime:
    """An instant inside a line, shown in the reader's own time zone where the channel can."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A labelled address inside a line."""

    label: str
    url: str


Line = tuple["str | InlineTime | Link", ...]
"""One line of a message: plain text (never markup), instants and links."""


@dataclass(frozen=True, slots=True)
class Card:
    """A full message. `text` is all that a locked phone shows; `snippet` is what a user wrote (plain text only).

    `mentions` are Slack user ids. `buttons` are empty on a thread reply. A bulletin is no incident's message: each of
    its buttons is about an incident of its own. `severity` is the highest of a bundle; `bundle_id` is its id.
    """

    text: str
    header: str
    lines: tuple[Line, ...]
    snippet: str | None = None
    buttons: tuple[Button, ...] = ()
    mentions: tuple[str, ...] = ()
    is_bulletin: bool = False
    severity: Severity | None = None
    bundle_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class IncidentStatus:
    """The status of an incident, for vendors with fields of their own: a status, a severity, a header.

    `by` is the policy's key of who holds or resolved it (`stream:ID` and the like for others, None for nobody); `since`
    is when that was. `headline` is `CRITICAL · Self-harm`, marked where it is a test or a drill. `is_superseded`: a
    later round's message is at the same place; `is_first`: this is the first send of the first step of the first round.
    `data` is the payload for webhooks, else None.
    """

    incident_id: UUID
    number: int
    round: int
    state: State
    severity: Severity
    headline: str
    by: str | None = None
    since: datetime | None = None
    outcome: Outcome | None = None
    is_superseded: bool = False
    is_first: bool = False
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageContext:
    """The recipient and purpose of a message: the sandbox shows it, vendors never see it."""

    incident_id: UUID | None
    number: int | None
    destination: str
    person: str | None = None


class FailureReason(StrEnum):
    """Why a delivery failed. Also a metric label."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    PACED = "paced"
    VENDOR_ERROR = "vendor_error"
    BAD_ANSWER = "bad_answer"
    BAD_CREDENTIALS = "bad_credentials"
    BAD_TARGET = "bad_target"
    BAD_MESSAGE = "bad_message"
    NOT_CONFIGURED = "not_configured"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    NOT_SUPPORTED = "not_supported"
    NO_CONTACT = "no_contact"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later. Unknown failures are retried, a bounded number of times."""
        return self in _RETRYABLE


_RETRYABLE = frozenset(
    {
        FailureReason.TIMEOUT,
        FailureReason.UNREACHABLE,
        FailureReason.RATE_LIMITED,
        FailureReason.PACED,
        FailureReason.VENDOR_ERROR,
        FailureReason.BAD_ANSWER,
        FailureReason.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The vendor has accepted it, under this reference (Slack: `CHANNEL/TS`), and shows it as `face`."""

    ref: str
    face: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It failed. `detail` is a vendor's error word, never a secret, a URL or content."""

    reason: FailureReason
    detail: str = ""
    retry_after: timedelta | None = None
