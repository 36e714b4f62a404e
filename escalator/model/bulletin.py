"""Bulletins: messages that are not about a single incident, sent once to each recipient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class BulletinKind(StrEnum):
    """The kinds of bulletins: a bundle of pages, the handoff of a shift, a silence that has begun or ended, a queue of
    Stream that is too long or over, a digest.
    """

    BUNDLE = "list"
    SHIFT = "shift"
    SILENCE = "silence"
    QUEUE = "queue"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One bulletin. `body` holds the keys, ids and counts that its kind needs, by name; never content or free text."""

    id: UUID
    kind: BulletinKind
    created_at: datetime
    body: Mapping[str, object]
