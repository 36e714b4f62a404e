"""What we did in Stream ourselves and comes back in an event (RULES 1): neither a review nor a call for people.

It is ours by its id in Stream's log, by our own user there, or because we were doing just this to the item at that
time, by Stream's own clock. It is taken out of the event before its facts are read; everything else counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from escalator.model.stream_action_rule import CUSTOM_PART, PartKind, part_kind
from escalator.stream import events
from escalator.stream.schemas import ModerationAction, ReviewQueueItem, StreamEvent
from escalator.stream.subject import EventSubject
from escalator.stream.text import normalized_word

BEFORE, AFTER = timedelta(seconds=5), timedelta(seconds=60)
"""By how much Stream's log may differ from the times of our call."""

_ALWAYS_OURS = frozenset({events.USER_BANNED, events.MARK_REVIEWED, events.CUSTOM_ACTION})


@dataclass(frozen=True, slots=True)
class OurAction:
    """A call of ours that was tried: what it does, as whom, since when and until when Stream may have done it."""

    call: UUID
    part: str
    user_id: str
    sent_at: datetime
    answered_at: datetime | None = None
    action_id: str = ""

    def is_of_type(self, action_type: str) -> bool:
        """Whether Stream calls it that."""
        kind = part_kind(self.part)
        return action_type.startswith("delete_") if kind is PartKind.DELETE else action_type == kind.value

    def is_at(self, at: datetime | None) -> bool:
        """Whether it may have been done at that time of Stream's; always for an unknown one."""
        if at is None:
            return True
        is_early = at < self.sent_at - BEFORE
        return not is_early and (self.answered_at is None or at <= self.answered_at + AFTER)


@dataclass(frozen=True, slots=True)
class OurActions:
    """Our calls about one item, and the ids of the users that only we act as."""

    actions: tuple[OurAction, ...] = ()
    service_users: frozenset[str] = field(default_factory=frozenset)

    def find(self, action_type: str, user_id: str, at: datetime | None, action_id: str = "") -> OurAction | None:
        """Return our call that did this; None if none of them did."""
        for ours in self.actions:
            if not ours.is_of_type(action_type):
                continue
            if ours.action_id and action_id:
                if ours.action_id == action_id:
                    return ours
                continue
            if user_id in ("", ours.user_id) and ours.is_at(at):
                return ours
        return None

    def is_ours(self, action_type: str, user_id: str, at: datetime | None, action_id: str = "") -> bool:
        """Whether we did this, by a call or as a user of ours."""
        return user_id in self.service_users or self.find(action_type, user_id, at, action_id) is not None


NOTHING_OF_OURS = OurActions()


@dataclass(frozen=True, slots=True)
class ForeignPart:
    """An event without what we did. `confirmed` are our calls in it; `is_empty`: the event is about nothing else."""

    event: StreamEvent
    confirmed: frozenset[UUID] = frozenset()
    is_empty: bool = False


def without_ours(event: StreamEvent, ours: OurActions, at: datetime) -> ForeignPart:
    """Return what of an event is not ours. `at` is the event's own time."""
    if ours == NOTHING_OF_OURS:
        return ForeignPart(event)
    confirmed = frozenset(found.call for found in _found(event, ours, at) if found)
    item = event.snapshot and _foreign_item(event.snapshot, ours)
    is_ours = event.action is not None and _is_ours(event.action, ours, event.action.created_at or at)
    kept = replace(
        event,
        action=None if is_ours else event.action,
        review_queue_item=item if event.review_queue_item else None,
        item=item if event.item and not event.review_queue_item else event.item,
    )
    return ForeignPart(kept, confirmed, event.type in _ALWAYS_OURS and _is_event_ours(event, ours, at))


def _found(event: StreamEvent, ours: OurActions, at: datetime) -> Iterator[OurAction | None]:
    for action in event.all_actions:
        done_at = action.created_at or (at if action is event.action else None)
        if done_at is not None:
            yield ours.find(normalized_word(action.type), action.actor_id, done_at, action.id)
    if event.type == events.USER_BANNED and event.created_by:
        yield ours.find("ban", event.created_by.id, at)
    if event.type == events.MARK_REVIEWED:
        yield ours.find("mark_reviewed", _marked_by(event), at)
    if event.type == events.CUSTOM_ACTION:
        yield _custom(event, ours, at)


def _is_event_ours(event: StreamEvent, ours: OurActions, at: datetime) -> bool:
    """Whether the event as a whole is about a deed of ours."""
    match event.type:
        case events.USER_BANNED:
            return event.created_by is not None and ours.is_ours("ban", event.created_by.id, at)
        case events.MARK_REVIEWED:
            return bool(_marked_by(event)) and ours.is_ours("mark_reviewed", _marked_by(event), at)
        case _:
            return _custom(event, ours, at) is not None


def _custom(event: StreamEvent, ours: OurActions, at: datetime) -> OurAction | None:
    """Return our call of this custom action. Its webhook names nobody; the log in the item does, where there is one."""
    custom = CUSTOM_PART.removesuffix(":")
    logged = [action for action in event.all_actions if normalized_word(action.type) == custom and action.created_at]
    if logged:
        newest = max(logged, key=lambda action: action.created_at or at)
        return ours.find(custom, newest.actor_id, newest.created_at, newest.id)
    same = (action for action in ours.actions if action.part == CUSTOM_PART + event.action_id and action.is_at(at))
    return next(same, None)


def _marked_by(event: StreamEvent) -> str:
    said = event.snapshot.reviewed_by if event.snapshot else ""
    return said or (event.user.id if event.user else "")


def _is_ours(action: ModerationAction, ours: OurActions, at: datetime) -> bool:
    return ours.is_ours(normalized_word(action.type), action.actor_id, at, action.id)


def _foreign_item(item: ReviewQueueItem, ours: OurActions) -> ReviewQueueItem:
    """Return an item without our entries in its log, our review and our escalation, which later events repeat."""
    kept = tuple(
        action for action in item.actions if action.created_at is None or not _is_ours(action, ours, action.created_at)
    )
    after = replace(item, actions=kept)
    if item.reviewed_at is not None and _has_reviewed(item, ours):
        after = replace(after, reviewed_at=None, reviewed_by="", latest_moderator_action="")
    if item.escalated and ours.is_ours("escalate", item.escalated_by, item.escalated_at):
        after = replace(after, escalated=False, escalated_at=None, escalated_by="", escalation_metadata=None)
    return after


def _has_reviewed(item: ReviewQueueItem, ours: OurActions) -> bool:
    """Whether one of our acts set the review: any of them may, and Stream names only who and when."""
    if item.reviewed_by in ours.service_users:
        return True
    acted = (action for action in ours.actions if item.reviewed_by in ("", action.user_id))
    return any(action.is_at(item.reviewed_at) for action in acted)


def shows_deeds(event: StreamEvent) -> bool:
    """Whether somebody's deed is in the event, which may be ours; most events show none."""
    item = event.snapshot
    is_acted_on = item is not None and bool(item.actions or item.reviewed_at or item.escalated)
    return event.action is not None or is_acted_on or event.type in _ALWAYS_OURS


OursOf = Callable[[EventSubject], OurActions]
"""Looks up what we did to the subject of an event."""


def nothing_of_ours(_subject: EventSubject) -> OurActions:
    """Return nothing: where we never act in Stream."""
    return NOTHING_OF_OURS
