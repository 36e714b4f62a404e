"""The double refuses what Slack refuses, so that a test which passes against it means something."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.doubles.slack import SlackDouble
from tests.doubles.slack_rules import block_problems, view_problems
from tests.doubles.slack_state import Fault

ROOT = Path(__file__).parents[2]
SECTION = {"type": "section", "text": {"type": "plain_text", "text": "x", "emoji": False}}
BUTTON = {
    "type": "button",
    "action_id": "a",
    "text": {"type": "plain_text", "text": "A", "emoji": False},
    "value": "v",
}
VIEW = {
    "type": "modal",
    "callback_id": "c",
    "title": {"type": "plain_text", "text": "T", "emoji": False},
    "blocks": [SECTION],
}


@pytest.fixture
def slack():
    with SlackDouble(channels={"#alerts", "C1", "U1"}) as double:
        yield double


def call(slack, method, authorization="Bearer xoxb-double", **arguments):
    headers = {"Authorization": authorization}
    return requests.post(f"{slack.url}{method}", json=arguments, headers=headers, timeout=10).json()


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        pytest.param("chat.postMessage", {"channel": "C1"}, "no_text", id="no text"),
        pytest.param("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found", id="no such channel"),
        pytest.param("chat.postMessage", {"text": "x"}, "channel_not_found", id="no channel at all"),
        pytest.param(
            "chat.postMessage", {"channel": "C1", "text": "x", "thread_ts": "1.2"}, "thread_not_found", id="no thread"
        ),
        pytest.param(
            "chat.postMessage", {"channel": "C1", "text": "x", "blocks": [{"type": "x"}]}, "invalid_blocks", id="blocks"
        ),
        pytest.param("chat.update", {"channel": "C1", "ts": "1.2", "text": "x"}, "message_not_found", id="no message"),
        pytest.param("views.open", {"trigger_id": "t", "view": VIEW}, "invalid_trigger_id", id="no trigger"),
        pytest.param("chat.delete", {}, "unknown_method", id="a method we never use"),
    ],
)
def test_what_slack_refuses_is_refused(slack, method, arguments, error):
    assert call(slack, method, **arguments) == {"ok": False, "error": error}


@pytest.mark.parametrize(("authorization", "error"), [("Bearer other", "invalid_auth"), ("", "not_authed")])
def test_a_call_needs_the_token(slack, authorization, error):
    assert call(slack, "auth.test", authorization)["error"] == error


def test_an_update_may_not_be_longer_than_4000(slack):
    posted = call(slack, "chat.postMessage", channel="C1", text="x")
    arguments = {"channel": posted["channel"], "ts": posted["ts"], "text": "x" * 4_001}
    assert call(slack, "chat.update", **arguments)["error"] == "msg_too_long"


def test_a_name_and_a_person_become_channel_ids(slack):
    assert call(slack, "chat.postMessage", channel="#alerts", text="x")["channel"] == "CALERTS"
    assert call(slack, "chat.postMessage", channel="U1", text="x")["channel"] == "D1"


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([{**SECTION, "disabled": True}], id="a property that Slack does not know"),
        pytest.param([{"type": "section", "text": {**SECTION["text"], "text": "x" * 3_001}}], id="too long a text"),
        pytest.param([{"type": "section", "text": {**SECTION["text"], "text": ""}}], id="an empty text"),
        pytest.param([SECTION] * 51, id="too many blocks"),
        pytest.param([{"type": "actions", "elements": [BUTTON, BUTTON]}], id="an action_id twice"),
        pytest.param([{**SECTION, "block_id": "b"}] * 2, id="a block_id twice"),
        pytest.param([{"type": "actions", "elements": []}], id="no elements"),
        pytest.param(["x"], id="no block"),
        pytest.param("x", id="no list"),
    ],
)
def test_bad_blocks_are_found(blocks):
    assert block_problems(blocks) != []


@pytest.mark.parametrize(
    "view",
    [
        {**VIEW, "title": {"type": "plain_text", "text": "T" * 25, "emoji": False}},
        {**VIEW, "private_metadata": "x" * 3_001},
        {**VIEW, "blocks": [SECTION] * 101},
        {**VIEW, "surprise": 1},
    ],
)
def test_bad_windows_are_found(view):
    assert view_problems(VIEW) == []
    assert view_problems(view) != []


def test_a_response_url_is_good_for_five_answers(slack):
    answers = [requests.post(f"{slack.origin}/response/1", json={}, timeout=10).status_code for _ in range(6)]
    assert answers == [200] * 5 + [404]


def test_faults_come_in_their_order_and_then_no_more(slack):
    slack.inject("auth.test", Fault(error="a"), Fault(error="b"))
    assert [call(slack, "auth.test").get("error") for _ in range(3)] == ["a", "b", None]


def test_it_is_told_and_asked_over_http(slack):
    order = {"method": "chat.postMessage", "faults": [{"error": "is_archived"}]}
    requests.post(f"{slack.origin}/_inject", json=order, timeout=10)
    assert call(slack, "chat.postMessage", channel="C1", text="x")["error"] == "is_archived"
    call(slack, "chat.postMessage", channel="C1", text="kept")
    log = requests.get(f"{slack.origin}/_log", timeout=10).json()
    assert [kept["text"] for kept in log["messages"]] == ["kept"]
    assert [said["method"] for said in log["calls"]] == ["chat.postMessage"] * 2


def test_it_runs_beside_the_product():
    command = [sys.executable, "-m", "tests.doubles.slack", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[0].removeprefix("SLACK_API_URL=")
            answer = requests.post(
                f"{url}auth.test", data=json.dumps({}), headers={"Authorization": "Bearer xoxb-double"}, timeout=10
            )
        finally:
            process.terminate()
    assert answer.json()["ok"] is True


def asked(slack, **how):
    return requests.post(
        f"{slack.url}users.info", headers={"Authorization": "Bearer xoxb-double"}, timeout=10, **how
    ).json()


def test_who_somebody_is_is_asked_by_a_form_and_never_by_json(slack):
    slack.join("U1", "ana@example.com")
    assert asked(slack, data={"user": "U1"})["user"]["profile"]["email"] == "ana@example.com"
    assert asked(slack, json={"user": "U1"}) == {"ok": False, "error": "user_not_found"}
    assert asked(slack, data={"user": "U2"}) == {"ok": False, "error": "user_not_found"}


def text_input(**changes):
    label = {"type": "plain_text", "text": "Note", "emoji": False}
    element = {"type": "plain_text_input", "action_id": "note", "multiline": True, "max_length": 10}
    return {"type": "input", "block_id": "note", "label": label, "element": element} | changes


def menu(*values):
    options = [{"text": {"type": "plain_text", "text": value, "emoji": False}, "value": value} for value in values]
    return text_input(element={"type": "static_select", "action_id": "note", "options": options})


def asking(*blocks):
    return {**VIEW, "blocks": list(blocks), "submit": {"type": "plain_text", "text": "Keep", "emoji": False}}


@pytest.mark.parametrize(
    "view",
    [
        pytest.param({**asking(text_input()), "submit": None}, id="an input without a button to send it"),
        pytest.param(asking(menu()), id="a menu of nothing"),
        pytest.param(asking(menu(*map(str, range(101)))), id="more than 100 options"),
        pytest.param(asking(menu("x" * 76)), id="an option longer than 75"),
        pytest.param(asking(menu("a", "a")), id="a value twice"),
    ],
)
def test_a_window_that_slack_refuses_is_refused(view):
    assert view_problems({name: value for name, value in view.items() if value is not None}) != []


def test_a_window_is_sent_only_as_slacks_client_lets_it(slack):
    view = asking(text_input())
    assert b"view_submission" in slack.submitted(view, {"note": "short"}, "U1")
    for values, error in (({}, ValueError), ({"note": "x" * 11}, ValueError), ({"other": "x"}, LookupError)):
        with pytest.raises(error):
            slack.submitted(view, values, "U1")
    with pytest.raises(ValueError, match="not offered"):
        slack.submitted(asking(menu("a")), {"note": "b"}, "U1")
