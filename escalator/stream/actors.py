"""Who did something in Stream: a person, or automation, an API key or the author of the content (RULES 1).

`reporter_type` is automod, user, moderator, admin, velocity_filter or api_integration (CHATJS; SPEC). A server-side
call has api_integration and may name a user: where that is a person of the policy, it counts as the person's action.
"""

from dataclasses import dataclass, field

from escalator.stream.schemas import ModerationAction, StreamEvent
from escalator.stream.text import normalized_word

_PEOPLE = frozenset({"moderator", "admin"})
_SERVER_SIDE = "api_integration"
_MACHINES = frozenset({"automod", "velocity_filter", _SERVER_SIDE})


@dataclass(frozen=True, slots=True)
class Actors:
    """Who may have acted on one item: its author, and the people of the policy by their ids in Stream (`staff`)."""

    author_id: str = ""
    staff: frozenset[str] = field(default_factory=frozenset)

    def is_author(self, user_id: str) -> bool:
        """Whether that is the author of the content."""
        return bool(self.author_id) and user_id == self.author_id

    def is_person(self, action: ModerationAction) -> bool:
        """Whether a moderator or an admin acted, or a person of the policy by a server-side call."""
        reporter = normalized_word(action.reporter_type)
        is_named = reporter == _SERVER_SIDE and action.actor_id in self.staff
        return (reporter in _PEOPLE or is_named) and not self.is_author(action.actor_id)

    def is_machine(self, action: ModerationAction) -> bool:
        """Whether automation, an API key, a user or the author acted; False for an unknown actor."""
        is_known = normalized_word(action.reporter_type) in _MACHINES | {"user"} or self.is_author(action.actor_id)
        return is_known and not self.is_person(action)

    def is_machine_id(self, user_id: str) -> bool:
        """Whether an id is the author's, or one of automation or an API key."""
        return self.is_author(user_id) or normalized_word(user_id) in _MACHINES

    def banned_by(self, event: StreamEvent) -> str:
        """Return the id of the person who banned somebody else, or an empty text when no person did."""
        actor, banned = event.created_by, event.user
        if actor is None or (banned and actor.id == banned.id):
            return ""
        if actor.id in self.staff:
            return actor.id
        return "" if {normalized_word(actor.id), normalized_word(actor.role)} & _MACHINES else actor.id
