"""Who may ask the API for what, and how it says no."""

import pytest
from sqlalchemy import text

from escalator.services.auth.api_tokens import Scope
from tests.api.conftest import Machine
from tests.everybody import Desk, number_of

PROBLEM = "application/problem+json"


def test_nobody_is_told_how_to_come_in(app):
    answer = app.test_client().get("/api/v1/incidents")
    assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="escalator"'


@pytest.mark.parametrize("said", ["Bearer esc_nothing", "Bearer", "Basic ZWxpOmVsaQ==", "esc_nothing"])
def test_a_token_that_is_not_good_is_not_made_up_for_by_a_session(core, app, said):
    answer = Desk(core, app).ask("GET", "/api/v1/incidents", "eli", headers={"Authorization": said})
    assert answer.status_code == 401


def test_a_scope_that_a_token_lacks_is_named(core, app):
    reader = Machine(core, app, "mo", Scope.READ)
    answer = reader.ask("POST", f"/incidents/{number_of(core, 'threat')}/acknowledge")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient_scope")
    assert 'scope="act"' in answer.headers["WWW-Authenticate"]


def test_a_session_changes_nothing_without_the_proof_that_a_page_of_ours_asks(core, app):
    desk, path = Desk(core, app), f"/api/v1/incidents/{number_of(core, 'threat')}/acknowledge"
    assert desk.ask("POST", path, "mo", headers={"X-CSRF": "no"}).status_code == 403
    assert desk.ask("POST", path, "mo").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        pytest.param("GET", "/nothing", {}, 404, id="an address that there is not"),
        pytest.param("PUT", "/incidents", {}, 405, id="a method that it does not know"),
        pytest.param("GET", "/incidents?sevrity=high", {}, 400, id="a filter that is misspelt"),
        pytest.param("GET", "/incidents?owner=%00", {}, 400, id="what no database keeps"),
        pytest.param("GET", "/incidents?since=2026-08-20T14:00:00", {}, 400, id="a time without its zone"),
        pytest.param("GET", "/records?cursor=there", {}, 400, id="a place that is none"),
        pytest.param("POST", "/explain", {"data": "{}", "content_type": "text/plain"}, 415, id="no JSON"),
        pytest.param("POST", "/explain", {"data": "{", "content_type": "application/json"}, 400, id="broken JSON"),
        pytest.param("POST", "/explain", {"json": {"event": {"x": "y" * 2**20}}}, 413, id="a body that is too large"),
        pytest.param("POST", "/explain", {"json": {"event": {}}}, 400, id="an event without a type"),
        pytest.param("POST", "/silences", {"json": {"named": "\ud800"}}, 400, id="half a character"),
    ],
)
def test_every_problem_is_told_as_one(machine, method, path, options, status):
    answer = machine.ask(method, path, **options)
    said = answer.get_json()
    assert (answer.status_code, answer.mimetype, said["status"]) == (status, PROBLEM, status)
    assert {"type", "title", "detail", "code"} <= set(said)


def test_what_is_wrong_is_said_by_field(machine):
    answer = machine.ask("POST", "/explain", json={"event": 1, "more": 2})
    assert answer.get_json()["errors"] == {"json": {"event": ["Not a valid mapping type."], "more": ["Unknown field."]}}


def test_a_database_that_cannot_be_asked_is_to_be_asked_again(core, machine):
    with core.database.writing() as connection:
        connection.execute(text("ALTER TABLE api_tokens RENAME TO elsewhere"))
    answer = machine.ask("GET", "/incidents")
    with core.database.writing() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO api_tokens"))
    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (503, PROBLEM, "1")
