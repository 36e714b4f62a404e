"""Whom Slack has signed in: known to us as who clicks in Slack is."""

from escalator.model.policy import Person
from escalator.rendering.replies import stranger_words
from escalator.services.auth.slack_users import is_ours, link_unknown, person_of
from escalator.services.core.context import Core

VIA = "slack"

FOREIGN = (
    "You signed in to a different Slack workspace than this installation uses. Choose the right workspace in Slack."
)


def person_behind(core: Core, user_id: str, team_id: str, enterprise_id: str) -> Person | str:
    """Return who it is, or what to tell who is nobody here. Raises Unavailable."""
    link_unknown(core, user_id, team_id, enterprise_id)
    with core.database.reading() as connection:
        if not is_ours(connection, team_id, enterprise_id):
            return FOREIGN
        policy = core.policies.required(connection).policy
        return person_of(core, connection, user_id, policy) or stranger_words(user_id)
