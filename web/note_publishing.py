"""Shows a note in Slack after its author has received the answer."""

from concurrent.futures import Executor
from uuid import UUID

import structlog

from escalator.errors import Unavailable
from escalator.services.core.context import Core
from escalator.services.delivery.thread_notes import post_thread_notes

log = structlog.get_logger(__name__)


def publish_later(threads: Executor, core: Core, note: UUID) -> None:
    """Show a note in one of these threads, where it may be shown; the note is kept even if that fails."""
    threads.submit(_publish, core, note)


def _publish(core: Core, note: UUID) -> None:
    try:
        post_thread_notes(core, note)
    except Unavailable as error:
        log.warning("note_not_shown", reason=str(error))
