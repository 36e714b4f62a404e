"""Updates the Slack message of a bundle after somebody has answered there."""

import structlog

from escalator.channels.slack.blocks import message
from escalator.channels.slack.interactions import BundleMessage
from escalator.errors import Unavailable
from escalator.model.levels import Mode
from escalator.model.message import Failed, MessageContext
from escalator.services.core.context import Core
from escalator.services.delivery.bundles import current_card

log = structlog.get_logger(__name__)

MOST_UPDATES = 3
"""How often one click updates the message while others answer at the same time."""


def update_bundle_message(core: Core, bundle: BundleMessage, mode: Mode) -> None:
    """Show the present state of its incidents in this message.

    The state is read again after the update: of several clicks at once, the last update shows all of them. The answers
    are recorded already, so a failure is only logged.
    """
    channel, _, _ = bundle.ref.partition("/")
    try:
        card = current_card(core, bundle.bundle_id)
        for _ in range(MOST_UPDATES):
            if card is None:
                return
            updated = core.slack(mode).update(MessageContext(None, None, channel), bundle.ref, message(card))
            if isinstance(updated, Failed):
                log.warning("bundle_update_failed", reason=updated.reason.value, detail=updated.detail)
                return
            shown, card = card, current_card(core, bundle.bundle_id)
            if shown == card:
                return
    except Unavailable:
        log.warning("bundle_update_failed", reason="database")
