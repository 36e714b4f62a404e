"""What people wrote, showed and were, as Stream's webhook bodies hold it: one dataclass for each of its objects.

Names and types are those of Stream's SDK (getstream 7.0.0). Nothing is required: see `escalator.stream.lenient_fields`.
"""

from dataclasses import dataclass
from datetime import datetime

from escalator.stream.lenient_fields import (
    Scalars,
    address,
    addresses,
    instant,
    key,
    many,
    number,
    one,
    prose,
    proses,
    scalars,
    word,
    words,
)


@dataclass(frozen=True, slots=True)
class User:
    """UserResponse, UserResponseCommonFields and EntityCreatorResponse (the only one with `flagged_count`)."""

    id: str = key()
    name: str = word()
    role: str = word()
    created_at: datetime | None = instant()
    flagged_count: float | None = number()


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment of a chat message: type is image, video, file, audio or the customer's own."""

    type: str = word()
    image_url: str = address()
    asset_url: str = address()


@dataclass(frozen=True, slots=True)
class Harms:
    """ModerationV2Response: what the engines found in a message."""

    text_harms: tuple[str, ...] = words()
    image_harms: tuple[str, ...] = words()


@dataclass(frozen=True, slots=True)
class Message:
    """MessageResponse and ChatMessageResponse. A deleted message keeps its id and has the type `deleted`."""

    id: str = key()
    text: str = prose()
    type: str = word()
    cid: str = key()
    created_at: datetime | None = instant()
    user: User | None = one(User)
    attachments: tuple[Attachment, ...] = many(Attachment)
    moderation: Harms | None = one(Harms)
    i18n: Scalars = scalars()


@dataclass(frozen=True, slots=True)
class Payload:
    """ModerationPayloadResponse: the content as it was given to moderation."""

    texts: tuple[str, ...] = proses()
    images: tuple[str, ...] = addresses()
    videos: tuple[str, ...] = addresses()
    audios: tuple[str, ...] = addresses()
    other_media: tuple[str, ...] = addresses()
    custom: Scalars = scalars()


@dataclass(frozen=True, slots=True)
class ReactionData:
    """What a customer keeps of a reaction; a comment of feeds v2 is one with a `text`."""

    text: str = prose()


@dataclass(frozen=True, slots=True)
class Post:
    """What stands in feeds: FeedsV3CommentResponse, FeedsV3ActivityResponse, Reaction, EnrichedActivity.

    Of the two of feeds v2 the text is the customer's own: a reaction has it in its `data`.
    """

    text: str = prose()
    data: ReactionData | None = one(ReactionData)
    user: User | None = one(User)
    attachments: tuple[Attachment, ...] = many(Attachment)
    moderation: Harms | None = one(Harms)
    i18n: Scalars = scalars()

    @property
    def words(self) -> str:
        """Return what was written."""
        return self.text or (self.data.text if self.data else "")
