"""Acknowledges all incidents of a bundle for one person: each by the normal action, as far as they may."""

from dataclasses import dataclass
from uuid import UUID

from escalator.engine.permissions import RefusalReason
from escalator.model.incident import Verb
from escalator.model.message import MessageContext
from escalator.rendering.bundles import bundle_result_words
from escalator.rendering.buttons import ButtonValue
from escalator.services.core.context import Core
from escalator.services.incidents.actions import ActionReply, SlackRequest, perform_action, reply_mode
from escalator.store import bundles

OF_THE_PERSON = frozenset({RefusalReason.UNKNOWN_PERSON, RefusalReason.WRONG_WORKSPACE})
"""Why somebody may answer none at all."""


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """Who wants to acknowledge which bundle, and where they said so."""

    user_id: str
    team_id: str
    list_id: UUID
    channel_id: str = ""
    is_sandbox: bool = False
    enterprise_id: str = ""


def bundle_size(core: Core, list_id: UUID) -> int:
    """Return how many incidents a sent bundle has. Raises Unavailable."""
    with core.database.reading() as connection:
        return len(bundles.pages_of(connection, list_id))


def acknowledge_bundle(core: Core, request: BundleRequest) -> ActionReply:
    """Acknowledge a bundle's incidents one by one; return what was done, and what was not and why.

    If the database fails midway, what was done before stays done. Raises Unavailable.
    """
    with core.database.reading() as connection:
        members = {page.incident_id: page for page in bundles.pages_of(connection, request.list_id)}
    acknowledged, refused = [], []
    for member in members.values():
        button = ButtonValue(member.incident_id, member.round_asked, member.fence)
        reply = perform_action(
            core,
            SlackRequest(
                request.user_id,
                request.team_id,
                Verb.ACKNOWLEDGE,
                button,
                is_sandbox=request.is_sandbox,
                enterprise_id=request.enterprise_id,
            ),
        )
        if reply.refused in OF_THE_PERSON:
            return reply
        if reply.refused is None:
            acknowledged.append(member.number)
        else:
            refused.append(reply.text)
    context = MessageContext(None, None, request.channel_id)
    return ActionReply(context, reply_mode(is_sandbox=request.is_sandbox), bundle_result_words(acknowledged, refused))
