"""The content of an event, its author and its kinds. Of media only the address is read, never the file."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from escalator.model.entities import CALL, USER, USER_PROFILE
from escalator.model.facts import Content
from escalator.stream import events
from escalator.stream.content_schemas import Attachment, StreamUser
from escalator.stream.labels import labels_of
from escalator.stream.schemas import StreamEvent
from escalator.stream.subject import EventSubject
from escalator.stream.text import MAX_TEXT_CHARS, normalized_word

MAX_MEDIA = 50
MAX_COUNT = 1_000_000
_DELETED = "deleted"
_IMAGE = "image"
_VIDEO = "video"
_KIND_OF_ENTITY = {USER: "user", USER_PROFILE: "user", CALL: "call"}


def content_kinds_of(event: StreamEvent, subject: EventSubject) -> frozenset[str]:
    """Return which of text, image, video, user and call the item is; empty while that is unknown."""
    attached = {normalized_word(attachment.type) for attachment in _attachments(event)}
    matched = {normalized_word(verdict.type) for verdict in event.matched_contents}
    signs = {
        "text": bool(_text(event) or event.texts or "text" in matched),
        "image": bool(event.payload.images or event.images or _IMAGE in attached | matched),
        "video": bool(event.payload.videos or _VIDEO in attached),
        "call": bool(event.snapshot and event.snapshot.call)
        or bool(event.rule and normalized_word(event.rule.type) == CALL),
    }
    of_entity = _KIND_OF_ENTITY.get(normalized_word(subject.entity_type), "")
    return frozenset(kind for kind, is_shown in signs.items() if is_shown) | ({of_entity} - {""})


def content_of(event: StreamEvent, subject: EventSubject, at: datetime) -> Content:
    """Return the content in the event, as of the event's time.

    An event that is only shown (a deletion) may carry a placeholder or an older text, so its content is dated as its
    message: it fills a gap and replaces nothing.
    """
    if event.type in events.ONLY_SHOWN:
        return _left_behind(event)
    author = _author(event, subject) or StreamUser()
    flagged = author.flagged_count
    values = {
        "text": _text(event),
        "language": next(_languages(event), ""),
        "author_id": subject.author_id,
        "author_name": author.name,
        "account_created_at": author.created_at.isoformat() if author.created_at else "",
        "flagged_before": f"{flagged:.0f}" if flagged is not None and 0 <= flagged <= MAX_COUNT else "",
        "media": "\n".join(list(dict.fromkeys(_media(event)))[:MAX_MEDIA]),
        "note": _note(event),
        "labels": labels_of(event),
    }
    return Content({name: (at, value) for name, value in values.items() if value})


def _left_behind(event: StreamEvent) -> Content:
    message = next((message for message in event.messages if message.text), None)
    if message is None or message.created_at is None or normalized_word(message.type) == _DELETED:
        return Content()
    return Content({"text": (message.created_at, message.text)})


def _text(event: StreamEvent) -> str:
    return next((text for text in _texts(event) if text), "")[:MAX_TEXT_CHARS]


def _texts(event: StreamEvent) -> Iterator[str]:
    for message in event.messages:
        yield message.text
    yield "\n".join(event.payload.texts)
    if event.post:
        yield event.post.words
    yield "\n".join(verdict.text for verdict in event.matched_contents if verdict.text)


def _languages(event: StreamEvent) -> Iterator[str]:
    if event.snapshot:
        yield from event.snapshot.languages
    for verdict in event.texts:
        if verdict.language:
            yield verdict.language
    for content in (*event.messages, event.post):
        if content and content.i18n.get("language"):
            yield content.i18n["language"]


def _author(event: StreamEvent, subject: EventSubject) -> StreamUser | None:
    """Return the author with most details: the item's creator has the counters."""
    creator = event.snapshot.entity_creator if event.snapshot else None
    writers = (content.user for content in (*event.messages, event.post) if content)
    known = (creator, *writers, event.target_user, event.user)
    return next((user for user in known if user and user.id and user.id == subject.author_id), None)


def _attachments(event: StreamEvent) -> Iterable[Attachment]:
    return [attachment for content in (*event.messages, event.post) if content for attachment in content.attachments]


def _media(event: StreamEvent) -> Iterator[str]:
    payload = event.payload
    yield from (*payload.images, *payload.videos, *payload.audios, *payload.other_media)
    for attachment in _attachments(event):
        yield from filter(None, (attachment.image_url, attachment.asset_url))


def _note(event: StreamEvent) -> str:
    escalation = event.snapshot.escalation_metadata if event.snapshot else None
    return escalation.notes if escalation else ""
