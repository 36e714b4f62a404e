"""Records the outcomes of posted messages and their updates."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from escalator.model.message import Delivered, Failed, FailureReason
from escalator.services.core.context import Core
from escalator.services.delivery.destination_health import MESSAGE_DELETED_ERRORS
from escalator.services.delivery.retry import retry_at
from escalator.services.outbound.call import CallOutcome
from escalator.store import delivery_outcomes, incidents, posted_message_refs, posted_message_updates
from escalator.store.posted_messages import PostedMessage

_HOPELESS = frozenset(
    {FailureReason.BAD_TARGET, FailureReason.BAD_MESSAGE, FailureReason.NOT_SUPPORTED, FailureReason.GONE}
)


def record_posts(
    core: Core, connection: Connection, outcomes: Iterable[CallOutcome], forgotten: Collection[UUID], now: datetime
) -> Collection[UUID]:
    """Record what the vendors show now; a reply only shows whether its full message is gone.

    `forgotten` are deliveries whose claim, with what it made, a crash of the database lost. Returns the incidents whose
    posted messages were created again.
    """
    created: list[tuple[PostedMessage, int, Delivered]] = []
    shown: list[tuple[PostedMessage, int, Delivered]] = []
    posted: list[tuple[PostedMessage, int, Delivered]] = []
    for outcome in outcomes:
        post, result, delivery = outcome.sent.post, outcome.result, outcome.sent.delivery
        if post is None:
            continue
        if outcome.sent.is_reply:
            if is_orphaned_reply(outcome):
                posted_message_refs.clear_ref(connection, post)
        elif isinstance(result, Failed):
            _note_not_shown(core, connection, post, result, now, is_update=delivery is None)
        elif delivery is None:
            shown.append((post, outcome.sent.revision, result))
        else:
            created.append((post, outcome.sent.revision, result))
            if delivery.id in forgotten:
                posted.append(created[-1])
    delivery_outcomes.record_updated(connection, shown, core.id)
    delivery_outcomes.insert_missing(connection, posted, now)
    delivery_outcomes.record_posted(connection, created, core.id)
    return {post.incident_id for post, _, _ in posted}


def refresh_posts(core: Core, incident_ids: Collection[UUID]) -> None:
    """Update the posted messages that were created again. Raises Unavailable.

    Incidents are locked before posted messages, so this is its own transaction.
    """
    with core.database.writing() as connection:
        locked = incidents.lock(connection, incident_ids, core.seal)
        raised = [(key, incident.revision) for key, incident in locked.items()]
        posted_message_updates.raise_wanted_revision(connection, raised, core.clock.now())


def _note_not_shown(  # noqa: PLR0913  # writes under the caller's locks
    core: Core, connection: Connection, post: PostedMessage, failed: Failed, now: datetime, *, is_update: bool
) -> None:
    if not is_update:
        delivery_outcomes.release_claim(connection, post, core.id)
    elif failed.reason in _HOPELESS:
        delivery_outcomes.record_update_given_up(connection, post, core.id, failed.reason.value)
    else:
        delivery_outcomes.record_update_failure(
            connection, post, core.id, retry_at(post, failed, now), failed.reason.value
        )


def is_orphaned_reply(outcome: CallOutcome) -> bool:
    """Whether a reply failed because its full message is gone; the retry is then the full message."""
    return (
        isinstance(outcome.result, Failed) and outcome.sent.is_reply and outcome.result.detail in MESSAGE_DELETED_ERRORS
    )
