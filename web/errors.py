"""Every error of ours -> what it gets over HTTP. Nothing of a request is ever repeated in an answer or a log."""

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from escalator.errors import EscalatorError, InvalidEvent, TooLarge, Unauthorized, Unavailable

log = structlog.get_logger(__name__)

STATUS: dict[type[EscalatorError], tuple[int, str]] = {
    InvalidEvent: (400, "invalid_event"),
    Unauthorized: (401, "unauthorized"),
    TooLarge: (413, "too_large"),
    Unavailable: (503, "unavailable"),
}
"""Status and stable code; what is not here is a fault of ours: 503 towards senders, who then come again."""

OURS = (503, "fault")


def register(app: Flask) -> None:
    """Let the application answer errors."""
    app.register_error_handler(EscalatorError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _known(error: EscalatorError) -> Response:
    status, code = STATUS.get(type(error), OURS)
    if status >= 500:
        log.warning("request_failed", code=code, reason=str(error))
    body: dict[str, object] = {"error": code}
    if isinstance(error, InvalidEvent):
        body["errors"] = error.errors
    answer = jsonify(body)
    answer.status_code = status
    if status == 503:
        answer.headers["Retry-After"] = "1"
    return answer


def _http(error: HTTPException) -> Response:
    answer = jsonify({"error": error.name.lower().replace(" ", "_")})
    answer.status_code = error.code or 500
    return answer


def _unknown(error: Exception) -> Response:
    """Answer 503 for what nobody expected: a sender that hears it tries again, and 500 may be a last word."""
    log.error("request_crashed", kind=type(error).__name__, exc_info=error)
    answer = jsonify({"error": OURS[1]})
    answer.status_code = OURS[0]
    return answer
