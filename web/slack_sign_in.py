"""Signing in with Slack: OpenID Connect by Authlib, which checks state, nonce, signature, issuer, audience and age.

See https://docs.slack.dev/authentication/sign-in-with-slack/.
"""

from typing import Any

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Blueprint, Flask, redirect, session
from joserfc.errors import JoseError
from werkzeug.wrappers import Response as AnyResponse

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BROKEN
from escalator.channels.http_sessions import bounded
from escalator.channels.slack.manifest import SIGN_IN_PATH, SIGN_IN_SCOPES
from escalator.services.auth import sessions, slack_login
from escalator.services.core.context import Core
from escalator.settings import Settings
from web import session as signed_in
from web.sign_in import local_target, message_page

log = structlog.get_logger(__name__)

LIMITS = Limits(socket_s=3.0, total_s=4.5)
_USER, _TEAM = "https://slack.com/user_id", "https://slack.com/team_id"
_ENTERPRISE = "https://slack.com/enterprise_id"
"""These claims have the same names everywhere in Slack."""

_NEXT = "next"
_NOT_DONE = (AuthlibBaseError, JoseError, RuntimeError, TypeError, KeyError, *BROKEN)
"""Authlib's errors for a refused answer, and for one that is not valid OpenID Connect."""

_FAILED = "Slack did not sign you in. Try again. If it happens again, ask an administrator."


class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """Authlib's session with timeouts."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        bounded(self, LIMITS)


class _App(FlaskOAuth2App):  # type: ignore[misc]
    """Authlib's client with such sessions."""

    client_cls = _Session


class _OAuth(OAuth):  # type: ignore[misc]
    """Authlib's registry of such clients."""

    oauth2_client_cls = _App


def issuer(settings: Settings) -> str:
    """Return the token's issuer: the host of Slack's API."""
    return settings.slack_api_url.removesuffix("/").removesuffix("/api")


def add_slack(blueprint: Blueprint, core: Core) -> None:
    """Add sign-in with Slack, if this installation is registered there (`has_slack_sign_in`)."""
    registry = _OAuth()
    client: Any = registry.register(
        "slack",
        client_id=core.settings.slack_client_id,
        client_secret=str(core.settings.slack_client_secret),
        server_metadata_url=f"{issuer(core.settings)}/.well-known/openid-configuration",
        client_kwargs={"scope": " ".join(SIGN_IN_SCOPES), "token_endpoint_auth_method": "client_secret_post"},
    )

    @blueprint.record_once
    def join(state: Any) -> None:
        app: Flask = state.app
        registry.init_app(app)

    @blueprint.get("/sign-in/slack")
    def go() -> AnyResponse:
        session[_NEXT] = local_target()
        there = f"{core.settings.base_url}{SIGN_IN_PATH}"
        try:
            gone: AnyResponse = client.authorize_redirect(there)
        except _NOT_DONE as error:
            return _not_done(client, error)
        return gone

    @blueprint.get(SIGN_IN_PATH)
    def come_back() -> AnyResponse:
        try:
            claims = client.authorize_access_token(claims_options=_wanted(core.settings))["userinfo"]
            user_id, team_id = str(claims[_USER]), str(claims[_TEAM])
            enterprise_id = str(claims.get(_ENTERPRISE) or "")
        except _NOT_DONE as error:
            return _not_done(client, error)
        person = slack_login.resolve_slack_login(core, user_id, team_id, enterprise_id)
        if isinstance(person, str):
            return message_page(403, "You cannot sign in", person)
        response = redirect(session.get(_NEXT, "/"), code=303)
        signed_in.set_session_cookie(
            core, response, sessions.start_session(core, person.key, slack_login.VIA, signed_in.session_token(core))
        )
        return response


def _wanted(settings: Settings) -> dict[str, dict[str, object]]:
    """Return the required issuer and audience: from the settings, not from the discovered document."""
    return {
        "iss": {"essential": True, "value": issuer(settings)},
        "aud": {"essential": True, "value": settings.slack_client_id},
    }


def _not_done(client: Any, error: Exception) -> AnyResponse:
    """Report a failed sign-in. Slack's own text may contain an email, so only the kind of error is logged.

    Authlib caches the discovered document, even a broken one, for the whole process: it is fetched again.
    """
    client.server_metadata = {}
    log.warning("slack_sign_in_failed", kind=type(error).__name__)
    return message_page(400, "Not signed in", _FAILED)
