"""What a bulletin says to one reader, made when it is told: as things stand by then, if there is anything left."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.model.message import Card
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.delivery import bundles
from escalator.services.oncall.handoff import shift_card
from escalator.services.silences import announce
from escalator.store.deliveries import Delivery

Say = Callable[[Core, Connection, RunningPolicy, Bulletin, Delivery, datetime], Card | None]

_CARDS: Mapping[BulletinKind, Say] = {
    BulletinKind.LIST: bundles.bundle_card,
    BulletinKind.SHIFT: shift_card,
    BulletinKind.SILENCE: announce.silence_card,
}


def bulletin_card(  # noqa: PLR0913  # what a bulletin says, to whom and when
    core: Core, connection: Connection, running: RunningPolicy, bulletin: Bulletin, to: Delivery, now: datetime
) -> Card | None:
    """Return what this bulletin says to this reader now, if it still says anything."""
    return _CARDS[bulletin.kind](core, connection, running, bulletin, to, now)
