"""Who has reviewed an item in Stream, and when (RULES 1): a person, with an action that ends the matter.

The review state of an item is `reviewed_at` / `reviewed_by` and its action log; `status` is that of the automatic
check (Stream's docs, filter table). `reporter_type` is automod, user, moderator, admin, velocity_filter or
api_integration (CHATJS; SPEC). What automation, an API key or the author does is no review.
"""

from collections.abc import Iterator
from datetime import datetime

from escalator.model.facts import Review
from escalator.stream import events
from escalator.stream.identity import Subject
from escalator.stream.schemas import Action, Event, Item
from escalator.stream.text import word

_PEOPLE = frozenset({"moderator", "admin"})
_MACHINES = frozenset({"automod", "velocity_filter", "api_integration"})
_ENDING = frozenset({"mark_reviewed", "ban", "restore", "block", "shadow_block", "kick_user", "end_call"})
_ENDING_PREFIX = "delete_"
_MARKED = "mark_reviewed"


def reviews_of(event: Event, subject: Subject, at: datetime) -> tuple[Review, ...]:
    """Return every review that the event tells of, the oldest first. `at` is the event's own time."""
    if events.is_appeal(event.type) or event.type in events.ONLY_SHOWN:
        return ()
    found = {*_by_actions(event, subject, at), *_by_item(event, subject), *_by_ban(event, at)}
    found.update(_by_mark(event, subject, at, found))
    return tuple(sorted(found, key=lambda review: (review.at, review.by, review.action)))


def banned_by(event: Event) -> str:
    """Return the id of the person who banned somebody else, or nothing when no person did."""
    by, banned = event.created_by, event.user
    if by is None or {word(by.id), word(by.role)} & _MACHINES or (banned and by.id == banned.id):
        return ""
    return by.id


def _ends(action: Action) -> bool:
    done = word(action.type)
    return done in _ENDING or done.startswith(_ENDING_PREFIX)


def _is_by_person(action: Action, subject: Subject) -> bool:
    is_author = bool(subject.author_id) and action.actor_id == subject.author_id
    return word(action.reporter_type) in _PEOPLE and not is_author


def _by_actions(event: Event, subject: Subject, at: datetime) -> Iterator[Review]:
    """Yield what people did. Only the action that the event is about may take the event's time for its own."""
    for action in event.all_actions:
        if _ends(action) and _is_by_person(action, subject):
            done_at = action.created_at or (at if action is event.action else None)
            if done_at:
                yield Review(done_at, action.actor_id, word(action.type))


def _by_item(event: Event, subject: Subject) -> Iterator[Review]:
    item = event.snapshot
    if item and item.reviewed_at and not _is_machine_review(event, item, subject):
        yield Review(item.reviewed_at, item.reviewed_by, word(item.latest_moderator_action) or _MARKED)


def _by_ban(event: Event, at: datetime) -> Iterator[Review]:
    if event.type == events.USER_BANNED and event.review_queue_item_id and (person := banned_by(event)):
        yield Review(at, person, "ban")


def _by_mark(event: Event, subject: Subject, at: datetime, found: set[Review]) -> Iterator[Review]:
    """Yield the review that `moderation.mark_reviewed` itself is, where its item does not say so."""
    if event.type != events.MARK_REVIEWED or any(review.action == _MARKED for review in found):
        return
    item = event.snapshot
    if item is None or not (item.reviewed_at or _is_machine_review(event, item, subject)):
        yield Review(at, item.reviewed_by if item else "", _MARKED)


def _is_machine_review(event: Event, item: Item, subject: Subject) -> bool:
    """Whether `reviewed_at` was set by automation, an API key or the author rather than by a person."""
    reviewer = item.reviewed_by
    if reviewer and (reviewer == subject.author_id or word(reviewer) in _MACHINES):
        return True
    ending = [action for action in event.all_actions if _ends(action) and reviewer in ("", action.actor_id)]
    return bool(ending) and not any(_is_by_person(action, subject) for action in ending)
