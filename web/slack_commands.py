"""Slack's slash commands, and the dialogs that they open."""

from flask import Blueprint, Response, jsonify, request

from escalator.channels.slack.escalate_modal import ABOUT
from escalator.channels.slack.interactions import Ignored
from escalator.channels.slack.modals import errors, result_view
from escalator.channels.slack.silence_modal import CRITICAL, LASTS, NAMED, REASON
from escalator.channels.slack.slash_commands import ephemeral, parse_command
from escalator.channels.slack.submissions import Opening, Silencing
from escalator.model.message import Failed
from escalator.services.auth.slack_users import link_slack_user
from escalator.services.core.context import Core
from escalator.services.intake.manual_incident import NotOpened, open_manual_incident
from escalator.services.responses.silence_command import silence_from_dialog
from escalator.services.responses.slash_commands import answer_command
from escalator.services.silences.manage import SilenceProblem, SilenceRefused
from web.slack_auth import is_signed_by_sandbox, log_failure

_INPUTS = {
    SilenceProblem.NAME: NAMED,
    SilenceProblem.LASTS: LASTS,
    SilenceProblem.REASON: REASON,
    SilenceProblem.CRITICAL: CRITICAL,
}
_NO_WINDOW = "Nothing changed: the dialog could not be opened. Enter the command again."


def add_commands(blueprint: Blueprint, core: Core) -> None:
    """Add the commands to a blueprint: each is answered in the response, which Slack waits 3 s for."""

    @blueprint.post("/slack/commands")
    def commands() -> Response:
        body = request.get_data()
        is_sandbox = is_signed_by_sandbox(core, body)
        typed = parse_command(body)
        if isinstance(typed, Ignored):
            return Response(status=200)
        if not is_sandbox:
            link_slack_user(core, typed.user_id, typed.team_id, typed.enterprise_id)
        said = answer_command(core, typed, is_sandbox=is_sandbox)
        if said.view is None:
            return jsonify(ephemeral(said.text))
        shown = core.slack(said.mode).open_view(said.context, typed.trigger_id, said.view)
        log_failure(shown, "view_failed")
        return jsonify(ephemeral(_NO_WINDOW)) if isinstance(shown, Failed) else Response(status=200)


def answer_escalate_dialog(core: Core, opening: Opening, *, is_sandbox: bool) -> Response:
    """Answer the dialog of `/escalate`: it shows the result itself."""
    result = open_manual_incident(core, opening, is_sandbox=is_sandbox)
    if result is NotOpened.NO_TEXT:
        return jsonify(errors({ABOUT: "Describe what it is about."}))
    return jsonify({"response_action": "update", "view": result_view("Escalate", result)})


def answer_silence_dialog(core: Core, silencing: Silencing, *, is_sandbox: bool) -> Response:
    """Answer the dialog of `/silence`: it stays open with the error, or shows what is silenced."""
    result = silence_from_dialog(core, silencing, is_sandbox=is_sandbox)
    if isinstance(result, SilenceRefused):
        return jsonify(
            errors({_INPUTS.get(result.problem, NAMED): f"{result.message[:1].upper()}{result.message[1:]}."})
        )
    return jsonify({"response_action": "update", "view": result_view("Silence", result)})
