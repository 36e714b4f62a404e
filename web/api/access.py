"""Authenticates API requests, by a token or the browser's session, and checks what they may do."""

from typing import NoReturn

from flask import abort, g, request

from escalator.model.levels import Mode
from escalator.services.auth import api_tokens
from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from web import session
from web.api.problems import problem
from web.session import viewer

_BEARER = "bearer"
_REALM = 'Bearer realm="escalator"'


def authenticate(core: Core) -> None:
    """Identify the caller; answers 401 without one, 403 if the CSRF token is missing. Raises Unavailable.

    A token has precedence over a cookie: if it is invalid, the request fails, even with a valid session.
    """
    if "Authorization" in request.headers:
        _by_token(core, request.headers["Authorization"])
    elif session.look_up(core):
        g.scopes = frozenset(Scope)
        session.check_csrf()
    else:
        _nobody()
    g.now = core.clock.now()


def require_scope(scope: Scope) -> None:
    """Abort the request if its token lacks this scope."""
    if scope in g.scopes:
        return
    answer = problem(403, "insufficient_scope", f"This token has no scope `{scope}`.")
    answer.headers["WWW-Authenticate"] = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    abort(answer)


def recorded_via() -> str:
    """Return the `via` to record for actions that affect everybody; sandbox actions must count only there."""
    return Mode.SANDBOX.value if viewer().is_sandbox else viewer().via


def _by_token(core: Core, header: str) -> None:
    scheme, _, text = header.partition(" ")
    session_parts = api_tokens.find_token(core, text.strip()) if scheme.lower() == _BEARER else None
    if session_parts is None:
        _nobody()
    g.viewer, g.running, g.scopes = session_parts


def _nobody() -> NoReturn:
    answer = problem(401)
    answer.headers["WWW-Authenticate"] = _REALM
    abort(answer)
