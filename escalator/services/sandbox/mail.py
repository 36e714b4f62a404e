"""A mail as its reader has it before them: its HTML as a page of its own, and where its links lead."""

from html.parser import HTMLParser
from uuid import UUID

from escalator.model.policy import DestinationKind
from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.core.context import Core
from escalator.services.sandbox_vendors.inbox import opened
from escalator.store import sandbox_inbox

_OPENS_LINKS_OUTSIDE = '<base target="_blank">'
_WEB = ("http://", "https://")


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
    html: str = opened(item, core.seal).get("mail", {}).get("html", "")
    return html.replace("<head>", f"<head>\n{_OPENS_LINKS_OUTSIDE}", 1)


def links(html: str) -> list[tuple[str, str]]:
    """Return what the links of a mail say, and where they lead."""
    reader = _Links()
    reader.feed(html)
    return [(label.strip(), url) for label, url in reader.found if url.startswith(_WEB)]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(("", dict(attrs).get("href") or ""))
            self._is_inside = True

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._is_inside:
            label, url = self.found[-1]
            self.found[-1] = (label + data, url)
