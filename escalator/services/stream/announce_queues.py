"""Messages about Stream's review queues: that one is too long, got worse, or is over."""

from datetime import datetime

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.targets import Recipient, destination_recipients, resolve_targets
from escalator.engine.watched_queues import QueueFigures, QueueNews, may_view_queue
from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.model.kind_description import Attention
from escalator.model.levels import Mode
from escalator.model.message import Card
from escalator.model.policy import Source, WatchedQueue
from escalator.rendering.watched_queues import queue_card, queue_name, start_page
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.notifications.bulletins import publish_bulletin
from escalator.store.deliveries import Delivery


def announce_queue(  # noqa: PLR0913  # what happened, where, and what is known of it
    core: Core,
    connection: Connection,
    running: RunningPolicy,
    queue: WatchedQueue,
    source: Source,
    news: QueueNews,
    figures: QueueFigures,
    usual: float | None,
) -> bool:
    """Publish the news of a queue to those the policy names; return whether anybody is notified."""
    body = {
        "queue": queue.name,
        "source": source.name,
        "news": news.value,
        "at": figures.at.isoformat(),
        "items": figures.items,
        "has_more": figures.has_more,
        "oldest_at": figures.oldest_at.isoformat() if figures.oldest_at else None,
        "usual": usual,
    }
    mode = core.mode_of(source.name, running.policy)
    recipients = _recipients(running, queue, source, news, figures.at, mode)
    new = Bulletin(uuid7(), BulletinKind.QUEUE, figures.at, body)
    return publish_bulletin(core, connection, new, recipients, mode) > 0


def _recipients(  # noqa: PLR0913  # who is meant, by what, when
    running: RunningPolicy, queue: WatchedQueue, source: Source, news: QueueNews, at: datetime, mode: Mode
) -> list[Recipient]:
    """Return who is notified: of a diverted source the one destination for all of it; of a queue that is limited to a
    restricted category no person who may not see that.

    The end is not sent where every message pages somebody.
    """
    policy = running.policy
    if mode is Mode.DIVERT:
        return list(destination_recipients((source.divert_to or "",), policy))
    return [
        recipient
        for recipient in resolve_targets(queue.notify, None, running.roster(at)).recipients
        if (recipient.person is None or may_view_queue(recipient.person, queue, policy))
        and not (news is QueueNews.OVER and recipient.kind.about.attention is Attention.ALWAYS)
    ]


def queue_bulletin_card(context: TransactionContext, bulletin: Bulletin, to: Delivery) -> Card:
    """Return a bulletin's message to this reader, with the figures of its time."""
    body, policy = bulletin.body, context.policy
    name, source_name = str(body["queue"]), str(body["source"])
    oldest_at, usual = body["oldest_at"], body["usual"]
    figures = QueueFigures(
        at=datetime.fromisoformat(str(body["at"])),
        items=int(str(body["items"])),
        has_more=bool(body["has_more"]),
        oldest_at=datetime.fromisoformat(str(oldest_at)) if oldest_at else None,
    )
    source = policy.sources.get(source_name)
    template = context.core.expand(source.dashboard_url or "") if source else ""
    return queue_card(
        QueueNews(str(body["news"])),
        queue_name(name, source_name, policy),
        figures,
        float(str(usual)) if usual is not None else None,
        next((queue for queue in policy.queues if queue.name == name), None),
        start_page(template),
        is_test=to.mode is Mode.DIVERT,
    )
