"""The actions in Stream that a policy offers: what they do there, and who may ask for them."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from escalator.model.incident import Outcome
from escalator.model.levels import Role

CUSTOM_PART = "custom:"


class PartKind(StrEnum):
    """What one part of an action does in Stream; `custom:ID` in the policy is CUSTOM with the id."""

    DELETE = "delete"
    BAN = "ban"
    SHADOW_BLOCK = "shadow_block"
    BLOCK = "block"
    RESTORE = "restore"
    MARK_REVIEWED = "mark_reviewed"
    ESCALATE = "escalate"
    CUSTOM = "custom"


class BanScope(StrEnum):
    """Where somebody is banned."""

    APP = "app"
    CHANNEL = "channel"


class MessageDeletion(StrEnum):
    """What a ban does to the messages of who is banned."""

    NONE = "none"
    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class BanRule:
    """How a part `ban` bans. `lasts` None is for ever."""

    lasts: timedelta | None
    scope: BanScope = BanScope.APP
    is_shadow: bool = False
    delete_messages: MessageDeletion = MessageDeletion.NONE


@dataclass(frozen=True, slots=True)
class StreamActionRule:
    """An action of the policy. `parts` are done in this order, as written (`custom:ID`).

    `role` is the least role that may ask for it; `second` that of another person who must approve it within `within`;
    `outcome` is how the incident is resolved once Stream has done all parts, None leaves it open.
    """

    key: str
    label: str
    parts: tuple[str, ...]
    ban: BanRule | None = None
    is_hard_delete: bool = False
    reason: str = ""
    role: Role = Role.MODERATOR
    is_confirmed: bool = False
    second: Role | None = None
    within: timedelta = timedelta(minutes=10)
    outcome: Outcome | None = Outcome.ACTION_TAKEN

    @property
    def digest(self) -> str:
        """Return a digest of all that it says: an action that was asked for under another one is not this action."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def part_kind(written: str) -> PartKind:
    """Return the kind of a part as the policy writes it."""
    return PartKind.CUSTOM if written.startswith(CUSTOM_PART) else PartKind(written)
