"""An email as its reader sees it: its HTML as a page of its own."""

from uuid import UUID

from escalator.channels.email.sandbox import page
from escalator.model.destination_kind import DestinationKind
from escalator.sandbox.inbox import open_payload
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.store import sandbox_inbox


def mail_page(core: Core, item_id: UUID, viewer: Viewer | None = None) -> str | None:
    """Return an email's HTML, whose links open outside of it, as in an email program; None when there is no such email.

    Outside sandbox mode only emails that `viewer` may see exist. Raises Unavailable and ContentLocked.
    """
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        audience = audience_of(connection, viewer, running.policy) if viewer and running else None
        item = sandbox_inbox.find(connection, item_id, audience)
    if item is None or item.channel is not DestinationKind.EMAIL:
        return None
    return page(open_payload(item, core.seal))
