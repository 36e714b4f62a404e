"""Signing in and out: with Slack, by a link that works once, and in a sandbox by choosing a person."""

from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from escalator.model.levels import Mode
from escalator.model.policy import Person
from escalator.services.auth import magic_link_mail, magic_links, sessions
from escalator.services.auth.login_rate_limit import BY_MAIL, record_attempt
from escalator.services.auth.sign_in_methods import SignInMethod, available_methods
from escalator.services.core.context import Core
from web import login_rate_limit, session
from web.dashboard.layout import answer_errors, layout_context, secluded_response

_MAILERS = 2
_LONGEST_PATH = 500
_LIMITED = frozenset({"sign_in.use", "sign_in.ask_for_mail", "sign_in.go", "sign_in.come_back"})
_ON_ITS_WAY = (
    "If exactly one person of the escalation policy has this address, a link has been sent to it. "
    "It works once, within 15 minutes."
)
_NO_SUCH_LINK = "It has been used already or has expired. Ask for a new one."


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint."""
    door = Blueprint("sign_in", __name__)

    @door.before_request
    def guard() -> Response | None:
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
            abort(403)
        return login_rate_limit.rate_limit_refusal(core) if request.endpoint in _LIMITED else None

    @door.context_processor
    def around() -> dict[str, object]:
        return layout_context(core)

    @door.after_request
    def close(response: Response) -> Response:
        return secluded_response(response, core.clock)

    answer_errors(door)
    _pages(door, core)
    _links(door, core)
    if SignInMethod.MAIL in available_methods(core.settings):
        _mail(door, core)
    return door


def _pages(door: Blueprint, core: Core) -> None:
    @door.get("/sign-in")
    def page() -> AnyResponse:
        target = local_target()
        if target != "/" and session.look_up(core):
            return redirect(target)
        html = render_template(
            "dashboard/sign_in.html", people=_people(core), next=target, ways=available_methods(core.settings)
        )
        return make_response(html)

    @door.post("/sign-in/sandbox")
    def say_who() -> AnyResponse:
        key = request.form.get("person", "")
        if key not in {somebody.key for somebody in _people(core)}:
            abort(404)
        return _signed_in(core, sessions.start_session(core, key, sessions.SANDBOX, session.session_token(core)))

    @door.post("/sign-out")
    def sign_out() -> AnyResponse:
        response = redirect("/sign-in", code=303)
        if session.look_up(core):
            session.check_csrf()
            sessions.end_session(core, session.session_token(core), g.viewer.person.key)
        session.clear_session_cookie(core, response)
        return response


def _links(door: Blueprint, core: Core) -> None:
    @door.get("/sign-in/link/<token>")
    def show(token: str) -> str:
        """Show only a button: email scanners fetch every link, and must not use it up."""
        return render_template("dashboard/sign_in_link.html", token=token, next=local_target())

    @door.post("/sign-in/link/<token>")
    def use(token: str) -> AnyResponse:
        begun = magic_links.redeem_link(core, token, session.session_token(core))
        return message_page(404, "This link is not valid", _NO_SUCH_LINK) if begun is None else _signed_in(core, begun)


def _mail(door: Blueprint, core: Core) -> None:
    mailers = ThreadPoolExecutor(_MAILERS, thread_name_prefix="sign-in-mail")

    @door.post("/sign-in/mail")
    def ask_for_mail() -> AnyResponse:
        email = request.form.get("email", "").strip().casefold()
        wait = record_attempt(core, BY_MAIL, f"mail {email}")
        if wait is not None:
            return login_rate_limit.too_many_attempts(wait)
        mailers.submit(magic_link_mail.send_requested_link, core, email, local_target())
        return message_page(200, "Check your email", _ON_ITS_WAY)


def _signed_in(core: Core, token: str) -> AnyResponse:
    response = redirect(local_target(), code=303)
    session.set_session_cookie(core, response, token)
    return response


def message_page(status: int, heading: str, text: str) -> Response:
    """Return a page with one message, and a link to the sign-in page."""
    return make_response(render_template("dashboard/sign_in_told.html", heading=heading, said=text), status)


def _people(core: Core) -> list[Person]:
    """Return whom one may sign in as: in the sandbox anybody of the policy, else nobody."""
    if core.settings.mode is not Mode.SANDBOX:
        return []
    with core.database.reading() as connection:
        return list(core.policies.required(connection).policy.people.values())


def local_target() -> str:
    """Return the page to open after signing in: an incident, or another page of ours.

    Anything else becomes the first page, so that a link here leads to no other site.
    """
    incident = request.values.get("incident", "")
    if incident.isascii() and incident.isdigit():
        return f"/incidents/{incident}"
    path = request.values.get("next", "")
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and len(path) <= _LONGEST_PATH else "/"
