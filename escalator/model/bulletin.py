"""A bulletin: a message about no single incident, told once to each of its recipients."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class BulletinKind(StrEnum):
    """What a bulletin is: a list of incidents told as one, the work of a shift, a silence that has begun."""

    LIST = "list"
    SHIFT = "shift"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Bulletin:
    """`body` holds keys, ids and counts by name, whatever its kind asks for; never content or free text."""

    id: UUID
    kind: BulletinKind
    at: datetime
    body: Mapping[str, object]
