"""Stream's webhook: verify, store, answer; a thread notifies the workers."""

from flask import Blueprint, Response, request

from escalator.errors import TooLarge
from escalator.ports import PROCESS_EVENTS
from escalator.services.core.context import Core
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.services.intake.store_event import MAX_BODY_BYTES, IntakeResult


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint."""
    door = Blueprint("stream", __name__)
    receiver = WebhookReceiver(core)

    @door.post("/webhooks/stream")
    def receive() -> Response:
        try:
            body = _body()
        except TooLarge:
            receiver.count_too_large()
            raise
        headers = request.headers
        accepted = receiver.receive(
            WebhookRequest(
                body=body,
                api_key=headers.get("X-Api-Key", ""),
                signature=headers.get("X-Signature", ""),
                webhook_id=headers.get("X-Webhook-Id", ""),
            )
        )
        if accepted is IntakeResult.STORED:
            core.queue.publish(PROCESS_EVENTS)
        return Response(status=200)

    return door


def _body() -> bytes:
    """Return the raw body; raises TooLarge as soon as it exceeds the limit, however it is sent.

    Werkzeug cuts a chunked body at its limit without an error (measured), so the stream is read here and counted.
    """
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise TooLarge("content length")
    if request.content_length is None and not request.environ.get("wsgi.input_terminated"):
        return b""
    wanted = MAX_BODY_BYTES + 1 if request.content_length is None else request.content_length
    body: bytes = request.environ["wsgi.input"].read(wanted)
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge("body")
    return body
