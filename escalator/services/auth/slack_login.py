"""Finds the person of a Slack sign-in, as for a Slack click."""

from escalator.model.policy import Person
from escalator.rendering.replies import stranger_words
from escalator.services.auth.slack_users import is_our_workspace, link_slack_user, person_by_slack_id
from escalator.services.core.context import Core

VIA = "slack"

FOREIGN = (
    "You signed in to a different Slack workspace than this installation uses. Choose the right workspace in Slack."
)


def resolve_slack_login(core: Core, user_id: str, team_id: str, enterprise_id: str) -> Person | str:
    """Return the person, or a message for strangers. Raises Unavailable."""
    link_slack_user(core, user_id, team_id, enterprise_id)
    with core.database.reading() as connection:
        if not is_our_workspace(connection, team_id, enterprise_id):
            return FOREIGN
        policy = core.policies.required(connection).policy
        return person_by_slack_id(core, connection, user_id, policy) or stranger_words(user_id)
