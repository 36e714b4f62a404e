"""A silence: a category or a route whose first step tells nobody for a while; who said so, why and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class SilenceScope(StrEnum):
    """What a silence names."""

    CATEGORY = "category"
    ROUTE = "route"


def max_silence_length(*, is_for_critical: bool) -> timedelta:
    """Return how long a silence may last (RULES 6)."""
    return timedelta(hours=8 if is_for_critical else 24)


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence, in force in [starts_at, ends_at), both aware.

    `name` is a category or a route of the policy. `author` is a person's key; `reason` is free text, shown to people
    and never recorded. Critical incidents are only silenced when `is_for_critical`, which a senior has said. One from
    the file has no `id`.
    """

    of: SilenceScope
    name: str
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    is_for_critical: bool = False
    id: UUID | None = None
