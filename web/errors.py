"""HTTP answers to all our errors. Nothing of a request is ever repeated in an answer or a log."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from escalator.errors import EscalatorError, InvalidEvent, TooLarge, Unauthorized, Unavailable
from web import security_headers
from web.api import problems
from web.vendor_paths import WrongPathCounter

log = structlog.get_logger(__name__)

STATUS: dict[type[EscalatorError], tuple[int, str]] = {
    InvalidEvent: (400, "invalid_event"),
    Unauthorized: (401, "unauthorized"),
    TooLarge: (413, "too_large"),
    Unavailable: (503, "unavailable"),
}
"""Status and stable code; any other error is our own: 503 for senders, which then retry."""

_JSON, _HTML = "application/json", "text/html"

OURS = (503, "fault")

_EXPLANATIONS = {
    400: ("This request is not valid", "The address or a field is not valid."),
    403: ("No permission", "Your role does not allow this. Ask an admin."),
    404: ("Page not found", "This page does not exist, or you may not see it."),
    405: ("This address cannot be opened directly", "Go back and use the button on the page."),
}
"""Texts for people, by status: a heading and a sentence."""


def register(app: Flask, wrong_paths: WrongPathCounter) -> None:
    """Add error handlers to the application, and count posts to wrong paths."""

    def http(error: HTTPException) -> Response:
        if request.method != "POST" or request.url_rule is not None:
            return _http(error)
        wrong_paths.note()
        # No form of ours posts to the first page: a sender that does has left out the rest of the address.
        return _http(NotFound()) if request.path == "/" else _http(error)

    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, _failed)


def explain(error: HTTPException) -> tuple[str, str]:
    """Return the text of an error for people: a heading, and a sentence or nothing."""
    heading, usual = _EXPLANATIONS.get(error.code or 500, (error.name, ""))
    description = error.description if error.description != type(error).description else usual
    return heading, description or ""


def status_and_code(error: Exception) -> tuple[int, str]:
    """Return the status and the code of an error that ended a request; our own errors are logged.

    An unexpected error is 503 too: a sender then retries, but may give up after a 500.
    """
    if not isinstance(error, EscalatorError):
        log.error("request_crashed", kind=type(error).__name__, exc_info=error)
        return OURS
    status, code = STATUS.get(type(error), OURS)
    if status >= 500:
        log.warning("request_failed", code=code, reason=str(error))
    return status, code


def _failed(error: Exception) -> Response:
    return _answer(*status_and_code(error), error.errors if isinstance(error, InvalidEvent) else None)


def _http(error: HTTPException) -> Response:
    if _is_browser():
        heading, words = explain(error)
        page = render_template("plain.html", heading=heading, words=words, has_way_home=True)
        answer = make_response(page, error.code or 500)
        answer.headers.update(security_headers.PAGE)
    else:
        answer = _http_json(error)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _is_browser() -> bool:
    """Whether the client prefers a page: a browser asks for HTML, a program for JSON or anything."""
    return not problems.is_asked() and request.accept_mimetypes.best_match([_JSON, _HTML]) == _HTML


def _http_json(error: HTTPException) -> Response:
    # webargs passes on marshmallow's errors.
    wrong = getattr(error, "data", {}).get("messages")
    return _answer(error.code or 500, error.name.lower().replace(" ", "_"), wrong)


def _answer(status: int, code: str, errors: Mapping[str, object] | None = None) -> Response:
    if problems.is_asked():
        answer = problems.problem(status, code, errors=errors)
    else:
        answer = jsonify({"error": code} if errors is None else {"error": code, "errors": errors})
        answer.status_code = status
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "1"
    return answer
