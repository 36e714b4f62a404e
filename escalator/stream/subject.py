"""What an event is about (RULES 1, Identity): its review queue item, its entity, and who made that."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from escalator.model.entities import CALL, MESSAGE, USER, all_names_of, long_name
from escalator.model.facts import ItemKey
from escalator.stream import events
from escalator.stream.content_schemas import StreamUser
from escalator.stream.schemas import StreamEvent
from escalator.stream.text import bounded_id

_BANS = frozenset({events.USER_BANNED, events.USER_UNBANNED})
_MESSAGE_EVENTS = frozenset(
    {events.MESSAGE_FLAGGED, events.MESSAGE_DELETED, events.MESSAGE_UNDELETED, events.MESSAGE_UNBLOCKED}
)


@dataclass(frozen=True, slots=True)
class EventSubject:
    """What an event is about; what is not known is empty. An entity has both its type and its id, or neither.

    `entity_type` is Stream's long name, and the id of a call its cid; `as_spelled` has both as the event spells them.
    """

    item_id: str = ""
    entity_type: str = ""
    entity_id: str = ""
    author_id: str = ""
    as_spelled: tuple[str, str] = ("", "")

    @property
    def keys(self) -> tuple[ItemKey, ...]:
        """Return the keys by which events join: the type is quoted, so that two entities never share a key."""
        item = (ItemKey("item", self.item_id),) if self.item_id else ()
        if not self.entity_id:
            return item
        return (*item, _entity_key(self.entity_type, self.entity_id))

    @property
    def other_keys(self) -> tuple[ItemKey, ...]:
        """Return the keys that the same entity has under its other names.

        Earlier versions took them for other entities: an incident that they stored may have one of these.
        """
        if not self.entity_id:
            return ()
        spelled = [(name, self.entity_id) for name in all_names_of(self.entity_type)]
        keys = (_entity_key(*entity) for entity in [*spelled, self.as_spelled] if all(entity))
        return tuple(key for key in dict.fromkeys(keys) if key not in self.keys)

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


def _entity_key(entity_type: str, entity_id: str) -> ItemKey:
    return ItemKey("entity", bounded_id(f"{quote(entity_type, safe=':')}/{entity_id}"))


def subject_of(event: StreamEvent) -> EventSubject:
    """Return what the event is about. Ids inside its flags only stand in where it names no entity itself."""
    if event.type in _BANS:
        return _banned(event)
    item_id, entities = _item_id(event), list(_entities(event))
    spelled = _first_whole(entities)
    if spelled is None and not any(entity_id for _type, entity_id in entities):
        item_id = item_id or next(filter(None, (flag.review_queue_item_id for flag in event.all_flags)), "")
        spelled = _first_whole((flag.entity_type, flag.entity_id) for flag in event.all_flags)
    author_id = next(filter(None, _authors(event)), "")
    if spelled is None:
        return EventSubject(item_id, author_id=author_id)
    return EventSubject(item_id, *_whole(spelled, event), author_id=author_id, as_spelled=spelled)


def _whole(as_spelled: tuple[str, str], event: StreamEvent) -> tuple[str, str]:
    """Return an entity by its long name; a call by its cid, wherever the event has that."""
    entity_type, entity_id = long_name(as_spelled[0]), as_spelled[1]
    return entity_type, (_cid(event) or entity_id) if entity_type == CALL else entity_id


def _cid(event: StreamEvent) -> str:
    call = event.snapshot.call if event.snapshot else None
    found = (event.call_cid, *(one.whole_cid for one in (call, event.call) if one))
    return next(filter(None, found), "")


def _banned(event: StreamEvent) -> EventSubject:
    """Return the item that a ban came from, else the user.

    Not both: a ban from the queue is about a message, and as a second key its author would merge all the incidents
    whose messages that person was banned for.
    """
    user_id = _id(event.user)
    if event.review_queue_item_id:
        return EventSubject(item_id=event.review_queue_item_id, author_id=user_id)
    return EventSubject(entity_type=USER if user_id else "", entity_id=user_id, author_id=user_id)


def _item_id(event: StreamEvent) -> str:
    held = event.snapshot.id if event.snapshot else ""
    return held or (event.appeal.review_queue_item_id if event.appeal else "") or event.review_queue_item_id


def _first_whole(entities: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    return next((entity for entity in entities if all(entity)), None)


def _entities(event: StreamEvent) -> Iterator[tuple[str, str]]:
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


def _entities_by_type(event: StreamEvent) -> Iterator[tuple[str, str]]:
    if event.type in _MESSAGE_EVENTS:
        yield MESSAGE, event.message_id
    if event.type == events.FLAG_UPDATED:
        yield MESSAGE, event.updated_message.id if event.updated_message else ""
        yield USER, _id(event.updated_user)
    if events.is_call(event.type):
        yield CALL, _cid(event)


def _authors(event: StreamEvent) -> Iterator[str]:
    if event.type == events.USER_FLAGGED:
        yield _id(event.target_user)
        return
    if event.snapshot:
        yield event.snapshot.entity_creator_id
        yield _id(event.snapshot.entity_creator)
        yield _id(event.post.user if event.post else None)
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


def _id(user: StreamUser | None) -> str:
    return user.id if user else ""
