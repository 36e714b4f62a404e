"""The parts of Stream's webhook bodies that mean something to us, as marshmallow reads them.

Names and types are those of Stream's SDK (getstream 7.0.0), one dataclass for each of its objects and one for all
its events, since they share their keys. Nothing is required: see `escalator.stream.lenient_fields`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from escalator.stream.classifications import Classification, flattened
from escalator.stream.content_schemas import Message, Payload, Post, User
from escalator.stream.lenient_fields import (
    Scalars,
    instant,
    key,
    keys,
    many,
    named,
    number,
    one,
    prose,
    read_by,
    reader,
    scalars,
    truth,
    word,
    words,
)

MAX_FLAGS = 5_000


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of a flag's `result`, of which Stream documents nothing: read as its samples show it."""

    label: str = word()
    confidence: float | None = number()


@dataclass(frozen=True, slots=True)
class Flag:
    """ModerationFlagResponse, and FlagResponse of the chat product (`created_by_automod`)."""

    type: str = word()
    user_id: str = key()
    user: User | None = one(User)
    entity_type: str = key()
    entity_id: str = key()
    entity_creator_id: str = key()
    review_queue_item_id: str = key()
    labels: tuple[str, ...] = words()
    reason: str = word()
    result: tuple[Result, ...] = many(Result)
    custom: Scalars = scalars()
    created_at: datetime | None = instant()
    created_by_automod: bool = truth()

    @property
    def flagger_id(self) -> str:
        """Return the id of who flagged; engines have none."""
        return self.user_id or (self.user.id if self.user else "")


@dataclass(frozen=True, slots=True)
class CustomAction:
    """The `custom` of an action log's entry: which custom action, and with which options (`submit_action`)."""

    id: str = key()
    action_id: str = key()
    options: Scalars = scalars()
    action_options: Scalars = scalars()


@dataclass(frozen=True, slots=True)
class Action:
    """ActionLogResponse: what was done, and by which kind of reporter."""

    type: str = word()
    custom: CustomAction | None = one(CustomAction)
    user_id: str = key()
    user: User | None = one(User)
    reporter_type: str = word()
    created_at: datetime | None = instant()

    @property
    def actor_id(self) -> str:
        """Return the id of who acted; automation may have none."""
        return self.user_id or (self.user.id if self.user else "")


@dataclass(frozen=True, slots=True)
class Escalation:
    """EscalationMetadata: what a moderator wrote when escalating by hand in Stream. `priority` is low, medium, high."""

    reason: str = word()
    notes: str = prose()
    priority: str = word()


@dataclass(frozen=True, slots=True)
class Call:
    """ModerationCallResponse, and CallResponse of the video product."""

    cid: str = key()
    type: str = key()
    id: str = key()
    channel_cid: str = key()
    team: str = key()

    @property
    def whole_cid(self) -> str:
        """Return the cid, which is the call's type and id."""
        return self.cid or (f"{self.type}:{self.id}" if self.type and self.id else "")


@dataclass(frozen=True, slots=True)
class Rule:
    """ModerationRuleInfo: type is user, content or call."""

    id: str = key()
    name: str = key()
    type: str = word()


@dataclass(frozen=True, slots=True)
class Verdict:
    """AnalyzeTextField, AnalyzeImageField and MatchedContent (which has `type` and `text`)."""

    action: str = word()
    language: str = word()
    severity: str = word()
    confidence: float | None = number()
    classifications: tuple[Classification, ...] = read_by(flattened, ())
    ocr_classifications: tuple[Classification, ...] = read_by(flattened, ())
    type: str = word()
    text: str = prose()


@dataclass(frozen=True, slots=True)
class Appeal:
    """AppealItemResponse."""

    entity_type: str = key()
    entity_id: str = key()
    review_queue_item_id: str = key()
    created_at: datetime | None = instant()
    severity: float | None = number()
    ai_text_severity: str = word()
    recommended_action: str = word()
    channel_cid: str = key()
    config_key: str = key()
    flag_labels: tuple[str, ...] = words()
    flags: tuple[Flag, ...] = many(Flag, MAX_FLAGS)
    actions: tuple[Action, ...] = many(Action)
    entity_content: Payload | None = one(Payload)
    user: User | None = one(User)


@dataclass(frozen=True, slots=True)
class Item:
    """ReviewQueueItemResponse: the load-bearing object. `status` is that of the automatic check, so it is not read."""

    id: str = key()
    entity_type: str = key()
    entity_id: str = key()
    entity_creator_id: str = key()
    entity_creator: User | None = one(User)
    created_at: datetime | None = instant()
    updated_at: datetime | None = instant()
    severity: float | None = number()
    ai_text_severity: str = word()
    confidence_score: float | None = number()
    recommended_action: str = word()
    config_key: str = key()
    languages: tuple[str, ...] = words()
    teams: tuple[str, ...] = keys()
    flags: tuple[Flag, ...] = many(Flag, MAX_FLAGS)
    actions: tuple[Action, ...] = many(Action)
    reviewed_at: datetime | None = instant()
    reviewed_by: str = key()
    latest_moderator_action: str = word()
    escalated: bool = truth()
    escalated_at: datetime | None = instant()
    escalated_by: str = key()
    escalation_metadata: Escalation | None = one(Escalation)
    moderation_payload: Payload | None = one(Payload)
    message: Message | None = one(Message)
    call: Call | None = one(Call)
    feeds_v3_comment: Post | None = one(Post)
    feeds_v3_activity: Post | None = one(Post)
    feeds_v2_reaction: Post | None = one(Post)
    feeds_v2_activity: Post | None = one(Post)
    reaction: Post | None = one(Post)
    activity: Post | None = one(Post)

    @property
    def posts(self) -> tuple[Post, ...]:
        """Return what stands in feeds: comments and reactions before the activities that they are about."""
        comments = (self.feeds_v3_comment, self.feeds_v2_reaction, self.reaction)
        found = (*comments, self.feeds_v3_activity, self.feeds_v2_activity, self.activity)
        return tuple(post for post in found if post is not None)


@dataclass(frozen=True, slots=True)
class Event:
    """Any webhook body of a type we handle. `moderation.mark_reviewed` calls its item `item`.

    `flag.updated` has capitalised keys. In `message.flagged` and `user.flagged` `user` is who flagged, in
    `user.banned` who was banned.
    """

    type: str = word()
    created_at: datetime | None = instant()
    received_at: datetime | None = instant()
    custom: Scalars = scalars()
    review_queue_item: Item | None = one(Item)
    item: Item | None = one(Item)
    review_queue_item_id: str = key()
    flags: tuple[Flag, ...] = many(Flag, MAX_FLAGS)
    action: Action | None = one(Action)
    entity_type: str = key()
    entity_id: str = key()
    entity_creator_id: str = key()
    recommended_action: str = word()
    config_key: str = key()
    content_type: str = key()
    object_id: str = key()
    user_id: str = key()
    rule: Rule | None = one(Rule)
    triggered_actions: tuple[str, ...] = words()
    matched_contents: tuple[Verdict, ...] = many(Verdict)
    action_id: str = key()
    action_options: Scalars = scalars()
    texts: tuple[Verdict, ...] = named(Verdict)
    images: tuple[Verdict, ...] = named(Verdict)
    message: Message | None = one(Message)
    message_id: str = key()
    user: User | None = one(User)
    target_user: User | None = one(User)
    created_by: User | None = one(User)
    reason: str = word()
    flag: Flag | None = one(Flag)
    cid: str = key()
    team: str = key()
    call_cid: str = key()
    call: Call | None = one(Call)
    appeal: Appeal | None = one(Appeal)
    updated_message: Message | None = one(Message, "Message")
    updated_user: User | None = one(User, "User")

    @property
    def snapshot(self) -> Item | None:
        """Return the review queue item, whichever key it came under."""
        return self.review_queue_item or self.item

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return the message as the item shows it, then as the event does."""
        found = (self.snapshot.message if self.snapshot else None, self.message)
        return tuple(message for message in found if message is not None)

    @property
    def post(self) -> Post | None:
        """Return what the item is in feeds, if it is in one."""
        posts = self.snapshot.posts if self.snapshot else ()
        return posts[0] if posts else None

    @property
    def all_flags(self) -> tuple[Flag, ...]:
        """Return the flags of the event and those of its item or appeal; most stand in both."""
        held = self.snapshot or self.appeal
        return self.flags + (held.flags if held else ())

    @property
    def all_actions(self) -> tuple[Action, ...]:
        """Return the action that the event is about, and those that its item or appeal remembers."""
        held = self.snapshot or self.appeal
        return ((self.action,) if self.action else ()) + (held.actions if held else ())

    @property
    def payload(self) -> Payload:
        """Return the content as it was given to moderation."""
        payload = self.snapshot.moderation_payload if self.snapshot else None
        return payload or (self.appeal.entity_content if self.appeal else None) or NO_PAYLOAD


NO_PAYLOAD = reader(Payload)({})
_READ = reader(Event)


def read_event(body: Mapping[str, object]) -> Event:
    """Return the event that a JSON object describes; whatever surprises is missing from it. Raises nothing."""
    return _READ(body)
