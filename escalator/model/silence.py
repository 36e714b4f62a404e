"""Silences: for a limited time one step of matching incidents notifies nobody."""

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
    """One silence, active in [starts_at, ends_at), both aware.

    `name` is a category or a route of the policy. `author` is a person's key; `reason` is free text, shown to people
    and never recorded. Critical incidents are only silenced when `is_for_critical`, which a senior decides. A silence
    of the policy file has no `id`.
    """

    of: SilenceScope
    name: str
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    is_for_critical: bool = False
    id: UUID | None = None
