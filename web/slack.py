"""Slack interactions: a click is verified, checked and recorded before the empty 200; private replies follow."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import structlog
from flask import Blueprint, Response, jsonify, request

from escalator.channels.slack.blocks import notice
from escalator.channels.slack.external_select import Suggestion, options
from escalator.channels.slack.interactions import BundleClick, BundleMessage, Click, Ignored, parse
from escalator.channels.slack.modals import NOTE, errors, reference_needed
from escalator.channels.slack.submissions import Opening, Silencing, Submission
from escalator.errors import Unavailable
from escalator.model.incident import Outcome, Verb
from escalator.model.message import Failed, MessageContext
from escalator.services.auth.slack_users import link_slack_user
from escalator.services.core.context import Core
from escalator.services.delivery.update_bundle_message import update_bundle_message
from escalator.services.incidents.actions import ActionReply, SlackRequest, perform_action, reply_mode
from escalator.services.responses.acknowledge_bundle import (
    OF_THE_PERSON,
    BundleRequest,
    acknowledge_bundle,
    bundle_size,
)
from escalator.services.responses.slack_options import choices_for
from web.note_publishing import publish_later
from web.slack_auth import is_signed_by_sandbox, log_failure
from web.slack_commands import add_commands, answer_escalate_dialog, answer_silence_dialog

log = structlog.get_logger(__name__)

ANSWERERS = 4
AT_ONCE = 30
"""How many incidents of a bundle are acknowledged before Slack gets its answer, for which it waits 3 s."""


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint."""
    door = Blueprint("slack", __name__)
    answerers = ThreadPoolExecutor(ANSWERERS, thread_name_prefix="slack-answer")

    @door.post("/slack/interactions")
    def interactions() -> Response:
        body = request.get_data()
        is_sandbox = is_signed_by_sandbox(core, body)
        interaction = parse(body)
        if isinstance(interaction, Ignored):
            return Response(status=200)
        if not is_sandbox:
            link_slack_user(core, interaction.user_id, interaction.team_id, interaction.enterprise_id)
        return _answer(core, answerers, interaction, is_sandbox=is_sandbox)

    add_commands(door, core)
    return door


def _answer(
    core: Core,
    answerers: ThreadPoolExecutor,
    interaction: Click | BundleClick | Submission | Opening | Silencing | Suggestion,
    *,
    is_sandbox: bool,
) -> Response:
    match interaction:
        case Suggestion():
            return jsonify(options(choices_for(core, interaction, is_sandbox=is_sandbox), interaction.typed))
        case Opening():
            return answer_escalate_dialog(core, interaction, is_sandbox=is_sandbox)
        case Silencing():
            return answer_silence_dialog(core, interaction, is_sandbox=is_sandbox)
        case Submission():
            return _after_window(core, answerers, interaction, is_sandbox=is_sandbox)
        case BundleClick():
            return _after_list_click(core, answerers, interaction, is_sandbox=is_sandbox)
        case Click():
            return _after_click(core, answerers, interaction, is_sandbox=is_sandbox)


def _asked(said: Click | Submission, *, is_sandbox: bool) -> SlackRequest:
    asked = SlackRequest(
        user_id=said.user_id,
        team_id=said.team_id,
        enterprise_id=said.enterprise_id,
        verb=said.verb,
        button=said.button,
        channel_id=said.channel_id,
        message_ts=said.message_ts,
        is_sandbox=is_sandbox,
    )
    if isinstance(said, Click):
        return asked
    outcome = said.outcome or Outcome.ACTION_TAKEN
    return replace(asked, is_filled=True, outcome=outcome, reference=said.reference, to=said.to, note=said.note)


def _after_click(core: Core, answerers: ThreadPoolExecutor, click: Click, *, is_sandbox: bool) -> Response:
    """Open the dialog that a click asks for, while its trigger is valid, or send a private reply."""
    reply = perform_action(core, _asked(click, is_sandbox=is_sandbox))
    if reply.view is not None:
        shown = core.slack(reply.mode).open_view(reply.context, click.trigger_id, reply.view)
        log_failure(shown, "view_failed")
    elif reply.text:
        answerers.submit(_reply_privately, core, click.user_id, click.channel_id, click.response_url, reply)
    _update_bundle(core, answerers, click.bundle, reply)
    return Response(status=200)


def _update_bundle(core: Core, answerers: ThreadPoolExecutor, bundle: BundleMessage | None, reply: ActionReply) -> None:
    """Update a bundle's message; also after a refusal, which means that it shows an older state."""
    if bundle is not None and reply.refused not in OF_THE_PERSON:
        answerers.submit(update_bundle_message, core, bundle, reply.mode)


def _after_list_click(core: Core, answerers: ThreadPoolExecutor, click: BundleClick, *, is_sandbox: bool) -> Response:
    """Acknowledge a whole bundle, at once if that is quick, and send the result to who clicked."""
    asked = BundleRequest(
        click.user_id, click.team_id, click.list_id, click.channel_id, is_sandbox, click.enterprise_id
    )

    if bundle_size(core, click.list_id) > AT_ONCE:
        answerers.submit(_answer_list, core, answerers, click, asked)
    else:
        reply = acknowledge_bundle(core, asked)
        answerers.submit(_reply_privately, core, click.user_id, click.channel_id, click.response_url, reply)
        _update_bundle(core, answerers, click.bundle, reply)
    return Response(status=200)


def _answer_list(core: Core, answerers: ThreadPoolExecutor, click: BundleClick, asked: BundleRequest) -> None:
    """Acknowledge a large bundle and report the result, even a failure to record: Slack has had its answer."""
    try:
        reply = acknowledge_bundle(core, asked)
    except Unavailable:
        mode = reply_mode(is_sandbox=asked.is_sandbox)
        reply = ActionReply(
            MessageContext(None, None, asked.channel_id),
            mode,
            "The database did not answer: not all were acknowledged. Press the button again.",
        )
    _reply_privately(core, asked.user_id, asked.channel_id, click.response_url, reply)
    _update_bundle(core, answerers, click.bundle, reply)


def _after_window(core: Core, answerers: ThreadPoolExecutor, submission: Submission, *, is_sandbox: bool) -> Response:
    """Keep the dialog open if something is missing; send any other reply to where it was opened."""
    if submission.verb is Verb.NOTE and not submission.note:
        return jsonify(errors({NOTE: "Write something."}))
    reply = perform_action(core, _asked(submission, is_sandbox=is_sandbox))
    if reply.needs_reference:
        return jsonify(reference_needed())
    if reply.text:
        answerers.submit(_reply_privately, core, submission.user_id, submission.channel_id, "", reply)
    elif reply.note is not None:
        publish_later(answerers, core, reply.note)
    return Response(status=200)


def _reply_privately(core: Core, user_id: str, channel_id: str, response_url: str, reply: ActionReply) -> None:
    """Send a private reply: by the click's response URL if that is Slack's, else in the channel."""
    slack, payload = core.slack(reply.mode), notice(reply.text)
    sent = slack.respond(reply.context, response_url, payload) if response_url else None
    if sent is None or isinstance(sent, Failed):
        sent = slack.ephemeral(reply.context, channel_id, user_id, payload)
    log_failure(sent, "ephemeral_failed")
