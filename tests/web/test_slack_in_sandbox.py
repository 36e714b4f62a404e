"""Slack's windows and commands on the sandbox's page: they work there as they do in Slack, and nothing leaves."""

import pytest

from escalator.services.delivery.sender import send_all_due
from escalator.services.intake.process import process_waiting
from tests.fakes import InlineExecutor
from tests.sandboxes import a_core, alert, demo_policy
from tests.web.browser import Browser


@pytest.fixture
def browser(database_url, tmp_path, monkeypatch):
    monkeypatch.setattr("web.slack.ThreadPoolExecutor", InlineExecutor)
    core = a_core(database_url, tmp_path)
    yield Browser(core)
    core.database.close()


@pytest.fixture
def taken(browser):
    alert(browser.core)
    browser.press("ana", "Acknowledge")
    return browser


def filled(browser, person, window, **values):
    state = {name: {name: value} for name, value in values.items()}
    return browser.interact({"person": person, "message": window["id"], "view_state": state})


def window_of(browser, title):
    window = browser.items("slack")[-1]
    assert (window["type"], window["view"]["title"]["text"]) == ("view", title)
    return window


def typed(browser, person, command):
    return browser.interact(
        {"person": person, "message": browser.items("slack")[0]["id"], "typed": command}, "command"
    ).get_json(silent=True)


def test_an_incident_is_handed_over(taken):
    taken.press("ana", "Hand over")
    filled(taken, "ana", window_of(taken, "Hand over #1001"), to="dana")
    incident = taken.picture()["incidents"][0]
    assert (incident["state"], incident["owner"]) == ("triggered", "dana")
    assert "person:dana" in [one["destination"] for one in taken.items("slack") if one["type"] == "message"]


def test_one_of_many_is_searched_and_given_it(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setattr("web.slack.ThreadPoolExecutor", InlineExecutor)
    more = "".join(f"  p{number}: {{name: Person {number}, slack: U0P{number}}}\n" for number in range(101))
    core = a_core(sqlite_url, tmp_path, policy=demo_policy().replace("people:\n", f"people:\n{more}"))
    browser = Browser(core)
    alert(core)
    browser.press("ana", "Acknowledge")
    browser.press("ana", "Hand over")
    window = window_of(browser, "Hand over #1001")
    assert window["view"]["blocks"][0]["element"]["type"] == "external_select"
    search = {"person": "ana", "message": window["id"], "action_id": "to", "typed": "person 42"}
    found = browser.interact(search).get_json()
    assert [option["value"] for option in found["options"]] == ["p42"]
    filled(browser, "ana", window, to="p42")
    assert browser.picture()["incidents"][0]["owner"] == "p42"
    core.database.close()


def test_a_note_stands_in_the_thread(taken):
    taken.press("ana", "Note")
    filled(taken, "ana", window_of(taken, "Note on #1001"), note="I have called them")
    reply = taken.items("slack")[-1]
    assert (reply["text"], reply["thread_ts"], reply["broadcast"]) == (
        "Note on #1001 by Ana Ruiz",
        taken.items("slack")[0]["ts"],
        False,
    )
    assert reply["blocks"][1]["text"]["text"] == "I have called them"


def test_what_is_over_is_opened_again(taken):
    taken.press("ana", "False alarm")
    taken.press("dana", "Reopen")
    assert taken.picture()["incidents"][0]["state"] == "triggered"


def test_who_answers_is_told(taken):
    assert "Ana Ruiz" in typed(taken, "ana", "/oncall")["text"]


def test_an_incident_is_opened_by_hand_and_says_that_nobody_is_told(taken):
    assert typed(taken, "ana", "/escalate") is None
    window = window_of(taken, "Escalate")
    category = window["view"]["blocks"][0]["element"]["options"][0]["value"]
    told = filled(taken, "ana", window, category=category, about="look at this").get_json()
    assert told["view"]["blocks"][0]["text"]["text"] == "#1002 opened in the sandbox: nothing is sent"
    process_waiting(taken.core)
    send_all_due(taken.core)
    assert [one["number"] for one in taken.picture()["incidents"]] == [1001, 1002]
    assert taken.items("slack")[-1]["incident"] == 1002
