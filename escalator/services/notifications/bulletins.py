"""Publishes bulletins: written with their deliveries in the transaction of their event."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.targets import Recipient
from escalator.model.bulletin import Bulletin
from escalator.model.levels import Mode, Severity
from escalator.model.message import Occasion
from escalator.services.core.contacts import delivery_address
from escalator.services.core.context import Core
from escalator.store import bulletins, deliveries
from escalator.store.deliveries import Delivery, DeliveryKind

EXPIRES = timedelta(hours=2)
URGENCY = Severity.MEDIUM.gravity
"""After grave incidents and before minor ones."""


def publish_bulletin(
    core: Core, connection: Connection, new: Bulletin, targets: Iterable[Recipient], mode: Mode
) -> int:
    """Write a bulletin for these recipients; return their number. Without any it is not written."""
    recipients = list(targets)
    if recipients:
        bulletins.insert(connection, new)
        deliveries.insert(connection, [_delivery(core, new, recipient, mode) for recipient in recipients])
    return len(recipients)


def _delivery(core: Core, new: Bulletin, recipient: Recipient, mode: Mode) -> Delivery:
    return Delivery(
        id=uuid7(),
        kind=DeliveryKind.BULLETIN,
        occasion=Occasion(new.kind.value),
        target=recipient.target,
        destination=recipient.destination,
        address=delivery_address(recipient, core.settings.environment),
        channel=recipient.kind,
        endpoint=recipient.endpoint,
        mode=mode,
        urgency=URGENCY,
        created_at=new.created_at,
        next_attempt_at=new.created_at,
        expires_at=new.created_at + EXPIRES,
        bulletin_id=new.id,
    )
