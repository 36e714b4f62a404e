"""The parts of Stream's webhook bodies that mean something to us, as marshmallow reads them.

Names and types are those of Stream's SDK (getstream 7.0.0), one dataclass for each of its objects and one for all
its events, since they share their keys. Nothing is required: see `escalator.stream.lenient_fields`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from escalator.stream.classifications import Classification, flatten_classifications
from escalator.stream.content_schemas import ChatMessage, FeedPost, ModeratedContent, StreamUser
from escalator.stream.lenient_fields import (
    ScalarValues,
    boolean_field,
    custom_field,
    id_field,
    id_list,
    instant_field,
    long_text,
    nested_list,
    nested_object,
    nested_values,
    number_field,
    scalars_field,
    schema_of,
    short_text,
    short_texts,
)

MAX_FLAGS = 5_000


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of a flag's `result`, of which Stream documents nothing: read as its samples show it."""

    label: str = short_text()
    confidence: float | None = number_field()


@dataclass(frozen=True, slots=True)
class ContentFlag:
    """ModerationFlagResponse, and FlagResponse of the chat product (`created_by_automod`)."""

    type: str = short_text()
    user_id: str = id_field()
    user: StreamUser | None = nested_object(StreamUser)
    entity_type: str = id_field()
    entity_id: str = id_field()
    entity_creator_id: str = id_field()
    review_queue_item_id: str = id_field()
    labels: tuple[str, ...] = short_texts()
    reason: str = short_text()
    result: tuple[Result, ...] = nested_list(Result)
    custom: ScalarValues = scalars_field()
    created_at: datetime | None = instant_field()
    created_by_automod: bool = boolean_field()

    @property
    def flagger_id(self) -> str:
        """Return the id of who flagged; engines have none."""
        return self.user_id or (self.user.id if self.user else "")


@dataclass(frozen=True, slots=True)
class CustomAction:
    """The `custom` of an action log's entry: which custom action, and with which options (`submit_action`)."""

    id: str = id_field()
    action_id: str = id_field()
    options: ScalarValues = scalars_field()
    action_options: ScalarValues = scalars_field()


@dataclass(frozen=True, slots=True)
class ModerationAction:
    """ActionLogResponse: what was done, and by which kind of reporter."""

    id: str = id_field()
    type: str = short_text()
    custom: CustomAction | None = nested_object(CustomAction)
    user_id: str = id_field()
    user: StreamUser | None = nested_object(StreamUser)
    reporter_type: str = short_text()
    created_at: datetime | None = instant_field()

    @property
    def actor_id(self) -> str:
        """Return the id of who acted; automation may have none."""
        return self.user_id or (self.user.id if self.user else "")


@dataclass(frozen=True, slots=True)
class Escalation:
    """EscalationMetadata: what a moderator wrote when escalating by hand in Stream. `priority` is low, medium, high."""

    reason: str = short_text()
    notes: str = long_text()
    priority: str = short_text()


@dataclass(frozen=True, slots=True)
class CallInfo:
    """ModerationCallResponse, and CallResponse of the video product."""

    cid: str = id_field()
    type: str = id_field()
    id: str = id_field()
    channel_cid: str = id_field()
    team: str = id_field()

    @property
    def whole_cid(self) -> str:
        """Return the cid, which is the call's type and id."""
        return self.cid or (f"{self.type}:{self.id}" if self.type and self.id else "")


@dataclass(frozen=True, slots=True)
class ModerationRule:
    """ModerationRuleInfo: type is user, content or call."""

    id: str = id_field()
    name: str = id_field()
    type: str = short_text()


@dataclass(frozen=True, slots=True)
class ContentVerdict:
    """AnalyzeTextField, AnalyzeImageField and MatchedContent (which has `type` and `text`)."""

    action: str = short_text()
    language: str = short_text()
    severity: str = short_text()
    confidence: float | None = number_field()
    classifications: tuple[Classification, ...] = custom_field(flatten_classifications, ())
    ocr_classifications: tuple[Classification, ...] = custom_field(flatten_classifications, ())
    type: str = short_text()
    text: str = long_text()


@dataclass(frozen=True, slots=True)
class Appeal:
    """AppealItemResponse."""

    entity_type: str = id_field()
    entity_id: str = id_field()
    review_queue_item_id: str = id_field()
    created_at: datetime | None = instant_field()
    severity: float | None = number_field()
    ai_text_severity: str = short_text()
    recommended_action: str = short_text()
    channel_cid: str = id_field()
    config_key: str = id_field()
    flag_labels: tuple[str, ...] = short_texts()
    flags: tuple[ContentFlag, ...] = nested_list(ContentFlag, MAX_FLAGS)
    actions: tuple[ModerationAction, ...] = nested_list(ModerationAction)
    entity_content: ModeratedContent | None = nested_object(ModeratedContent)
    user: StreamUser | None = nested_object(StreamUser)


@dataclass(frozen=True, slots=True)
class ReviewQueueItem:
    """ReviewQueueItemResponse: the load-bearing object. `status` is that of the automatic check, so it is not read."""

    id: str = id_field()
    entity_type: str = id_field()
    entity_id: str = id_field()
    entity_creator_id: str = id_field()
    entity_creator: StreamUser | None = nested_object(StreamUser)
    created_at: datetime | None = instant_field()
    updated_at: datetime | None = instant_field()
    severity: float | None = number_field()
    ai_text_severity: str = short_text()
    confidence_score: float | None = number_field()
    recommended_action: str = short_text()
    config_key: str = id_field()
    languages: tuple[str, ...] = short_texts()
    teams: tuple[str, ...] = id_list()
    flags: tuple[ContentFlag, ...] = nested_list(ContentFlag, MAX_FLAGS)
    actions: tuple[ModerationAction, ...] = nested_list(ModerationAction)
    reviewed_at: datetime | None = instant_field()
    reviewed_by: str = id_field()
    latest_moderator_action: str = short_text()
    escalated: bool = boolean_field()
    escalated_at: datetime | None = instant_field()
    escalated_by: str = id_field()
    escalation_metadata: Escalation | None = nested_object(Escalation)
    moderation_payload: ModeratedContent | None = nested_object(ModeratedContent)
    message: ChatMessage | None = nested_object(ChatMessage)
    call: CallInfo | None = nested_object(CallInfo)
    feeds_v3_comment: FeedPost | None = nested_object(FeedPost)
    feeds_v3_activity: FeedPost | None = nested_object(FeedPost)
    feeds_v2_reaction: FeedPost | None = nested_object(FeedPost)
    feeds_v2_activity: FeedPost | None = nested_object(FeedPost)
    reaction: FeedPost | None = nested_object(FeedPost)
    activity: FeedPost | None = nested_object(FeedPost)

    @property
    def posts(self) -> tuple[FeedPost, ...]:
        """Return what stands in feeds: comments and reactions before the activities that they are about."""
        comments = (self.feeds_v3_comment, self.feeds_v2_reaction, self.reaction)
        found = (*comments, self.feeds_v3_activity, self.feeds_v2_activity, self.activity)
        return tuple(post for post in found if post is not None)


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Any webhook body of a type we handle. `moderation.mark_reviewed` calls its item `item`.

    `flag.updated` has capitalised keys. In `message.flagged` and `user.flagged` `user` is who flagged, in
    `user.banned` who was banned.
    """

    type: str = short_text()
    created_at: datetime | None = instant_field()
    received_at: datetime | None = instant_field()
    custom: ScalarValues = scalars_field()
    review_queue_item: ReviewQueueItem | None = nested_object(ReviewQueueItem)
    item: ReviewQueueItem | None = nested_object(ReviewQueueItem)
    review_queue_item_id: str = id_field()
    flags: tuple[ContentFlag, ...] = nested_list(ContentFlag, MAX_FLAGS)
    action: ModerationAction | None = nested_object(ModerationAction)
    entity_type: str = id_field()
    entity_id: str = id_field()
    entity_creator_id: str = id_field()
    recommended_action: str = short_text()
    config_key: str = id_field()
    content_type: str = id_field()
    object_id: str = id_field()
    user_id: str = id_field()
    rule: ModerationRule | None = nested_object(ModerationRule)
    triggered_actions: tuple[str, ...] = short_texts()
    matched_contents: tuple[ContentVerdict, ...] = nested_list(ContentVerdict)
    action_id: str = id_field()
    action_options: ScalarValues = scalars_field()
    texts: tuple[ContentVerdict, ...] = nested_values(ContentVerdict)
    images: tuple[ContentVerdict, ...] = nested_values(ContentVerdict)
    message: ChatMessage | None = nested_object(ChatMessage)
    message_id: str = id_field()
    user: StreamUser | None = nested_object(StreamUser)
    target_user: StreamUser | None = nested_object(StreamUser)
    created_by: StreamUser | None = nested_object(StreamUser)
    reason: str = short_text()
    flag: ContentFlag | None = nested_object(ContentFlag)
    cid: str = id_field()
    team: str = id_field()
    call_cid: str = id_field()
    call: CallInfo | None = nested_object(CallInfo)
    appeal: Appeal | None = nested_object(Appeal)
    updated_message: ChatMessage | None = nested_object(ChatMessage, "Message")
    updated_user: StreamUser | None = nested_object(StreamUser, "User")

    @property
    def snapshot(self) -> ReviewQueueItem | None:
        """Return the review queue item, whichever key it came under."""
        return self.review_queue_item or self.item

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """Return the message as the item shows it, then as the event does."""
        found = (self.snapshot.message if self.snapshot else None, self.message)
        return tuple(message for message in found if message is not None)

    @property
    def post(self) -> FeedPost | None:
        """Return what the item is in feeds, if it is in one."""
        posts = self.snapshot.posts if self.snapshot else ()
        return posts[0] if posts else None

    @property
    def all_flags(self) -> tuple[ContentFlag, ...]:
        """Return the flags of the event and those of its item or appeal; most stand in both."""
        held = self.snapshot or self.appeal
        return self.flags + (held.flags if held else ())

    @property
    def all_actions(self) -> tuple[ModerationAction, ...]:
        """Return the action that the event is about, and those that its item or appeal remembers."""
        held = self.snapshot or self.appeal
        return ((self.action,) if self.action else ()) + (held.actions if held else ())

    @property
    def payload(self) -> ModeratedContent:
        """Return the content as it was given to moderation."""
        payload = self.snapshot.moderation_payload if self.snapshot else None
        return payload or (self.appeal.entity_content if self.appeal else None) or NO_PAYLOAD


NO_PAYLOAD = ModeratedContent()
_EVENT = schema_of(StreamEvent)


def read_event(body: Mapping[str, object]) -> StreamEvent:
    """Return the event that a JSON object describes; whatever surprises is missing from it. Raises nothing."""
    return cast("StreamEvent", _EVENT.load(body))
