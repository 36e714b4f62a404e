"""What nobody has a reason to ask for: it is answered as what is not there or not right, never as a fault of ours."""

import pytest

from tests.browsers import Browser
from tests.sandboxes import a_core
from web.app import create_app

pytestmark = pytest.mark.every_database

SECRETS = {"STREAM_API_KEY": "key", "STREAM_API_SECRET": "secret"}


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path, **SECRETS)
    yield core
    core.database.close()


def test_an_address_that_no_database_can_be_asked_for_is_answered(core):
    browser = Browser(core, "eli")
    not_there = (
        *("/incidents/2147483648", "/incidents/99999999999999999999999.json"),
        *("/policy/explain?number=99999999999", "/audit/week/0001-W01"),
    )
    not_right = (
        *("/?owner=%00", "/?q=%00", "/incidents?category=%00", "/reports?since=0001-01-01&until=0001-01-02"),
        "/reports.csv?since=9999-12-30&until=9999-12-31",
    )
    assert {path: browser.get(path).status_code for path in not_there} == dict.fromkeys(not_there, 404)
    assert {path: browser.get(path).status_code for path in not_right} == dict.fromkeys(not_right, 400)


def test_a_form_that_no_database_can_keep_is_refused(core):
    browser = Browser(core, "eli")
    asked = {"round": "1", "fence": "1", "line": "1"}
    for verb in ("acknowledge", "reveal"):
        assert browser.post(f"/incidents/2147483648/{verb}", asked).status_code == 404
    asked = {"name": "a\0b", "person": "dana", "scope": "read", "days": "30"}
    assert browser.post("/tokens", asked).status_code == 400


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Page not found"),
        ("/incidents/1001/acknowledge", 405, "This address cannot be opened directly"),
        ("/webhooks/stream", 405, "This address cannot be opened directly"),
    ],
)
def test_an_address_without_a_page_is_a_page_to_a_browser_and_json_to_a_program(core, path, status, words):
    client = create_app(core).test_client()
    page = client.get(path, headers=BROWSER)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert words in page.text
    for accept in ("*/*", "application/json"):
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert page.headers.get("Allow") == answer.headers.get("Allow")


def test_the_api_answers_a_browser_as_it_answers_programs(core):
    answer = create_app(core).test_client().get("/api/v1/nowhere", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
