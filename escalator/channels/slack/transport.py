"""slack_sdk's client with a time limit: the one method for HTTP is overridden and uses our own exchange."""

import json
import logging
import ssl
from typing import Any
from urllib.request import Request

from slack_sdk import WebClient

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BadAnswer, exchange, json_object

PATIENT = Limits()
"""For messages: two calls (one more without blocks) stay under 20 s."""

PROMPT = Limits(socket_s=2.0, total_s=2.5)
"""For calls that a click waits for: a trigger is valid for 3 s, and the click must be answered by then."""


class BoundedWebClient(WebClient):
    """A WebClient that never retries, never logs, and has a time limit for every call."""

    def __init__(self, token: str, base_url: str, limits: Limits, context: ssl.SSLContext | None) -> None:
        # slack_sdk logs bodies and addresses at debug and error level.
        silent = logging.getLogger(f"{__name__}.slack_sdk")
        silent.setLevel(logging.CRITICAL + 1)
        super().__init__(token, base_url, logger=silent, retry_handlers=[])
        self._limits = limits
        self._context = context

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # noqa: ARG002  # slack_sdk's signature
        answer = exchange(req, self._limits, self._context)
        # The status of an error is enough; its body may be a page of HTML, which slack_sdk would put into the error.
        body = json.dumps(json_object(answer.body)) if answer.status == 200 else _error_body(answer.body)
        return {"status": answer.status, "headers": answer.headers, "body": body}


def _error_body(body: bytes) -> str:
    try:
        return json.dumps({"ok": False, "error": json_object(body).get("error")})
    except BadAnswer:
        return '{"ok": false}'
