"""What nobody has a reason to ask for: it is answered as what is not there or not right, never as a fault of ours."""

import pytest

from tests.browsers import Browser
from tests.sandboxes import a_core

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
