"""What people do at every vendor on the sandbox page, all the way through the real doors, and what cannot break out."""

import json
import re

import pytest
from uuid6 import uuid7

from escalator.errors import Unavailable
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import MessageContext
from escalator.sandbox.inbox import DatabaseInbox
from tests.fakes import InlineExecutor
from tests.sandboxes import a_core, alert, demo_policy, go_on
from tests.web.browser import Browser

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture(autouse=True)
def answers_are_given_at_once(monkeypatch):
    monkeypatch.setattr("web.slack.ThreadPoolExecutor", InlineExecutor)


@pytest.fixture
def browser(database_url, tmp_path):
    """A page on which an alert has climbed to the end of its path."""
    core = a_core(database_url, tmp_path)
    alert(core)
    go_on(core, seconds=20)
    go_on(core, seconds=20)
    yield Browser(core)
    core.database.close()


@pytest.fixture
def one_browser(sqlite_url, tmp_path):
    """For what has nothing to do with the database: it runs on one engine only."""
    core = a_core(sqlite_url, tmp_path)
    yield Browser(core)
    core.database.close()


def said_in_slack(browser):
    """What the full messages say; what rang in a thread stays as it was."""
    return {one["text"] for one in browser.items("slack") if one["type"] == "message" and not one["thread"]}


def incident(browser):
    (found,) = browser.picture()["incidents"]
    return found


def touched(browser, channel):
    """What the engine has done at a vendor shows in its rows: how many there are, and when each was changed."""
    return [(one["id"], one["updated_at"], one[channel]) for one in browser.items(channel)]


# ---- PagerDuty


def test_an_acknowledgement_in_pagerduty_counts_here_and_shows_everywhere_else(browser):
    (page,) = browser.items("pagerduty")

    assert browser.act("dana", "Acknowledge", page).status_code == 202

    assert (incident(browser)["state"], incident(browser)["owner"]) == ("acknowledged", "dana")
    assert said_in_slack(browser) == {"#1001 taken by Dana Fox after 40 s"}
    assert "taken by dana" in json.dumps(browser.items("jira")[0]["jira"]["comments"])
    assert browser.items("webhook")[-1]["text"] == "incident.acknowledged #1001"
    (page,) = browser.items("pagerduty")
    assert (page["pagerduty"]["status"], page["pagerduty"]["changed_by"]) == ("acknowledged", "Dana Fox")


def test_pagerduty_is_not_told_its_own_news(browser):
    (page,) = browser.items("pagerduty")
    browser.act("dana", "Acknowledge", page)
    known = touched(browser, "pagerduty")

    browser.core.clock.move(seconds=5)
    go_on(browser.core)

    assert touched(browser, "pagerduty") == known
    assert known[0][2]["event_action"] == "trigger"


def test_everybody_of_the_demo_is_known_in_pagerduty_by_name(browser):
    (page,) = browser.items("pagerduty")

    browser.act("ben", "Acknowledge", page)

    assert (incident(browser)["state"], incident(browser)["owner"]) == ("acknowledged", "ben")
    assert said_in_slack(browser) == {"#1001 taken by Ben Okafor after 40 s"}


def test_who_is_a_stranger_there_acknowledges_for_whom_it_is_assigned_to(sqlite_url, tmp_path):
    policy = demo_policy().replace("pagerduty: PBEN01, ", "")
    core = a_core(sqlite_url, tmp_path, policy=policy)
    browser = Browser(core)
    alert(core)
    go_on(core, seconds=20)
    (page,) = browser.items("pagerduty")

    browser.act("ben", "Acknowledge", page)

    assert incident(browser)["state"] == "acknowledged"
    assert incident(browser)["owner"] not in {"ben", None}
    told = [one["text"] for one in incident(browser)["timeline"]]
    assert "Acknowledged by somebody in PagerDuty" in told
    core.database.close()


def test_a_resolution_in_pagerduty_ends_it_here(browser):
    (page,) = browser.items("pagerduty")

    browser.act("dana", "Resolve", page)

    assert incident(browser)["state"] == "resolved"
    assert said_in_slack(browser) == {"#1001 resolved by Dana Fox: action taken"}
    (page,), (issue,) = browser.items("pagerduty"), browser.items("jira")
    assert (page["pagerduty"]["status"], page["buttons"]) == ("resolved", [])
    assert (issue["jira"]["category"], [one["label"] for one in issue["buttons"]]) == ("done", ["Reopen"])


def test_an_acknowledgement_that_times_out_there_starts_the_path_again(browser):
    (page,) = browser.items("pagerduty")
    browser.act("dana", "Acknowledge", page)
    (page,) = browser.items("pagerduty")

    browser.act("dana", "Time out", page)

    assert (incident(browser)["state"], incident(browser)["owner"]) == ("triggered", None)
    go_on(browser.core, seconds=20)
    statuses = [one["pagerduty"]["status"] for one in browser.items("pagerduty")]
    assert sorted(statuses) == ["resolved", "triggered"]


# ---- Jira


def test_work_that_is_started_in_jira_is_an_acknowledgement(browser):
    (issue,) = browser.items("jira")

    assert browser.act("eli", "Start work", issue).status_code == 202

    assert (incident(browser)["state"], incident(browser)["owner"]) == ("acknowledged", "eli")
    assert said_in_slack(browser) == {"#1001 taken by Eli Stone after 40 s"}
    assert browser.items("pagerduty")[0]["pagerduty"]["status"] == "acknowledged"
    (issue,) = browser.items("jira")
    assert issue["jira"]["status"] == "In Progress"
    assert len(issue["jira"]["comments"]) == 1


def test_an_issue_that_is_done_ends_it_and_one_that_is_reopened_begins_it_again(browser):
    (issue,) = browser.items("jira")

    browser.act("dana", "Done", issue)
    assert incident(browser)["state"] == "resolved"

    (issue,) = browser.items("jira")
    browser.act("dana", "Reopen", issue)
    assert incident(browser)["state"] == "triggered"
    assert browser.items("jira")[0]["jira"]["status"] == "To Do"


# ---- mail


def test_the_link_in_a_mail_acknowledges_by_its_own_page(browser):
    (mail,) = browser.items("email")
    path = mail["buttons"][0]["url"].removeprefix(browser.core.settings.base_url)

    page = browser.http.get(path)
    assert page.status_code == 200
    assert incident(browser)["state"] == "triggered"

    html = page.get_data(as_text=True)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', html))
    assert browser.http.post(re.search(r'action="([^"]+)"', html)[1], data=fields).status_code == 200
    assert (incident(browser)["state"], incident(browser)["owner"]) == ("acknowledged", "dana")


def test_a_mail_is_a_page_that_runs_and_loads_nothing_and_opens_its_links_outside(browser):
    (mail,) = browser.items("email")

    page = browser.http.get(f"/sandbox/mail/{mail['id']}")

    assert page.content_type == "text/html; charset=utf-8"
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "frame-ancestors": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    html = page.get_data(as_text=True)
    assert '<base target="_blank">' in html
    assert mail["buttons"][0]["url"] in html


@pytest.mark.parametrize("of", ["slack", "jira", "webhook", "nothing"])
def test_what_is_no_mail_has_no_such_page(browser, of):
    item = browser.items(of)[0]["id"] if of != "nothing" else uuid7()

    assert browser.status(f"/sandbox/mail/{item}") == 404


# ---- Slack's commands


def test_a_command_is_answered_where_it_is_typed(browser):
    place = browser.items("slack")[0]

    answer = browser.interact({"person": "ana", "message": place["id"], "typed": "/oncall"}, "command")

    assert answer.status_code == 200
    assert "moderators" in answer.get_json()["text"]


def test_an_incident_is_opened_by_hand_through_a_window(browser):
    place = browser.items("slack")[0]

    browser.interact({"person": "ana", "message": place["id"], "typed": "/escalate"}, "command")
    window = browser.items("slack")[-1]

    assert (window["type"], window["person"], window["view"]["callback_id"]) == ("view", "ana", "escalate")


def test_something_is_silenced_through_a_window_and_listed(browser):
    place = browser.items("slack")[0]

    browser.interact({"person": "dana", "message": place["id"], "typed": "/silence"}, "command")
    window = browser.items("slack")[-1]
    filled = {"named": "category:threat", "lasts": "60", "reason": "Load test", "critical": "no"}
    state = {name: {name: value} for name, value in filled.items()}
    answer = browser.interact({"person": "dana", "message": window["id"], "view_state": state})
    said = browser.interact({"person": "ana", "message": place["id"], "typed": "/silence list"}, "command")

    assert "Threat is silenced for 1 h" in answer.text
    assert "by Dana Fox: Load test" in said.get_json()["text"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"typed": "hello"}, "begins with a slash", id="what is no command"),
        pytest.param({"person": "zoe"}, "no Slack id", id="by somebody who is not there"),
        pytest.param({"message": str(uuid7())}, "no such channel", id="in a place that is not there"),
    ],
)
def test_what_cannot_be_typed_says_why(browser, changes, why):
    said = {"person": "ana", "message": browser.items("slack")[0]["id"], "typed": "/oncall"} | changes

    answer = browser.post("command", said)

    assert (answer.status_code, why in answer.get_json()["error"]) == (409, True)


# ---- the first paint


def test_the_page_is_served_with_all_that_it_shows(browser):
    page = browser.http.get("/sandbox")

    html = page.get_data(as_text=True)
    inlined = re.search(r'<script type="application/json" id="picture" data-etag="([^"]*)">(.*?)</script>', html)
    etag = inlined[1].replace("&#34;", '"')
    assert json.loads(inlined[2])["messages"] == browser.picture()["messages"]
    assert browser.http.get("/sandbox.json", headers={"If-None-Match": etag}).status_code == 304
    without = html.replace(inlined[0], "")
    for words in (
        "Sandbox mode: nothing is sent (1 alert so far)",
        "HIGH · Threat · #1001",
        "PagerDuty: pager",
        "Sent to Dana Fox",
    ):
        assert words in without
    assert 'data-stage="live"' in without


def test_without_an_alert_the_page_begins_with_its_promise(one_browser):
    html = one_browser.http.get("/sandbox").get_data(as_text=True)

    assert 'data-stage="empty"' in html
    assert '<option value="ana">Ana Ruiz (moderator)</option>' in html


def test_without_the_database_the_page_is_served_all_the_same(one_browser, monkeypatch):
    monkeypatch.setattr("escalator.sandbox.sandbox_state", _away)

    page = one_browser.http.get("/sandbox")

    assert page.status_code == 200
    assert 'data-stage="loading"' in page.get_data(as_text=True)
    assert re.search(r'id="picture" data-etag="">null</script>', page.get_data(as_text=True))


def _away(_core, _viewer=None):
    raise Unavailable("away")


# ---- what is hostile


@pytest.mark.parametrize("channel", list(DestinationKind))
def test_a_hostile_item_cannot_break_out_of_the_page(one_browser, channel):
    core = one_browser.core
    shelf = DatabaseInbox(core.database, core.seal, core.clock)
    forms = {
        "slack": {"blocks": []},
        "email": {"mail": {"from": HOSTILE, "to": HOSTILE, "subject": HOSTILE, "text": HOSTILE, "html": HOSTILE}},
        "pagerduty": {"pagerduty": {"status": HOSTILE, "dedup_key": HOSTILE, "payload": {"summary": HOSTILE}}},
        "jira": {"jira": {"category": HOSTILE, "status": HOSTILE, "fields": {"summary": HOSTILE}, "comments": []}},
        "webhook": {"webhook": {"headers": {HOSTILE: HOSTILE}, "body": HOSTILE}},
        "mattermost": {"mattermost": {"text": HOSTILE, "attachments": [{"title": HOSTILE, "text": HOSTILE}]}},
    }
    context = MessageContext(None, 1001, HOSTILE, HOSTILE)
    shelf.keep(channel, context, HOSTILE, {"text": HOSTILE, "first_text": HOSTILE, **forms[channel.value]})

    page = one_browser.http.get("/sandbox")

    html = page.get_data(as_text=True)
    assert "<script>" not in html
    assert "<img src=x" not in html
    assert html.count("<script") == 2
    (item,) = one_browser.picture()["messages"]
    assert item["text"] == HOSTILE
    assert one_browser.http.get("/sandbox.json").content_type == "application/json"
