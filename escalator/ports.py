"""Interfaces that the use cases need besides the database."""

from datetime import datetime
from typing import Protocol

PROCESS_EVENTS = "process_events"
DELIVER = "deliver"
ESCALATE = "escalate"
PROCESS_CALLBACKS = "process_callbacks"
CLOSE_GROUPS = "close_groups"
CALL_STREAM = "call_stream"


class TaskQueue(Protocol):
    """Notifies the workers that there is work of a kind. A lost notification costs time, never work."""

    def publish(self, work: str) -> None:
        """Notify workers of work of this kind, one of the constants above. Never blocks, never raises."""
        ...

    def publish_at(self, at: datetime, work: str = ESCALATE) -> None:
        """Request work of this kind at that instant; the default is to fire deadlines.

        Never blocks and never raises.
        """
        ...


class NullQueue:
    """Notifies nobody: the sweep finds the work (commands, and tests that move the clock themselves)."""

    def publish(self, work: str) -> None:
        """Do nothing."""

    def publish_at(self, at: datetime, work: str = ESCALATE) -> None:
        """Do nothing."""
