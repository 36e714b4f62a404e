"""What the use cases ask of the world outside the database."""

from datetime import datetime
from typing import Protocol

PROCESS_EVENTS = "process_events"
DELIVER = "deliver"
ESCALATE = "escalate"
PROCESS_CALLBACKS = "process_callbacks"
CLOSE_GROUPS = "close_groups"


class TaskQueue(Protocol):
    """Tells the workers that there is work, and names none. What is lost here costs time, never work."""

    def tell(self, work: str) -> None:
        """Say that there is work of this kind: PROCESS_EVENTS, DELIVER, HEAR or TEND. Never blocks and never raises."""
        ...

    def alarm(self, at: datetime, work: str = ESCALATE) -> None:
        """Ask for work of this kind to be done at that instant: deadlines to be fired, if not said otherwise.

        Never blocks and never raises.
        """
        ...


class NullQueue:
    """Nobody is told: the sweep finds the work (commands, and tests that move the clock themselves)."""

    def tell(self, work: str) -> None:
        """Do nothing."""

    def alarm(self, at: datetime, work: str = ESCALATE) -> None:
        """Do nothing."""
