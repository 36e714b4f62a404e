"""A mail as its reader has it before them: its HTML as a page of its own."""

from uuid import UUID

from escalator.channels.email.sandbox import page
from escalator.model.destination_kind import DestinationKind
from escalator.sandbox.inbox import opened
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.store import sandbox_inbox


def mail_page(core: Core, item_id: UUID, viewer: Viewer | None = None) -> str | None:
    """Return a mail's HTML, whose links open outside of it, as a mail program opens them; None when there is no such.

    Outside of a sandbox a viewer looks, who is shown what they may see. Raises Unavailable and ContentLocked.
    """
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        audience = audience_of(connection, viewer, running.policy) if viewer and running else None
        item = sandbox_inbox.find(connection, item_id, audience)
    if item is None or item.channel is not DestinationKind.EMAIL:
        return None
    return page(opened(item, core.seal))
