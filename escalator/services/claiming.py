"""Claiming pages about incidents that the caller's transaction has locked: the message each becomes, and its post."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.model.incident import DueKind, Incident, State
from escalator.model.message import Context, FailureReason, Occasion
from escalator.model.ranks import Mode
from escalator.rendering.view import View
from escalator.services import messages
from escalator.services.calls import ToSend
from escalator.services.core import Core
from escalator.services.policies import Running
from escalator.store import posts
from escalator.store.deliveries import Delivery
from escalator.store.posts import Post

_CALLED_OFF = frozenset({Occasion.STEP, Occasion.ONE_MORE, Occasion.OVERDUE, Occasion.RESTART, Occasion.HAND_OVER})

Place = tuple[UUID, str, str, Mode]
SANDBOX_SLOT = -1


def why_unwanted(delivery: Delivery, incident: Incident, now: datetime) -> str | None:
    """Return why a page need not be sent any more, or None while it is wanted."""
    if now >= delivery.expires_at:
        return FailureReason.EXPIRED
    if delivery.round != incident.round:
        return "superseded"
    if delivery.occasion in _CALLED_OFF and incident.state is not State.TRIGGERED:
        return incident.state.value
    if delivery.occasion is Occasion.REMIND and incident.due_kind is not DueKind.RESOLVE_WITHIN:
        return incident.state.value
    return None


@dataclass(slots=True)
class Claims:
    """What one transaction claims: the incidents are locked, `standing` are their posts, locked too.

    The first page to a place becomes the full message, later ones reply in its thread. `busy` are pages that must
    wait because another process is about to create the full message.
    """

    core: Core
    connection: Connection
    running: Running
    now: datetime
    incidents: Mapping[UUID, Incident]
    standing: Iterable[Post] = ()
    said: Mapping[UUID, messages.Story] = field(default_factory=dict)
    to_send: list[ToSend] = field(default_factory=list)
    busy: list[UUID] = field(default_factory=list)
    _posts: dict[Place, Post] = field(default_factory=dict)
    _new: list[Post] = field(default_factory=list)
    _held: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._posts = {(one.incident_id, one.destination, one.address, one.mode): one for one in self.standing}

    def why_unwanted(self, delivery: Delivery) -> str | None:
        """Return why a page need not be sent any more, or None while it is wanted.

        One that was meant for a less mild mode than the present one is not wanted: its address may be a real person's.
        """
        incident = self.incidents[delivery.incident_id or UUID(int=0)]
        if self.core.mode_of(incident.source, self.running.policy) < delivery.mode:
            return "mode"
        return why_unwanted(delivery, incident, self.now)

    def page(self, delivery: Delivery) -> bool:
        """Claim one wanted page; False when it has to wait."""
        incident = self.incidents[delivery.incident_id or UUID(int=0)]
        place = (incident.id, delivery.destination, delivery.address, delivery.mode)
        post = self._posts.get(place)
        if post is not None and post.ref is None and post.is_held:
            self.busy.append(delivery.id)
            return False
        thread_of = post.ref if post is not None else None
        if post is None or thread_of is None:
            post = self._posts[place] = self._hold(post or _new_post(delivery, incident))
        view = self.view(incident, delivery)
        self.to_send.append(
            ToSend(
                context=Context(incident.id, incident.number, delivery.destination, delivery.person),
                mode=delivery.mode,
                channel=delivery.channel,
                address=delivery.address,
                card=messages.full(view) if thread_of is None else messages.in_thread(view),
                revision=incident.revision,
                delivery=delivery,
                post=post,
                thread_of=thread_of,
                received_at=incident.opened_at if delivery.round == 1 and delivery.step == 0 else None,
            )
        )
        return True

    def view(self, incident: Incident, delivery: Delivery) -> View:
        """Return what the page says, to whom."""
        return messages.view_of(
            self.core,
            incident,
            self.core.policies.version(self.connection, incident.policy_version),
            self.running,
            person=delivery.person,
            mode=delivery.mode,
            occasion=delivery.occasion,
            said=self.said.get(incident.id, ()),
            now=self.now,
        )

    def _hold(self, post: Post) -> Post:
        if post.claim == 0:
            self._new.append(post)
        else:
            self._held.append(post.id)
        return replace(post, claim=post.claim + 1, is_held=True)

    def write(self) -> None:
        """Write the posts that are held from now on."""
        posts.insert(self.connection, [replace(one, claim=1) for one in self._new], self.core.id, self.now)
        posts.hold(self.connection, self._held, self.core.id, self.now)


def _new_post(delivery: Delivery, incident: Incident) -> Post:
    return Post(
        id=uuid7(),
        incident_id=incident.id,
        destination=delivery.destination,
        address=delivery.address,
        slot=SANDBOX_SLOT if delivery.mode is Mode.SANDBOX else 0,
        mode=delivery.mode,
        channel=delivery.channel,
        person=delivery.person,
        ref=None,
        want_rev=incident.revision,
        shown_rev=0,
        claim=0,
        attempts=0,
    )
