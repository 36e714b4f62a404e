"""Content and users in Stream's webhook bodies: one dataclass for each of its objects.

Names and types are those of Stream's SDK (getstream 7.0.0). Nothing is required: see `escalator.stream.lenient_fields`.
"""

from dataclasses import dataclass
from datetime import datetime

from escalator.stream.lenient_fields import (
    ScalarValues,
    id_field,
    instant_field,
    long_text,
    long_texts,
    nested_list,
    nested_object,
    number_field,
    scalars_field,
    short_text,
    short_texts,
    url_field,
    url_list,
)


@dataclass(frozen=True, slots=True)
class StreamUser:
    """UserResponse, UserResponseCommonFields and EntityCreatorResponse (the only one with `flagged_count`)."""

    id: str = id_field()
    name: str = short_text()
    role: str = short_text()
    created_at: datetime | None = instant_field()
    flagged_count: float | None = number_field()


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment of a chat message: type is image, video, file, audio or the customer's own."""

    type: str = short_text()
    image_url: str = url_field()
    asset_url: str = url_field()


@dataclass(frozen=True, slots=True)
class Harms:
    """ModerationV2Response: the findings of the engines in a message."""

    text_harms: tuple[str, ...] = short_texts()
    image_harms: tuple[str, ...] = short_texts()


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """MessageResponse and ChatMessageResponse. A deleted message keeps its id and has the type `deleted`."""

    id: str = id_field()
    text: str = long_text()
    type: str = short_text()
    cid: str = id_field()
    created_at: datetime | None = instant_field()
    user: StreamUser | None = nested_object(StreamUser)
    attachments: tuple[Attachment, ...] = nested_list(Attachment)
    moderation: Harms | None = nested_object(Harms)
    i18n: ScalarValues = scalars_field()


@dataclass(frozen=True, slots=True)
class ModeratedContent:
    """ModerationPayloadResponse: the content as it was given to moderation."""

    texts: tuple[str, ...] = long_texts()
    images: tuple[str, ...] = url_list()
    videos: tuple[str, ...] = url_list()
    audios: tuple[str, ...] = url_list()
    other_media: tuple[str, ...] = url_list()
    custom: ScalarValues = scalars_field()


@dataclass(frozen=True, slots=True)
class ReactionData:
    """A customer's data of a reaction; a comment of feeds v2 has a `text`."""

    text: str = long_text()


@dataclass(frozen=True, slots=True)
class FeedPost:
    """Content of feeds: FeedsV3CommentResponse, FeedsV3ActivityResponse, Reaction, EnrichedActivity.

    In feeds v2 the customer chooses where the text is: a reaction has it in its `data`.
    """

    text: str = long_text()
    data: ReactionData | None = nested_object(ReactionData)
    user: StreamUser | None = nested_object(StreamUser)
    attachments: tuple[Attachment, ...] = nested_list(Attachment)
    moderation: Harms | None = nested_object(Harms)
    i18n: ScalarValues = scalars_field()

    @property
    def words(self) -> str:
        """Return the text."""
        return self.text or (self.data.text if self.data else "")
