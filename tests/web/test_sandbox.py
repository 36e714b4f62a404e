"""The sandbox's door, and a whole alert played through it: sample, press, acknowledge, window, answer."""

import json
import os
import posixpath
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from uuid6 import uuid7

from escalator.errors import Unavailable
from escalator.model.destination_kind import DestinationKind
from escalator.services.core.process_liveness import SWEEPER
from escalator.services.delivery.sender import send_all_due
from escalator.services.intake.process import process_events
from escalator.store import processes
from escalator.store.processes import Process
from tests.browsers import Browser as SignedIn
from tests.fakes import InlineExecutor
from tests.sandboxes import a_core, alert, demo_policy, go_on
from tests.web.browser import MARKED, Browser
from web.app import create_app

STATIC = Path(__file__).parents[2] / "web" / "static"
POSTS = (
    "/sandbox/sample",
    "/sandbox/click",
    "/sandbox/command",
    "/sandbox/act",
    "/sandbox/fire",
    "/sandbox/kill",
)


@pytest.fixture(autouse=True)
def answers_are_given_at_once(monkeypatch):
    monkeypatch.setattr("web.slack.ThreadPoolExecutor", InlineExecutor)


@pytest.fixture
def browser(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield Browser(core)
    core.database.close()


@pytest.fixture
def one_browser(sqlite_url, tmp_path):
    """For what has nothing to do with the database: it runs on one engine only."""
    core = a_core(sqlite_url, tmp_path)
    yield Browser(core)
    core.database.close()


# ---- the whole way


def test_an_alert_is_sent_rung_taken_and_resolved_without_leaving_the_page(browser):
    assert browser.post("sample", {"name": "threat"}).get_json() == {"accepted": "stored"}
    process_events(browser.core)
    send_all_due(browser.core)
    assert [one["destination"] for one in browser.items("slack")] == ["critical-alerts", "person:ana", "person:ben"]

    assert browser.post("fire", {"number": 1001}).status_code == 200
    go_on(browser.core)
    assert browser.items("slack")[-1]["text"].startswith("Nobody answered for 0 s: HIGH · Threat")

    assert browser.press("dana", "Acknowledge").status_code == 200
    picture = browser.picture()
    assert (picture["incidents"][0]["state"], picture["incidents"][0]["owner"]) == ("acknowledged", "dana")
    assert {one["text"] for one in browser.items("slack")} == {"#1001 taken by Dana Fox after 0 s"}

    browser.press("dana", "Resolve")
    window = browser.items("slack")[-1]
    assert (window["type"], window["destination"], window["view"]["title"]["text"]) == (
        "view",
        "person:dana",
        "Resolve #1001",
    )

    state = {"outcome": {"outcome": "referred"}, "reference": {"reference": ""}}
    kept_open = browser.interact({"person": "dana", "message": window["id"], "view_state": state})
    assert kept_open.get_json()["response_action"] == "errors"

    state["reference"]["reference"] = "case 7"
    browser.interact({"person": "dana", "message": window["id"], "view_state": state})
    picture = browser.picture()
    assert picture["incidents"][0]["state"] == "resolved"
    assert {one["text"] for one in browser.items("slack") if one["type"] == "message"} == {
        "#1001 resolved by Dana Fox: referred"
    }


def test_whoever_comes_second_is_told_who_was_first_where_they_pressed(browser):
    alert(browser.core)
    before = browser.picture()["messages"][0]
    browser.press("ana", "Acknowledge", before)

    browser.press("ben", "Acknowledge", before)

    answer = browser.picture()["messages"][-1]
    assert (answer["type"], answer["destination"], answer["person"]) == ("ephemeral", "critical-alerts", "ben")
    assert "Ana Ruiz" in answer["text"]
    assert browser.picture()["incidents"][0]["owner"] == "ana"


def test_a_revealed_text_opens_as_a_window_for_whoever_asked(browser):
    alert(browser.core)

    browser.press("ben", "Reveal")

    window = browser.picture()["messages"][-1]
    assert (window["type"], window["person"]) == ("view", "ben")
    assert "I know where you live" in json.dumps(window["view"])


# ---- what is served, and when


def test_the_page_brings_nothing_that_its_policy_forbids(one_browser):
    page = one_browser.http.get("/sandbox")

    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    html = page.get_data(as_text=True)
    assert not re.findall(r"<script(?![^>]*\ssrc=|\stype=\"application/json\")|<style|\sstyle=|\son\w+=", html)
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', html)
    assert loaded
    assert {one_browser.status(address) for address in loaded} == {200}


def test_every_module_that_the_page_loads_is_there(one_browser):
    loaded, waiting = set(), ["/static/sandbox.js"]
    while waiting:
        address = waiting.pop()
        if address not in loaded:
            loaded.add(address)
            with one_browser.http.get(address) as script:
                assert (script.status_code, script.mimetype) == (200, "text/javascript"), address
                text = script.get_data(as_text=True)
            names = re.findall(r'^(?:import|export) [^;]*?from "([^"]+)"', text, re.MULTILINE)
            waiting += [posixpath.normpath(f"{posixpath.dirname(address)}/{name}") for name in names]

    assert {f"/sandbox/looks/{kind.value}.js" for kind in DestinationKind} <= loaded
    assert {f"/static/{file.name}" for file in STATIC.glob("*.js")} <= loaded


@pytest.mark.parametrize("path", ["/sandbox", "/sandbox.json"])
def test_every_answer_is_sealed_off(one_browser, path):
    headers = one_browser.http.get(path).headers

    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; frame-src 'self'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("mode", ["divert", "production"])
def test_outside_the_sandbox_there_is_no_page(sqlite_url, tmp_path, mode):
    core = a_core(sqlite_url, tmp_path, ESCALATOR_MODE=mode, STREAM_API_KEY="key", STREAM_API_SECRET="secret")
    http = create_app(core).test_client()

    answers = [
        http.get("/sandbox"),
        http.get("/sandbox.json"),
        *(http.post(path, json={}, headers=MARKED) for path in POSTS),
    ]

    assert [answer.status_code for answer in answers] == [404] * (2 + len(POSTS))
    core.database.close()


@pytest.fixture
def real(sqlite_url, tmp_path):
    """A sandbox with one alert that has gone into production since; the alert is one that not everybody may see."""
    policy = demo_policy().replace("{title: Threat,", "{title: Threat, restricted_to: [moderators],")
    sandbox = a_core(sqlite_url, tmp_path, policy=policy)
    alert(sandbox, "self_harm")
    alert(sandbox, "threat")
    sandbox.database.close()
    core = a_core(sqlite_url, tmp_path, policy=policy, ESCALATOR_MODE="production")
    yield core
    core.database.close()


@pytest.mark.parametrize("person", [None, "ana", "dana"])
def test_outside_the_sandbox_it_is_an_admins_alone(real, person):
    assert SignedIn(real, person).get("/sandbox").status_code == 404


def test_an_admin_sees_what_the_sandbox_has_opened_and_they_may_see(real):
    admin = SignedIn(real, "eli")
    page = admin.get("/sandbox").text
    assert "the installation itself is in mode production" in page
    picture = admin.get("/sandbox.json").get_json()
    assert [one["header"] for one in picture["incidents"]] == ["CRITICAL · Self-harm"]
    assert {one["incident"] for one in picture["messages"]} == {picture["incidents"][0]["number"]}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("/sandbox/sample", {"name": "threat"}, id="no sample is sent: people would be told"),
        pytest.param("/sandbox/kill", {}, id="no worker is killed"),
    ],
)
def test_an_admin_does_nothing_there_to_what_is_real(real, path, said):
    answer = SignedIn(real, "eli").client.post(path, json=said, headers=MARKED)
    assert (answer.status_code, "Messages are really sent here" in answer.get_json()["error"]) == (409, True)


def test_what_an_admin_presses_there_counts_for_the_sandboxs_incident(real):
    admin = SignedIn(real, "eli")
    message = next(one for one in admin.get("/sandbox.json").get_json()["messages"] if one["buttons"])
    button = message["buttons"][0]
    said = {"person": "eli", "message": message["id"], "action_id": button["action_id"], "value": button["value"]}
    signed = admin.client.post("/sandbox/click", json=said, headers=MARKED).get_json()
    assert admin.client.post(signed["door"], data=signed["body"], headers=signed["headers"]).status_code == 200
    [incident] = admin.get("/sandbox.json").get_json()["incidents"]
    assert incident["state"] == "acknowledged"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("/sandbox/click", {"action_id": "reveal"}, id="presses as"),
        pytest.param("/sandbox/command", {"typed": "/oncall moderators"}, id="asks as"),
        pytest.param("/sandbox/act", {"act": "incident.acknowledged"}, id="answers at a vendor as"),
    ],
)
def test_outside_the_sandbox_an_admin_is_nobody_else(real, path, said):
    admin = SignedIn(real, "eli")
    message = next(one for one in admin.get("/sandbox.json").get_json()["messages"] if one["buttons"])
    answer = admin.client.post(path, json={"person": "ana", "message": message["id"], **said}, headers=MARKED)
    assert (answer.status_code, "act only as yourself" in str(answer.get_json())) == (400, True)


def test_an_admin_runs_no_clock_out_of_what_they_may_not_see(real):
    admin = SignedIn(real, "eli")
    refused = {
        number: admin.client.post("/sandbox/fire", json={"number": number}, headers=MARKED) for number in (1002, 9)
    }
    assert {number: answer.get_json()["error"] for number, answer in refused.items()} == {
        number: f"There is no #{number} in the sandbox." for number in refused
    }


@pytest.mark.parametrize("path", POSTS)
def test_another_sites_page_changes_nothing(one_browser, path):
    answer = one_browser.http.post(path, json={"name": "threat"})

    assert answer.status_code == 403
    assert "X-Sandbox" in answer.get_json()["error"]
    assert process_events(one_browser.core) == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param("sample", {}, id="a sample without a name"),
        pytest.param("sample", {"name": 7}, id="a name that is no text"),
        pytest.param("sample", ["threat"], id="a list"),
        pytest.param("click", {"person": "ana"}, id="a click on nothing"),
        pytest.param("click", {"person": "ana", "message": "first"}, id="a message that is no id"),
        pytest.param("click", {"person": "ana", "message": str(uuid7()), "value": "x" * 3001}, id="a value too long"),
        pytest.param("click", {"person": "ana", "message": str(uuid7()), "view_state": {"a": "b"}}, id="a flat state"),
        pytest.param("act", {"person": "ana", "message": str(uuid7())}, id="something without a name"),
        pytest.param("act", {"person": "ana", "message": "first", "act": "start"}, id="done to what is no id"),
        pytest.param("command", {"person": "ana", "message": str(uuid7()), "typed": "/" * 3001}, id="typed too long"),
        pytest.param("fire", {"number": "1001"}, id="a number as text"),
        pytest.param("fire", {"number": 2**40}, id="a number beyond all"),
        pytest.param("fire", {"number": True}, id="a number that is none"),
        pytest.param("kill", {"pid": 1}, id="a victim of one's own choice"),
    ],
)
def test_a_request_that_is_not_as_it_should_be_is_told_so(one_browser, command, said):
    answer = one_browser.post(command, said)

    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith("The request is not valid")


def test_a_body_that_is_no_json_is_told_so(one_browser):
    answer = one_browser.http.post("/sandbox/fire", data="{", headers={**MARKED, "Content-Type": "application/json"})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("command", "said", "why"),
    [
        pytest.param("sample", {"name": "made-up"}, "no sample called made-up", id="no such sample"),
        pytest.param("click", {"person": "ana", "message": str(uuid7())}, "no such message", id="no such message"),
        pytest.param("fire", {"number": 4711}, "no #4711 in the sandbox", id="no such incident"),
        pytest.param("kill", {}, "escalator run", id="not started by run"),
    ],
)
def test_what_cannot_be_done_says_why(one_browser, command, said, why):
    answer = one_browser.post(command, said)

    assert answer.status_code == 409
    assert why in answer.get_json()["error"]


def test_without_the_database_the_page_is_asked_to_come_again(one_browser, monkeypatch):
    def away(_core):
        raise Unavailable("away")

    monkeypatch.setattr("escalator.sandbox.sandbox_state", away)

    answer = one_browser.http.get("/sandbox.json")

    assert answer.status_code == 503
    assert "error" in answer.get_json()


def test_a_killed_worker_is_named(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, ESCALATOR_RUN="1")
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as worker:
        now = core.clock.now()
        with core.database.writing() as connection:
            row = Process(uuid7(), SWEEPER, socket.gethostname()[:256], worker.pid, now, now)
            processes.beat(connection, row)

        assert Browser(core).post("kill", {}).get_json() == {"pid": worker.pid}
        assert worker.wait(10) == -signal.SIGKILL
    core.database.close()


# ---- only what is new


def etag_of(browser):
    return browser.http.get("/sandbox.json").headers["ETag"]


def test_a_picture_that_has_not_changed_is_not_sent_again(browser):
    alert(browser.core)
    known = etag_of(browser)
    browser.core.clock.move(seconds=1)

    answer = browser.http.get("/sandbox.json", headers={"If-None-Match": known})

    assert (answer.status_code, answer.data) == (304, b"")


def test_a_heart_that_beats_changes_no_picture_but_one_that_stops_does(one_browser):
    core = one_browser.core
    row = Process(uuid7(), SWEEPER, "here", os.getpid(), core.clock.now(), core.clock.now())

    def beat():
        with core.database.writing() as connection:
            processes.beat(connection, row)

    beat()
    known = etag_of(one_browser)
    core.clock.move(seconds=5)
    assert etag_of(one_browser) == known

    core.clock.move(seconds=1)
    assert etag_of(one_browser) != known


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda browser: alert(browser.core), id="another alert"),
        pytest.param(lambda browser: browser.press("ana", "Acknowledge"), id="an answer"),
        pytest.param(lambda browser: go_on(browser.core, seconds=20), id="a step"),
        pytest.param(lambda browser: browser.post("fire", {"number": 1001}), id="another deadline"),
        pytest.param(lambda browser: rename_ana(browser.core), id="another policy"),
    ],
)
def test_whatever_happens_is_a_new_picture(one_browser, happens):
    alert(one_browser.core)
    known = etag_of(one_browser)
    one_browser.core.clock.move(seconds=2)

    happens(one_browser)

    answer = one_browser.http.get("/sandbox.json", headers={"If-None-Match": known})
    assert answer.status_code == 200


def rename_ana(core):
    core.settings.policy_file.write_text(demo_policy().replace("Ana Ruiz", "Ana Ruiz Soler"), encoding="utf-8")
    core.policies.offer(core.database)
