"""Stream's webhook, also by way of Amazon SNS: verify, store, answer; a thread notifies the workers."""

from typing import Any

from flask import Blueprint, Response, request

from escalator.errors import TooLarge
from escalator.lazy_imports import LazyImport
from escalator.ports import PROCESS_EVENTS
from escalator.services.core.context import Core
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.services.intake.store_event import MAX_BODY_BYTES, IntakeResult
from web.request_body import read_body

SNS_PATH = "/webhooks/stream/sns"
_MAX_SNS_BYTES = 1024 * 1024
"""A message has at most 256 KiB (AWS, "Amazon SNS quotas"); in its envelope each character may be escaped."""


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint."""
    door = Blueprint("stream", __name__)
    receiver = WebhookReceiver(core)
    sns: Any = LazyImport("escalator.services.intake.receive_sns", "SnsReceiver", core)

    def answer(accepted: IntakeResult | None) -> Response:
        if accepted is IntakeResult.STORED:
            core.queue.publish(PROCESS_EVENTS)
        return Response(status=200)

    @door.post("/webhooks/stream")
    def receive() -> Response:
        headers = request.headers
        accepted = receiver.receive(
            WebhookRequest(
                body=body(MAX_BODY_BYTES),
                api_key=headers.get("X-Api-Key", ""),
                signature=headers.get("X-Signature", ""),
                webhook_id=headers.get("X-Webhook-Id", ""),
            )
        )
        return answer(accepted)

    @door.post(SNS_PATH)
    def receive_sns() -> Response:
        return answer(sns.receive(body(_MAX_SNS_BYTES)))

    def body(limit: int) -> bytes:
        try:
            return read_body(limit)
        except TooLarge:
            receiver.count_too_large()
            raise

    return door
