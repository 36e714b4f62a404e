"""Browsers of people who are signed in, for tests of pages."""

from flask import Flask
from flask.testing import FlaskClient

from escalator.services.auth import sessions
from escalator.services.core.context import Core
from web.app import create_app
from web.session import CSRF_FIELD, cookie_name, csrf_token

_newest: list[tuple[Core, Flask]] = []


def _served(core: Core) -> Flask:
    """The application of a core, made once for all browsers that a test opens one after another."""
    if not _newest or _newest[0][0] is not core:
        _newest[:] = [(core, create_app(core))]
    return _newest[0][1]


class Browser:
    """One browser of one person: follows redirects, and sends forms as a page of ours would."""

    def __init__(self, core: Core, person: str | None = None, via: str = "link") -> None:
        self.core = core
        self.client: FlaskClient = _served(core).test_client()
        self._token = ""
        if person is not None:
            self._token = sessions.start_session(core, person, via)
            self.client.set_cookie(cookie_name(core), self._token)

    def get(self, path, **options):
        return self.client.get(path, **options)

    def post(self, path, data=None, **options):
        """Send a form, with the proof that it is one of ours."""
        proof = {CSRF_FIELD: csrf_token(self.core, self._token)}
        return self.client.post(path, data={**(data or {}), **proof}, **options)
