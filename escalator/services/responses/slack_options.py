"""The options of a Slack window: queried again for each search, with the same rules as the window."""

from dataclasses import replace

from sqlalchemy import Connection

from escalator.channels.slack import escalate_modal, silence_modal
from escalator.channels.slack.external_select import Suggestion
from escalator.channels.slack.modals import HAND_OVER_CALLBACK, Choice
from escalator.model.incident import Verb
from escalator.model.policy import Person, Policy
from escalator.rendering.buttons import ButtonValue
from escalator.services.auth.slack_users import slack_sender
from escalator.services.core.context import Core
from escalator.services.incidents.actions import is_in_sandbox
from escalator.services.incidents.dialogs import dialog_refusal, hand_over_choices
from escalator.services.intake.manual_incident import manual_choices
from escalator.services.responses.silence_command import silence_choices
from escalator.store import incidents


def choices_for(core: Core, search: Suggestion, *, is_sandbox: bool) -> list[Choice]:
    """Return all options of the searcher; none if they may not have the window. Raises Unavailable."""
    with core.database.reading() as connection:
        policy = core.policies.required(connection).policy
        person = slack_sender(core, connection, policy, search, is_sandbox=is_sandbox)
        if isinstance(person, str):
            return []
        if search.callback_id == HAND_OVER_CALLBACK and search.button is not None:
            return _successors(core, connection, search.button, person, policy, is_sandbox=is_sandbox)
    if search.callback_id == escalate_modal.CALLBACK:
        return manual_choices(core, person, policy, search.name, is_sandbox=is_sandbox)
    return silence_choices(person, policy) if search.callback_id == silence_modal.CALLBACK else []


def _successors(
    core: Core, connection: Connection, button: ButtonValue, person: Person, policy: Policy, *, is_sandbox: bool
) -> list[Choice]:
    """Return who may get the incident. A step that fires while the window is open changes nothing here."""
    incident = incidents.read(connection, [button.incident_id], core.seal).get(button.incident_id)
    if incident is None or is_in_sandbox(core, incident, policy) is not is_sandbox:
        return []
    seen = replace(button, fence=incident.fence)
    if dialog_refusal(Verb.HAND_OVER, seen, person, incident, policy) is not None:
        return []
    return hand_over_choices(person, incident, policy)
