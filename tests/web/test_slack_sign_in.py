"""Signing in with Slack: a whole round over HTTP, and every token that must sign nobody in."""

from urllib.parse import urlsplit

import pytest
import requests

from escalator.services.auth.our_vendor_accounts import WORKSPACE
from escalator.store import key_values
from escalator.store.tables import audit_records
from tests.browsers import Browser
from tests.doubles.http import Fault
from tests.doubles.slack_openid import ANOTHER_KEY, CLIENT_ID, CLIENT_SECRET, TEAM, USER, SlackOpenIdDouble
from tests.sandboxes import a_core
from web.session import cookie_name

BASE = "http://localhost"


@pytest.fixture
def slack():
    with SlackOpenIdDouble() as double:
        yield double


@pytest.fixture
def core(slack, sqlite_url, tmp_path):
    core = a_core(
        sqlite_url,
        tmp_path,
        ESCALATOR_MODE="production",
        ESCALATOR_BASE_URL=BASE,
        SLACK_CLIENT_ID=CLIENT_ID,
        SLACK_CLIENT_SECRET=CLIENT_SECRET,
        SLACK_API_URL=f"{slack.origin}/api/",
    )
    with core.database.writing() as connection:
        key_values.save(connection, WORKSPACE, "T0OURS", core.clock.now())
    yield core
    core.database.close()


def come_back(browser, wanted="/"):
    """Go to Slack as the page says, and bring back what it sends the browser home with."""
    away = browser.get("/sign-in/slack", query_string={"next": wanted})
    assert away.status_code == 302, away.text
    home = requests.get(away.location, allow_redirects=False, timeout=5).headers["Location"]
    return home.removeprefix(BASE)


def test_slack_signs_a_person_of_the_policy_in_and_they_go_on_where_they_wanted(core):
    browser = Browser(core)
    assert "Sign in with Slack" in browser.get("/sign-in").text
    answer = browser.get(come_back(browser, "/incidents/1042"))
    assert (answer.status_code, answer.location) == (303, "/incidents/1042")
    page = browser.get("/")
    assert "Ana Ruiz" in page.text
    with core.database.reading() as connection:
        row = connection.execute(audit_records.select().where(audit_records.c.action == "person.signed_in")).one()
    assert (row.actor_key, row.via) == ("ana", "slack")


def test_a_session_that_was_there_ends(core):
    browser, other = Browser(core, "ben"), Browser(core)
    held = browser.client.get_cookie(cookie_name(core)).value
    browser.get(come_back(browser))
    assert browser.client.get_cookie(cookie_name(core)).value != held
    other.client.set_cookie(cookie_name(core), held)
    assert other.get("/").status_code == 302


@pytest.mark.parametrize(
    "twist",
    [
        pytest.param({"nonce": "another"}, id="with the nonce of another sign-in"),
        pytest.param({"nonce": None}, id="without a nonce"),
        pytest.param({"aud": "another-app"}, id="for another app"),
        pytest.param({"aud": "another-app", "azp": CLIENT_ID}, id="for another app, by ours"),
        pytest.param({"iss": "https://evil.example"}, id="of another issuer"),
        pytest.param({"iss": None}, id="of no issuer"),
        pytest.param({"exp": 1_700_000_000}, id="that has expired"),
        pytest.param({"at_hash": "AAAA"}, id="of another access token"),
        pytest.param({USER: None}, id="without a user"),
        pytest.param({TEAM: None}, id="without a team"),
    ],
)
def test_a_token_signs_nobody_in(core, slack, twist):
    slack.twist = lambda claims: {name: value for name, value in (claims | twist).items() if value is not None}
    browser = Browser(core)
    answer = browser.get(come_back(browser))
    assert (answer.status_code, browser.get("/").status_code) == (400, 302)


def test_a_token_that_slack_has_not_signed_signs_nobody_in(core, slack):
    slack.signed_with = ANOTHER_KEY
    browser = Browser(core)
    assert browser.get(come_back(browser)).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda home: home.partition("&state=")[0], id="without a state"),
        pytest.param(lambda home: home[:-4] + "AAAA", id="with another state"),
        pytest.param(lambda _home: "/sign-in/slack/callback?error=access_denied", id="because somebody has refused"),
    ],
)
def test_who_comes_back_with_something_else_is_not_signed_in(core, change):
    browser = Browser(core)
    answer = browser.get(change(come_back(browser)))
    assert (answer.status_code, browser.get("/").status_code) == (400, 302)


def test_what_slack_sent_one_browser_home_with_is_nothing_in_another(core):
    home = come_back(Browser(core))
    assert Browser(core).get(home).status_code == 400


def test_it_is_good_once(core):
    browser = Browser(core)
    home = come_back(browser)
    assert browser.get(home).status_code == 303
    assert browser.get(home).status_code == 400


@pytest.mark.parametrize(
    ("who", "words"),
    [
        pytest.param(("U0NOBODY", "T0OURS"), "slack: U0NOBODY", id="whom the policy does not know"),
        pytest.param(("U0ANA", "T0THEIRS"), "a different Slack workspace", id="of a foreign workspace"),
    ],
)
def test_somebody_is_told_what_to_do(core, slack, who, words):
    slack.who = who
    browser = Browser(core)
    answer = browser.get(come_back(browser))
    assert answer.status_code == 403
    assert words in answer.text
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), id="that fails"),
        pytest.param(Fault(html=True), id="that is no JSON"),
        pytest.param(Fault(body=[]), id="that is a list"),
        pytest.param(Fault(body={}), id="that says nothing"),
        pytest.param(Fault(drop=True), id="that never comes"),
        pytest.param(Fault(oversized=400_000), id="that is too large"),
    ],
)
@pytest.mark.parametrize(
    "path", ["/.well-known/openid-configuration", "/api/openid.connect.token", "/openid/connect/keys"]
)
def test_an_answer_of_slacks_is_told_calmly_and_the_next_try_is_good(core, slack, fault, path):
    browser = Browser(core)
    slack.inject(fault, path=path)
    first = browser.get("/sign-in/slack")
    if first.status_code == 302:
        first = browser.get(come_back(browser))
    assert first.status_code == 400
    assert "Try again" in first.text
    assert browser.get(come_back(browser)).status_code == 303


def test_slacks_own_address_is_where_its_api_is(core, slack):
    away = Browser(core).get("/sign-in/slack").location
    assert f"{urlsplit(away).scheme}://{urlsplit(away).netloc}" == slack.origin


def test_without_an_app_there_is_no_such_way(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    browser = Browser(core)
    assert browser.get("/sign-in/slack").status_code == 404
    assert "Slack" not in browser.get("/sign-in").text
    core.database.close()


ORGANIZATION = "https://slack.com/enterprise_id"


@pytest.mark.parametrize(("organization", "status"), [("E0OURS", 303), ("E0OTHER", 403), (None, 403)])
def test_people_of_every_workspace_of_our_organization_sign_in(core, slack, organization, status):
    with core.database.writing() as connection:
        key_values.save(connection, WORKSPACE, "T0OURS/E0OURS", core.clock.now())
    said = {TEAM: "T0ELSEWHERE", ORGANIZATION: organization}
    slack.twist = lambda claims: {name: value for name, value in (claims | said).items() if value is not None}
    browser = Browser(core)
    assert browser.get(come_back(browser)).status_code == status
