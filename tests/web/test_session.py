"""Who may come in: nobody without a session, and nothing changes by a form that is not ours."""

import pytest

from escalator.services.auth import sessions
from tests.browsers import Browser
from tests.sandboxes import a_core


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def test_nobody_is_sent_to_sign_in_and_back_afterwards(core):
    answer = Browser(core).get("/?person=ana")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/?person%3Dana")


def test_somebody_signed_in_sees_the_first_page(core):
    page = Browser(core, "ana").get("/")
    assert page.status_code == 200
    assert "Now" in page.text


def test_a_form_without_the_proof_changes_nothing(core):
    browser = Browser(core, "ana")
    assert browser.client.post("/sign-out").status_code == 403
    assert browser.get("/").status_code == 200


def test_somebody_who_signs_out_is_nobody(core):
    browser = Browser(core, "ana")
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize(
    "span",
    [pytest.param({"hours": 12}, id="after half a day without a page"), pytest.param({"days": 7}, id="after a week")],
)
def test_a_session_ends_by_itself(core, span):
    browser = Browser(core, "ana")
    core.clock.move(**span)
    assert browser.get("/").status_code == 302


def test_a_session_that_is_used_lasts_a_week(core):
    browser = Browser(core, "ana")
    for _half_day in range(13):
        core.clock.move(hours=11, minutes=59)
        assert browser.get("/").status_code == 200


def test_in_a_sandbox_somebody_says_who_they_are(core):
    browser = Browser(core)
    answer = browser.client.post("/sign-in/sandbox", data={"person": "ana", "next": "/oncall"})
    assert answer.location == "/oncall"
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(core, elsewhere):
    answer = Browser(core).client.post("/sign-in/sandbox", data={"person": "ana", "next": elsewhere})
    assert answer.location == "/"


def test_who_only_said_who_they_are_counts_for_nothing_outside_of_a_sandbox(core, database_url, tmp_path):
    token = sessions.start_session(core, "ana", sessions.SANDBOX)
    real = a_core(database_url, tmp_path, ESCALATOR_MODE="divert")
    assert sessions.find_session(core, token) is not None
    assert sessions.find_session(real, token) is None
    real.database.close()
