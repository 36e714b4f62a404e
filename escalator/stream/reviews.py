"""Reviews of an item in Stream (RULES 1): actions of people that end the matter.

The review state of an item is `reviewed_at` / `reviewed_by` and its action log; `status` is that of the automatic
check (Stream's docs, filter table). Actions of automation, an API key or the author are no reviews.
"""

from collections.abc import Iterator
from datetime import datetime

from escalator.model.facts import Review
from escalator.stream import events
from escalator.stream.actors import Actors
from escalator.stream.escalations import ESCALATE
from escalator.stream.schemas import ModerationAction, ReviewQueueItem, StreamEvent
from escalator.stream.text import normalized_word

_ENDING = frozenset({"mark_reviewed", "ban", "restore", "unblock", "block", "shadow_block", "kick_user", "end_call"})
_ENDING_PREFIX = "delete_"
_GOING_ON = frozenset({ESCALATE, "de_escalate", "flag", "custom", "unban", "bypass"})
_MARKED = "mark_reviewed"
_BY_NO_MODERATOR = frozenset({"automod", "velocity_filter", "user"})


def reviews_of(event: StreamEvent, actors: Actors, at: datetime) -> tuple[Review, ...]:
    """Return every review in the event, the oldest first. `at` is the event's own time."""
    if events.is_appeal(event.type) or event.type in events.ONLY_SHOWN:
        return ()
    by_item = set(_by_item(event, actors))
    reviews = {*_by_actions(event, actors, at), *by_item, *_by_ban(event, actors, at)}
    if not by_item and not any(review.action == _MARKED for review in reviews):
        reviews.update(_by_mark(event, actors, at))
    return tuple(sorted(reviews, key=lambda review: (review.at, review.by, review.action)))


def _ends(action: ModerationAction) -> bool:
    action_type = normalized_word(action.type)
    return action_type in _ENDING or action_type.startswith(_ENDING_PREFIX)


def _by_actions(event: StreamEvent, actors: Actors, at: datetime) -> Iterator[Review]:
    """Yield reviews from the action log. Only the action that the event is about may take the event's time."""
    for action in event.all_actions:
        if _ends(action) and actors.is_person(action):
            done_at = action.created_at or (at if action is event.action else None)
            if done_at:
                yield Review(done_at, action.actor_id, normalized_word(action.type))


def _by_item(event: StreamEvent, actors: Actors) -> Iterator[Review]:
    """Yield the review in the item, unless the newest action leaves the matter open."""
    item = event.snapshot
    if item is None or item.reviewed_at is None or _newest_action(event, item, actors) in _GOING_ON:
        return
    if not _is_machine_review(event, actors):
        yield Review(item.reviewed_at, _reviewer(event), normalized_word(item.latest_moderator_action) or _MARKED)


def _newest_action(event: StreamEvent, item: ReviewQueueItem, actors: Actors) -> str:
    """Return the newest action: the person's action that the event is about, else Stream's `latest_moderator_action`.

    Without one, it is the last in the log that is neither an engine's nor a user's, or the escalation in the item: one
    that is as new as `reviewed_at` may be what set it.
    """
    if event.action and actors.is_person(event.action):
        return normalized_word(event.action.type)
    dated_actions = [
        (action.created_at, normalized_word(action.type))
        for action in event.all_actions
        if action.created_at and normalized_word(action.reporter_type) not in _BY_NO_MODERATOR
    ]
    if item.escalated and item.escalated_at and item.reviewed_at and item.escalated_at >= item.reviewed_at:
        dated_actions.append((item.escalated_at, ESCALATE))
    return normalized_word(item.latest_moderator_action) or max(dated_actions, default=(None, ""))[1]


def _by_ban(event: StreamEvent, actors: Actors, at: datetime) -> Iterator[Review]:
    if event.type == events.USER_BANNED and event.review_queue_item_id and (person := actors.banned_by(event)):
        yield Review(at, person, "ban")


def _by_mark(event: StreamEvent, actors: Actors, at: datetime) -> Iterator[Review]:
    """Yield the review of `moderation.mark_reviewed` itself, where its item does not state it."""
    if event.type == events.MARK_REVIEWED and not _is_machine_review(event, actors):
        yield Review(at, _reviewer(event), _MARKED)


def _reviewer(event: StreamEvent) -> str:
    """Return who reviewed, as far as it is said. In a `moderation.mark_reviewed` of older SDKs `user` is who did."""
    said = event.snapshot.reviewed_by if event.snapshot else ""
    is_mark = event.type == events.MARK_REVIEWED
    return said or (event.user.id if is_mark and event.user else "")


def _is_machine_review(event: StreamEvent, actors: Actors) -> bool:
    """Whether the item was reviewed by automation, an API key or the author rather than by a person."""
    reviewer = _reviewer(event)
    if reviewer and actors.is_machine_id(reviewer):
        return True
    ending = [action for action in event.all_actions if _ends(action) and reviewer in ("", action.actor_id)]
    return bool(ending) and not any(actors.is_person(action) for action in ending)
