"""The tasks. Each says only that there is work: the database says which."""

from typing import Any

from celery import Task, shared_task

from escalator.errors import Unavailable
from escalator.services.incidents import close_groups, escalation
from escalator.services.intake import process
from escalator.services.responses import callbacks
from workers.process_context import process_of


def _core_of(task: "Task[Any, Any]") -> Any:
    return process_of(task.app).core


@shared_task(name="process_events", bind=True, throws=(Unavailable,))
def process_events(self: "Task[Any, Any]") -> None:
    """Turn stored events into incidents."""
    process.process_all(_core_of(self))


@shared_task(name="deliver", bind=True, throws=(Unavailable,))
def deliver(self: "Task[Any, Any]") -> None:
    """Send what is due, in this process' sender threads."""
    process_of(self.app).sender.wake()


@shared_task(name="escalate", bind=True, throws=(Unavailable,))
def escalate(self: "Task[Any, Any]") -> None:
    """Fire the deadlines that are due."""
    escalation.on_alarm(_core_of(self))


@shared_task(name="hear", bind=True, throws=(Unavailable,))
def hear(self: "Task[Any, Any]") -> None:
    """Do what vendors have told us of."""
    callbacks.hear_all(_core_of(self))


@shared_task(name="tend", bind=True, throws=(Unavailable,))
def tend(self: "Task[Any, Any]") -> None:
    """End what groups tell of that are over."""
    close_groups.tend_all(_core_of(self))
