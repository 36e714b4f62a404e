"""The pages behind links in emails: opening one changes nothing; a button on it acknowledges.

Email scanners fetch every link, and some run scripts, so that forms can send themselves. So a GET shows a page with one
plain button; only the form of that page changes anything.
"""

import secrets

import structlog
from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from escalator.errors import EscalatorError
from escalator.services.core.context import Core
from escalator.services.notifications.answer_links import AnswerLink, LinkProblem, answer_link_signer
from escalator.services.responses.email_link import LinkPage, acknowledge_by_link, view_by_link
from web.dashboard.layout import sandbox_words
from web.security_headers import PRIVATE

log = structlog.get_logger(__name__)

_STALE = "The page was open for too long. Press the button again."
_TOLD = {
    LinkProblem.WRONG: (404, "Link not found", "Open the link in the email again, or acknowledge in Slack."),
    LinkProblem.TOO_OLD: (
        410,
        "This link has expired",
        "Links in emails are valid for a week. Acknowledge in Slack, or ask a lead.",
    ),
}
_SIGN_IN = "This link alone does not prove who you are. Sign in to open the incident."
_UNAVAILABLE = "This could not be done. Try again in a moment, or acknowledge in Slack."


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint."""
    door = Blueprint("answers", __name__)

    @door.after_request
    def seclude(response: Response) -> Response:
        response.headers.update(PRIVATE)
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{_style_nonce()}'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        return response

    @door.errorhandler(EscalatorError)
    def unavailable(error: EscalatorError) -> Response:
        log.warning("answer_failed", kind=type(error).__name__)
        response = _message(core, 503, "Not available right now", _UNAVAILABLE)
        response.headers["Retry-After"] = "1"
        return response

    @door.get("/answer/<token>")
    def show(token: str) -> Response:
        link = answer_link_signer(core).read(token)
        return (
            _unreadable(core, link) if isinstance(link, LinkProblem) else _shown(core, token, view_by_link(core, link))
        )

    @door.post("/answer")
    def acknowledge() -> Response:
        links, token = answer_link_signer(core), request.form.get("token", "")
        link = links.read(token)
        if isinstance(link, LinkProblem):
            return _unreadable(core, link)
        if not links.is_of_page(request.form.get("page", ""), token):
            return _asked_again(core, token, link)
        return _shown(core, token, acknowledge_by_link(core, link), is_answer=True)

    return door


def _unreadable(core: Core, why: LinkProblem) -> Response:
    return _message(core, *_TOLD[why])


def _asked_again(core: Core, token: str, link: AnswerLink) -> Response:
    """Show the page again: the form was not from our page, or from one too old."""
    shown = view_by_link(core, link)
    return _shown(core, token, shown, note=_STALE if shown is not None and shown.can_answer else "", status=409)


def _shown(  # noqa: PLR0913  # a page is made of these
    core: Core, token: str, shown: LinkPage | None, *, note: str = "", status: int = 200, is_answer: bool = False
) -> Response:
    if shown is None:
        return _unreadable(core, LinkProblem.WRONG)
    if shown.is_of_nobody:
        return _message(core, 403, "This link is no longer valid", shown.note)
    if shown.must_sign_in:
        there = url_for("sign_in.page", incident=shown.number)
        return _message(core, 403, f"Sign in to acknowledge #{shown.number}", _SIGN_IN, sign_in=there)
    page = answer_link_signer(core).page(token) if shown.can_answer else ""
    status = 409 if shown.is_refused else status
    values = {"shown": shown, "note": note or shown.note, "token": token, "page": page}
    return _page(core, status, "answer.html", is_answered=is_answer and not shown.is_refused, **values)


def _message(core: Core, status: int, heading: str, text: str, *, sign_in: str = "") -> Response:
    return _page(core, status, "answer_told.html", heading=heading, said=text, sign_in=sign_in)


def _page(core: Core, status: int, template: str, **values: object) -> Response:
    html = render_template(template, style_nonce=_style_nonce(), sandbox=sandbox_words(core), **values)
    return make_response(html, status)


def _style_nonce() -> str:
    """Return the nonce that allows only this response's style."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    return str(g.style_nonce)
