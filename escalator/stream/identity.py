"""What an event is about (RULES 1, Identity): its review queue item, its entity, and who made that."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from escalator.model.facts import Key
from escalator.stream import events
from escalator.stream.schemas import Event, User
from escalator.stream.text import identifier

MESSAGE = "stream:chat:v1:message"
USER = "stream:user"
CALL = "call"
USER_PROFILE = "stream:v1:user_profile"

_BANS = frozenset({events.USER_BANNED, events.USER_UNBANNED})
_MESSAGE_EVENTS = frozenset(
    {events.MESSAGE_FLAGGED, events.MESSAGE_DELETED, events.MESSAGE_UNDELETED, events.MESSAGE_UNBLOCKED}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about; what is not known is empty. An entity has both its type and its id, or neither."""

    item_id: str = ""
    entity_type: str = ""
    entity_id: str = ""
    author_id: str = ""

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return the keys by which events join: the type is quoted, so that two entities never share a key."""
        item = (Key("item", self.item_id),) if self.item_id else ()
        if not self.entity_id:
            return item
        value = f"{quote(self.entity_type, safe=':')}/{self.entity_id}"
        return (*item, Key("entity", identifier(value)))

    @property
    def links(self) -> Mapping[str, str]:
        """Return what fills a source's `dashboard_url`."""
        known = {
            "item_id": self.item_id,
            "entity_type": self.entity_type,
            "entity_id": self.entity_id,
            "user_id": self.author_id,
        }
        return {name: value for name, value in known.items() if value}


def subject_of(event: Event) -> Subject:
    """Return what the event is about. Ids inside its flags only stand in where it names no entity itself."""
    if event.type in _BANS:
        return _banned(event)
    item_id, entity = _item_id(event), _first_whole(_entities(event))
    if entity is None:
        item_id = item_id or next(filter(None, (flag.review_queue_item_id for flag in event.all_flags)), "")
        entity = _first_whole((flag.entity_type, flag.entity_id) for flag in event.all_flags)
    return Subject(item_id, *(entity or ("", "")), author_id=next(filter(None, _authors(event)), ""))


def _banned(event: Event) -> Subject:
    """Return the item that a ban came from, else the user.

    Not both: a ban from the queue is about a message, and as a second key its author would merge all the incidents
    whose messages that person was banned for.
    """
    user_id = _id(event.user)
    if event.review_queue_item_id:
        return Subject(item_id=event.review_queue_item_id, author_id=user_id)
    return Subject(entity_type=USER if user_id else "", entity_id=user_id, author_id=user_id)


def _item_id(event: Event) -> str:
    held = event.snapshot.id if event.snapshot else ""
    return held or (event.appeal.review_queue_item_id if event.appeal else "") or event.review_queue_item_id


def _first_whole(entities: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    return next((entity for entity in entities if all(entity)), None)


def _entities(event: Event) -> Iterator[tuple[str, str]]:
    if event.type == events.USER_FLAGGED:
        yield USER, _id(event.target_user)
        return
    yield from _entities_by_type(event)
    yield event.content_type, event.object_id
    for holder in (event.snapshot, event.appeal, event):
        if holder:
            yield holder.entity_type, holder.entity_id
    for message in event.messages:
        yield MESSAGE, message.id


def _entities_by_type(event: Event) -> Iterator[tuple[str, str]]:
    if event.type in _MESSAGE_EVENTS:
        yield MESSAGE, event.message_id
    if event.type == events.FLAG_UPDATED:
        yield MESSAGE, event.updated_message.id if event.updated_message else ""
        yield USER, _id(event.updated_user)
    if events.is_call(event.type):
        yield CALL, event.call_cid


def _authors(event: Event) -> Iterator[str]:
    if event.type == events.USER_FLAGGED:
        yield _id(event.target_user)
        return
    if event.snapshot:
        yield event.snapshot.entity_creator_id
        yield _id(event.snapshot.entity_creator)
    if event.appeal:
        yield _id(event.appeal.user)
    yield event.entity_creator_id
    for message in event.messages:
        yield _id(message.user)
    if event.updated_message:
        yield _id(event.updated_message.user)
    yield _id(event.updated_user)
    yield event.user_id
    for flag in event.all_flags:
        yield flag.entity_creator_id


def _id(user: User | None) -> str:
    return user.id if user else ""
