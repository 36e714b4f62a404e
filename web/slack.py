"""Slack's door: a click is verified, judged and recorded before the empty 200; what only they see is told after it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import structlog
from flask import Blueprint, Response, jsonify, request

from escalator.channels.slack.blocks import notice
from escalator.channels.slack.callbacks import Click, Ignored, Submission, parse, verify
from escalator.channels.slack.modals import reference_needed
from escalator.errors import Unauthorized
from escalator.model.incident import Outcome, Verb
from escalator.model.message import Failed
from escalator.services.answering import Asked, Reply, act
from escalator.services.core import Core

log = structlog.get_logger(__name__)

ANSWERERS = 4


def blueprint(core: Core) -> Blueprint:
    """Return the door for one application."""
    door = Blueprint("slack", __name__)
    answerers = ThreadPoolExecutor(ANSWERERS, thread_name_prefix="slack-answer")

    @door.post("/slack/interactions")
    def interactions() -> Response:
        body = request.get_data()
        is_sandbox = _verified(core, body)
        said = parse(body)
        if isinstance(said, Ignored):
            return Response(status=200)
        reply = act(core, _asked(said, is_sandbox=is_sandbox))
        if isinstance(said, Submission):
            return _after_window(core, answerers, said, reply)
        if reply.view is not None:
            shown = core.slack(reply.mode).open_view(reply.context, said.trigger_id, reply.view)
            _log_failure(shown, "view_failed")
        elif reply.text:
            answerers.submit(_tell, core, said.user_id, said.channel_id, said.response_url, reply)
        return Response(status=200)

    return door


def _verified(core: Core, body: bytes) -> bool:
    """Whether the sandbox signed it; raises Unauthorized when neither Slack nor the sandbox did."""
    now, headers = core.clock.now(), dict(request.headers)
    if core.settings.slack_signing_secret:
        try:
            verify(body, headers, core.settings.slack_signing_secret, now)
        except Unauthorized:
            pass
        else:
            return False
    verify(body, headers, core.settings.sandbox_signing_secret, now)
    return True


def _asked(said: Click | Submission, *, is_sandbox: bool) -> Asked:
    asked = Asked(
        user_id=said.user_id,
        team_id=said.team_id,
        verb=Verb.RESOLVE,
        button=said.button,
        channel_id=said.channel_id,
        message_ts=said.message_ts,
        is_sandbox=is_sandbox,
    )
    if isinstance(said, Click):
        return replace(asked, verb=said.verb)
    return replace(asked, outcome=said.outcome or Outcome.ACTION_TAKEN, reference=said.reference)


def _after_window(core: Core, answerers: ThreadPoolExecutor, said: Submission, reply: Reply) -> Response:
    """Keep the window open where something is missing; say anything else where it was opened from."""
    if reply.needs_reference:
        return jsonify(reference_needed())
    if reply.text:
        answerers.submit(_tell, core, said.user_id, said.channel_id, "", reply)
    return Response(status=200)


def _tell(core: Core, user_id: str, channel_id: str, response_url: str, reply: Reply) -> None:
    """Tell one person; through the click's own address where that is Slack's, else in the channel."""
    slack, payload = core.slack(reply.mode), notice(reply.text)
    told = slack.respond(reply.context, response_url, payload) if response_url else None
    if told is None or isinstance(told, Failed):
        told = slack.ephemeral(reply.context, channel_id, user_id, payload)
    _log_failure(told, "ephemeral_failed")


def _log_failure(result: object, event: str) -> None:
    if isinstance(result, Failed):
        log.warning(event, reason=result.reason.value, detail=result.detail)
