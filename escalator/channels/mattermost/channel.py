"""Mattermost as a way out: a post for each page, and one more when the matter is taken or over.

An incoming webhook cannot change or answer what it has posted, and is not told what that is called. So, as with mail,
`show` posts only what is new to its readers, and a face names what they know: equal faces mean that nothing is sent.
"""

from escalator.channels.contract import Notification, digest_of
from escalator.channels.mattermost import form
from escalator.channels.mattermost.api import MattermostApi, Payload
from escalator.model.incident import HELD_STATES, State
from escalator.model.message import Delivered, Failed

_FACE_DIGEST = 40
_MOST_KNOWN = 1_000
_QUIET = frozenset({State.TRIGGERED, State.GROUPED, State.LOGGED})


class MattermostChannel:
    """Posts through an incoming webhook; the reference is the key of the first notification that was posted."""

    def __init__(self, api: MattermostApi) -> None:
        self._api = api
        self._shown: set[str] = set()

    def tell(self, one: Notification, /) -> Delivered | Failed:
        """Post the full message; a short one, where that stands already."""
        return self._post(one, form.again(one) if one.ref else form.page(one))

    def show(self, one: Notification, /) -> Delivered | Failed:
        """Post one short message, if there is something that its readers do not know.

        Mattermost cannot tell a repetition from news, so this process remembers what it has posted.
        """
        news = digest_of(one.place, self.face(one))
        if one.standing is None or one.standing.state in _QUIET or news in self._shown:
            return Delivered(one.ref or "")
        done = self._post(one, form.update_text(one))
        if isinstance(done, Delivered):
            if len(self._shown) >= _MOST_KNOWN:
                self._shown.clear()
            self._shown.add(news)
        return done

    def face(self, one: Notification, /) -> str:
        """Return what its readers know: that somebody is asked, who has taken it and when, or how it ended."""
        standing = one.standing
        if standing is None:
            return digest_of(one.card.text)
        if standing.state is State.TRIGGERED:
            return "asking"
        who = digest_of(standing.by or "", standing.since.isoformat() if standing.since else "", standing.outcome or "")
        return f"{'taken' if standing.state in HELD_STATES else standing.state.value}:{who[:_FACE_DIGEST]}"

    def _post(self, one: Notification, payload: Payload) -> Delivered | Failed:
        done = self._api.post(one.context, one.address, payload)
        return done if isinstance(done, Failed) else Delivered(one.ref or one.key)
