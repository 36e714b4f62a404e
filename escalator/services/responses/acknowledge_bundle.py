"""Somebody acknowledges everything on a list: each incident by the ordinary way of answering, as far as they may."""

from dataclasses import dataclass
from uuid import UUID

from escalator.engine.permissions import Refused
from escalator.model.incident import Verb
from escalator.model.message import Context
from escalator.rendering.bundles import all_words
from escalator.rendering.buttons import ButtonValue
from escalator.services.core.context import Core
from escalator.services.incidents.actions import Asked, Reply, act, mode_of_click
from escalator.store import bundles

OF_THE_PERSON = frozenset({Refused.UNKNOWN_PERSON, Refused.WRONG_WORKSPACE})
"""Why somebody may answer nothing at all."""


@dataclass(frozen=True, slots=True)
class AskedAll:
    """Who wants to acknowledge everything on which list, and where they said so."""

    user_id: str
    team_id: str
    list_id: UUID
    channel_id: str = ""
    is_sandbox: bool = False
    enterprise_id: str = ""


def size_of(core: Core, list_id: UUID) -> int:
    """Return how many incidents a list has told of. Raises Unavailable."""
    with core.database.reading() as connection:
        return len(bundles.members(connection, list_id))


def acknowledge_all(core: Core, asked: AskedAll) -> Reply:
    """Acknowledge what is on a list, one after the other; return what was done, and what was not and why.

    What was done before somebody could not be asked any more stays done. Raises Unavailable.
    """
    with core.database.reading() as connection:
        members = {one.incident_id: one for one in bundles.members(connection, asked.list_id)}
    done, refused = [], []
    for one in members.values():
        button = ButtonValue(one.incident_id, one.round_asked, one.fence)
        reply = act(
            core,
            Asked(
                asked.user_id,
                asked.team_id,
                Verb.ACKNOWLEDGE,
                button,
                is_sandbox=asked.is_sandbox,
                enterprise_id=asked.enterprise_id,
            ),
        )
        if reply.refused in OF_THE_PERSON:
            return reply
        if reply.refused is None:
            done.append(one.number)
        else:
            refused.append(reply.text)
    context = Context(None, None, asked.channel_id)
    return Reply(context, mode_of_click(is_sandbox=asked.is_sandbox), all_words(done, refused))
