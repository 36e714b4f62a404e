"""A Mattermost server over real HTTP, as far as its incoming webhooks go: it refuses what Mattermost refuses.

The order of its checks and the ids of its errors are those of HandleIncomingWebhook and SplitWebhookPost
(mattermost/mattermost: server/channels/app/webhook.go): the webhook, the text, the channel, then the post.
"""

import re
from dataclasses import dataclass, field

from tests.doubles.http import HttpDouble, Reply

HOOK = "xxq7bnd3r3fwjnwgpu7ct8h91a"
MOST_CHARS = 16_383
MOST_PROPS = 760_000
RINGS = re.compile(r"(?<![\w.\-])@(channel|all|here)\b|<!(channel|here|all)>")
_ANOTHER = re.compile(r"<([^\n<|>]+)\|([^|\n>]+)>")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ATTACHMENT = {"fallback", "color", "pretext", "title", "title_link", "text"}


@dataclass
class Post:
    """A post in a channel; `rings` says whom it notifies."""

    message: str
    attachments: list = field(default_factory=list)

    @property
    def rings(self):
        """Return which groups are notified: a mention counts in the text and in an attachment alike."""
        return {found[1] or found[2] for text in self.texts for found in RINGS.finditer(text)}

    @property
    def texts(self):
        """Return all that is read as Markdown."""
        return [self.message, *(one.get(name, "") for one in self.attachments for name in ("title", "text", "pretext"))]


class MattermostDouble(HttpDouble):
    """The server: `with MattermostDouble() as server: ... server.url, server.posts`."""

    def __init__(self, port=0, hook=HOOK):
        super().__init__(port)
        self.hook = hook
        self.url = f"{self.origin}/hooks/{hook}"
        self.channels = {"town-square"}
        self.posts: list[Post] = []
        self.refused: list[str] = []
        self.is_enabled = True
        self.may_post = True

    def answer(self, request):
        match = re.fullmatch(r"/hooks/([A-Za-z0-9]+)", request.path)
        if request.method != "POST" or match is None:
            return Reply(404, "<html>not found</html>", content_type="text/html")
        if not self.is_enabled:
            return self._refuse(501, "disabled")
        try:
            said = request.json
        except ValueError:
            return self._refuse(400, "parse")
        if not said.get("text") and said.get("attachments") is None:
            return self._refuse(400, "text")
        if match[1] != self.hook:
            return self._refuse(400, "invalid")
        if said.get("channel") and said["channel"].lstrip("#") not in self.channels:
            return self._refuse(404, "channel")
        if not self.may_post:
            return self._refuse(403, "permissions")
        return self._posted(said)

    def _refuse(self, status, what):
        self.refused.append(what)
        id_ = f"web.incoming_webhook.{what}.app_error"
        said = {"id": id_, "message": f"{what} {self.hook}", "request_id": "r" * 26, "status_code": status}
        return Reply(status, said)

    def _posted(self, said):
        attachments = said.get("attachments") or []
        for one in attachments:
            assert one.keys() <= _ATTACHMENT, one.keys()
            assert _COLOUR.fullmatch(one["color"]), one["color"]
        if sum(len(repr(one)) for one in attachments) > MOST_PROPS:
            return self._refuse(400, "split_props_length")
        text = _ANOTHER.sub(r"[\2](\1)", said.get("text", ""))
        parts = [text[at : at + MOST_CHARS] for at in range(0, len(text), MOST_CHARS)] or [""]
        self.posts += [Post(part) for part in parts[:-1]]
        self.posts.append(Post(parts[-1], attachments))
        return Reply(200, "ok", content_type="text/plain")
