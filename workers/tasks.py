"""The tasks. Each says only that there is work: the database says which."""

from typing import Any

from celery import Task, shared_task

from escalator.errors import Unavailable
from escalator.services.incidents import escalation
from escalator.services.incidents.close_groups import close_ended_groups
from escalator.services.intake import process
from escalator.services.responses import callbacks
from escalator.services.stream.carry_out import carry_out_calls
from workers.process_context import worker_process


def _core_of(task: "Task[Any, Any]") -> Any:
    return worker_process(task.app).core


@shared_task(name="process_events", bind=True, throws=(Unavailable,))
def process_events(self: "Task[Any, Any]") -> None:
    """Turn stored events into incidents."""
    process.process_waiting(_core_of(self))


@shared_task(name="deliver", bind=True, throws=(Unavailable,))
def deliver(self: "Task[Any, Any]") -> None:
    """Send what is due, in this process' sender threads."""
    worker_process(self.app).sender.wake()


@shared_task(name="escalate", bind=True, throws=(Unavailable,))
def escalate(self: "Task[Any, Any]") -> None:
    """Fire the deadlines that are due."""
    escalation.fire_scheduled(_core_of(self))


@shared_task(name="process_callbacks", bind=True, throws=(Unavailable,))
def process_callbacks(self: "Task[Any, Any]") -> None:
    """Process what vendors have sent."""
    callbacks.process_callbacks(_core_of(self))


@shared_task(name="call_stream", bind=True, throws=(Unavailable,))
def call_stream(self: "Task[Any, Any]") -> None:
    """Carry out in Stream what people have asked for."""
    carry_out_calls(_core_of(self))


@shared_task(name="close_groups", bind=True, throws=(Unavailable,))
def close_groups(self: "Task[Any, Any]") -> None:
    """Close the members of ended groups."""
    close_ended_groups(_core_of(self))
