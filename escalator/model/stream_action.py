"""An action in Stream that somebody asked for on an incident, and how far it has got."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ActionState(StrEnum):
    """How far an action is. A proposed one waits for a second person; a failed one may be tried again."""

    PROPOSED = "proposed"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ENDED = "ended"


UNDER_WAY = frozenset({ActionState.PROPOSED, ActionState.RUNNING})


class PartState(StrEnum):
    """Whether Stream has done a part."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ActionPart:
    """One part of an action that was asked for. `reason` is why it failed, or why it was done without us."""

    kind: str
    state: PartState = PartState.WAITING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StreamAction:
    """An action that `person` (a key of the policy) asked for. `approve_by` is when a proposal ends.

    `reason` is why it ended without being done: `expired`, `withdrawn`. `failures` counts how often a part failed,
    `round` is that of the incident when it was asked for. `outcome` is how the incident is resolved once all parts are
    done; empty leaves it open. All parts follow the rule of `policy_version`, whose digest is `rule_digest`.
    """

    id: UUID
    key: str
    label: str
    person: str
    requested_at: datetime
    state: ActionState
    parts: tuple[ActionPart, ...]
    approve_by: datetime | None = None
    approved_by: str | None = None
    reason: str = ""
    failures: int = 0
    round: int = 0
    outcome: str = ""
    policy_version: UUID | None = None
    rule_digest: str = ""

    @property
    def next_part(self) -> int | None:
        """Return the index of the part that comes next; None when none is left."""
        left = (at for at, part in enumerate(self.parts) if part.state is not PartState.DONE)
        return next(left, None)
