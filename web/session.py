"""The browser's session: its cookie, and the CSRF token that proves that a form is ours."""

import hmac
from hashlib import sha256
from typing import cast

from flask import Flask, Request, Response, abort, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.wrappers import Response as AnyResponse

from escalator.model.levels import Role
from escalator.services.auth import sessions
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy

CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF"
"""Where forms and scripts send the CSRF token."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions; a request without a cookie, like every webhook, costs no search for one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request."""
        has_cookie = self.get_cookie_name(app) in request.cookies
        return super().open_session(app, request) if has_cookie else self.session_class()


def cookie_name(core: Core) -> str:
    """Return the name of the cookie, which no other installation on this host has.

    Behind TLS its prefix forbids other hosts and plain connections to set it.

    See https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
    """
    return f"{'__Host-' if _is_secure(core) else ''}escalator-{core.settings.cookie_suffix}"


def _is_secure(core: Core) -> bool:
    return core.settings.base_url.startswith("https://")


def set_session_cookie(core: Core, response: AnyResponse, token: str) -> None:
    """Set the session cookie, and clear what Flask stored during the sign-in."""
    session.clear()
    response.set_cookie(
        cookie_name(core),
        token,
        max_age=sessions.LONGEST,
        secure=_is_secure(core),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def clear_session_cookie(core: Core, response: AnyResponse) -> None:
    """Delete the session cookie."""
    response.delete_cookie(cookie_name(core), secure=_is_secure(core), httponly=True, samesite="Lax", path="/")


def session_token(core: Core) -> str:
    """Return the browser's session token; empty if it has none."""
    return request.cookies.get(cookie_name(core), "")


def look_up(core: Core) -> bool:
    """Find the signed-in person, for `viewer` and `running_policy`; whether there is one. Raises Unavailable."""
    token = session_token(core)
    session_parts = sessions.find_session(core, token) if token else None
    if session_parts is None:
        return False
    g.viewer, g.running = session_parts
    g.csrf = csrf_token(core, token)
    return True


def csrf_token(core: Core, token: str) -> str:
    """Return the token that proves a form is of this session."""
    return hmac.new(core.settings.csrf_secret.encode(), token.encode(), sha256).hexdigest()


def ask_to_sign_in() -> AnyResponse:
    """Redirect to the sign-in page, and back afterwards."""
    target = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("sign_in.page", next=target))


def check_csrf() -> Response | None:
    """Abort with 403 a request that may change something and was not sent by our page."""
    if request.method in _SAFE:
        return None
    token = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(token.encode(), str(g.csrf).encode()):
        abort(403)
    return None


def viewer() -> Viewer:
    """Return who is signed in."""
    return cast(Viewer, g.viewer)


def running_policy() -> RunningPolicy:
    """Return the policy active when this request began."""
    return cast(RunningPolicy, g.running)


def require(role: Role) -> None:
    """Abort with 403 if the viewer's role is lower."""
    if viewer().person.role < role:
        abort(403)


def sign_cookies(app: Flask, core: Core) -> None:
    """Let Flask sign its own cookie, which is used while somebody signs in with Slack."""
    app.session_interface = CookieSessions()
    app.secret_key = core.settings.cookie_secret
    app.config.update(
        SESSION_COOKIE_NAME=f"escalator_signing_in-{core.settings.cookie_suffix}",
        SESSION_COOKIE_SECURE=_is_secure(core),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
