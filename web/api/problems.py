"""Errors for programs: problem details (RFC 9457). They never repeat values of a request.

See https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, abort, jsonify, request

PREFIX = "/api/v1"
MIMETYPE = "application/problem+json"

_DETAILS = {
    400: "The request is not valid; `errors` says why, by field.",
    401: "Send a token as `Authorization: Bearer esc_...`, or sign in.",
    403: "Your role or this token does not allow this.",
    404: "Not found, or you may not see it.",
    405: "This method is not allowed here; the header `Allow` names those that are.",
    413: "The request is too large.",
    415: "Send JSON, as `Content-Type: application/json`.",
    503: "The request could not be processed now. Try again in a moment.",
}


def is_asked() -> bool:
    """Whether the present request is for the API, even if its route does not exist."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def problem(status: int, code: str = "", detail: str = "", errors: Mapping[str, Any] | None = None) -> Response:
    """Return the answer. `code` is stable, for programs; `detail` is for people; `errors` are marshmallow's."""
    known = HTTPStatus(status)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": known.phrase,
        "status": status,
        "detail": detail or _DETAILS.get(status, known.description or known.phrase),
        "code": code or known.name.lower(),
    }
    if errors is not None:
        body["errors"] = errors
    answer = jsonify(body)
    answer.status_code = status
    answer.mimetype = MIMETYPE
    return answer


def refuse(status: int, code: str = "", detail: str = "", errors: Mapping[str, Any] | None = None) -> NoReturn:
    """Abort the present request with a problem."""
    abort(problem(status, code, detail, errors))
