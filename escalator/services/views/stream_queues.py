"""The watched queues of Stream, as the first page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from escalator.engine.watched_queues import may_view_queue
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.rendering.watched_queues import queue_name, start_page, waiting_words
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.stream.queue_figures import is_old
from escalator.services.stream.watch_queues import queues_at_sources
from escalator.store import stream_queues


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One queue: its name, what waits, since when that is known if it is old (or that nothing is known yet), whether it
    is beyond its limits, and where Stream shows it (empty for nowhere).
    """

    name: str
    words: str
    old_since: datetime | None
    is_known: bool
    is_beyond: bool
    url: str


def queue_lines(core: Core, viewer: Viewer, policy: Policy) -> Sequence[QueueLine]:
    """Return the queues that somebody may see; none in the sandbox, where Stream is not asked. Raises Unavailable."""
    if not policy.queues or core.settings.mode is Mode.SANDBOX or viewer.is_sandbox:
        return ()
    now = core.clock.now()
    with core.database.reading() as connection:
        known = stream_queues.all_queues(connection)
    lines = []
    for watch in queues_at_sources(policy):
        row = known.get(watch.key)
        if row is None or not may_view_queue(viewer.person.key, watch.queue, policy):
            continue
        figures = row.figures
        lines.append(
            QueueLine(
                name=queue_name(watch.queue.name, watch.source.name, policy),
                words=waiting_words(figures) if figures else "",
                old_since=figures.at if figures and (row.failing_since or is_old(figures, now)) else None,
                is_known=figures is not None,
                is_beyond=row.state.sent is not None,
                url=start_page(core.expand(watch.source.dashboard_url or "")),
            )
        )
    return lines
