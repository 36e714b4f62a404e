"""What all pages of the dashboard share: access, the frame around them, errors, and how they are refreshed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, g, get_flashed_messages, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from escalator.clock import Clock
from escalator.errors import Unavailable
from escalator.model.levels import Mode, Role
from escalator.rendering import sandbox_mode
from escalator.services.core.context import Core
from escalator.store import sandbox_inbox
from web import errors, security_headers, session
from web.dashboard import template_filters
from web.dashboard.template_filters import iso

_DATABASE_AWAY = "The database cannot be reached. Nothing was changed. Try again in a moment, or acknowledge in Slack."
_CRASHED = (
    "Something went wrong, and it has been logged. Check whether your change was made, try again in a moment, "
    "or acknowledge in Slack."
)

Adder = Callable[[Blueprint, Core], None]
"""Adds the routes of one page."""


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the navigation; `least` is the lowest role that sees it."""

    title: str
    path: str
    least: Role = Role.AUDITOR

    @property
    def is_here(self) -> bool:
        """Whether the present page is this or a subpage."""
        if self.path == "/":
            return request.path == "/" or request.path.startswith("/incidents")
        return request.path == self.path or request.path.startswith(f"{self.path}/")


@dataclass(frozen=True, slots=True)
class Flash:
    """The result of the last action, for the page. `kind` is done or refused."""

    kind: str
    words: str


def page_blueprint(
    core: Core, pages: tuple[NavigationEntry, ...], own_pages: tuple[NavigationEntry, ...], adders: tuple[Adder, ...]
) -> Blueprint:
    """Return one application's blueprint of all pages."""
    blueprint = Blueprint("dashboard", __name__)
    template_filters.add_filters(blueprint)

    @blueprint.before_request
    def come_in() -> AnyResponse | None:
        if not session.look_up(core):
            return session.ask_to_sign_in()
        g.now = core.clock.now()
        return session.check_csrf()

    @blueprint.context_processor
    def around() -> dict[str, Any]:
        return layout_context(core) | {"pages": _shown(pages), "own_pages": _shown(own_pages)}

    @blueprint.after_request
    def close(response: Response) -> Response:
        return secluded_response(response, core.clock)

    answer_errors(blueprint)
    for add in adders:
        add(blueprint, core)
    return blueprint


def answer_errors(blueprint: Blueprint) -> None:
    """Show errors of a blueprint as pages."""
    blueprint.register_error_handler(HTTPException, _error_page)
    blueprint.register_error_handler(Exception, _failed)


def _error_page(error: HTTPException) -> Response:
    """Return a page that explains an HTTP error."""
    status = error.code or 500
    heading, words = errors.explain(error)
    return make_response(render_template("dashboard/error.html", heading=heading, words=words), status)


def _failed(error: Exception) -> Response:
    """Log a failure and return a page about it, without the layout, which would query the database again."""
    status, _code = errors.status_and_code(error)
    page = render_template(
        "plain.html",
        heading="Not available right now",
        words=_DATABASE_AWAY if isinstance(error, Unavailable) else _CRASHED,
    )
    response = make_response(page, status)
    response.headers["Retry-After"] = "2"
    return response


def layout_context(core: Core) -> dict[str, Any]:
    """Return what the layout needs, whether or not somebody is signed in."""
    flashes = [Flash(*message) for message in get_flashed_messages(with_categories=True)]
    return {"viewer": g.get("viewer"), "csrf": g.get("csrf", ""), "sandbox": sandbox_words(core), "told": flashes}


def secluded_response(response: Response, clock: Clock) -> Response:
    """Add to a response the headers of every page: security, and a tag by which a browser asks for changes."""
    for name, value in security_headers.PAGE.items():
        response.headers.setdefault(name, value)
    response.headers["X-Now"] = iso(clock.now())
    if request.method == "GET" and response.mimetype == "text/html" and not response.is_streamed:
        response.add_etag()
        response.make_conditional(request)
    return response


def set_flash(text: str, *, is_refused: bool = False) -> None:
    """Let the next page in this browser show the result of an action."""
    flash(text, "refused" if is_refused else "done")


def sandbox_words(core: Core) -> str:
    """Return the notice of every sandbox page; empty elsewhere."""
    if core.settings.mode is not Mode.SANDBOX:
        return ""
    try:
        with core.database.reading() as connection:
            return sandbox_mode.notice(sandbox_inbox.count_incidents(connection))
    except Unavailable:
        return "Sandbox mode: nothing is sent"


def _shown(pages: tuple[NavigationEntry, ...]) -> Iterator[NavigationEntry]:
    """Yield the viewer's navigation entries; none without a sign-in."""
    if "viewer" in g:
        role = session.viewer().person.role
        yield from (page for page in pages if role >= page.least)
