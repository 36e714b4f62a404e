"""Builds a bulletin for one reader when it is sent, from the state at that time, if there is still news."""

from collections.abc import Callable, Mapping

from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.model.message import Card
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.delivery import bundles
from escalator.services.digests.digest_text import digest_card_for
from escalator.services.oncall.handoff import shift_card
from escalator.services.silences import announce
from escalator.services.stream.announce_queues import queue_bulletin_card
from escalator.store.deliveries import Delivery

CardBuilder = Callable[[TransactionContext, Bulletin, Delivery], Card | None]

_CARDS: Mapping[BulletinKind, CardBuilder] = {
    BulletinKind.BUNDLE: bundles.bundle_card,
    BulletinKind.SHIFT: shift_card,
    BulletinKind.SILENCE: announce.silence_card,
    BulletinKind.QUEUE: queue_bulletin_card,
    BulletinKind.DIGEST: digest_card_for,
}


def bulletin_card(context: TransactionContext, bulletin: Bulletin, to: Delivery) -> Card | None:
    """Return the bulletin for this reader now; None when it has no more news."""
    return _CARDS[bulletin.kind](context, bulletin, to)
