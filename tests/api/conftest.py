"""The API of an installation in production, as machines ask it."""

import pytest

from escalator.services.auth.api_tokens import Scope
from tests.everybody import a_token, by_token, on_a_copy
from web.app import create_app


class Machine:
    """Somebody's program: asks with a token that may do everything which that person may."""

    def __init__(self, core, app, person, *scopes):
        self._http = app.test_client()
        self.headers = by_token(a_token(core, person, *(scopes or Scope)))

    def ask(self, method, path, **options):
        return self._http.open(f"/api/v1{path}", method=method, headers=self.headers, **options)

    def get(self, path):
        return self.ask("GET", path).get_json()


@pytest.fixture(scope="module")
def core(sqlite_template, tmp_path_factory):
    with on_a_copy(sqlite_template, tmp_path_factory.mktemp("api")) as core:
        yield core


@pytest.fixture(scope="module")
def app(core):
    return create_app(core)


@pytest.fixture(scope="module")
def machine(core, app):
    """A machine of Mo, a moderator who may not see what is restricted."""
    return Machine(core, app, "mo")


@pytest.fixture(scope="module")
def of_senior(core, app):
    """A machine of Sen, a senior who may not see what is restricted."""
    return Machine(core, app, "sen")
