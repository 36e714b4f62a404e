"""The pages about the policy: its picture, what is wrong with it, what it would do, and what ran before."""

import html
import json
import re

import pytest

from escalator.engine.preview import preview
from escalator.policy.parse import load
from escalator.rendering.preview_json import document
from escalator.store import events, incidents, policies
from escalator.stream.read_event import observe
from tests.browsers import Browser
from tests.commands.conftest import EVENTS, EXAMPLE
from tests.sandboxes import a_core, alert, demo_policy

SECRETS = {
    "STREAM_API_KEY": "key-of-stream-5511",
    "STREAM_API_SECRET": "secret-of-stream-5512",
    "PAGERDUTY_ROUTING_KEY": "routing-key-5513",
    "BI_WEBHOOK_SECRET": "whsec_c2VjcmV0LW9mLWEtd2ViaG9vay01NTE0LTU1MTQ=",
    "SENIORS_ICAL_URL": "https://calendar.example.com/private-5515.ics",
}
RESTRICTED = demo_policy().replace("csam:      {title", "csam:      {restricted_to: [senior-moderators], title")
SELF_HARM = (EVENTS / "review_queue_item.new__text_self_harm_critical.json").read_text()


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, policy=EXAMPLE.read_text(), **SECRETS)
    yield core
    core.database.close()


@pytest.fixture
def demo(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, policy=RESTRICTED)
    yield core
    core.database.close()


def offer(core, text):
    core.settings.policy_file.write_text(text, encoding="utf-8")
    core.policies.offer(core.database)


def words_of(page):
    """What a page says to who reads it, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def body_of(core):
    """The body of the first event of incident 1001."""
    with core.database.reading() as connection:
        [event, *_] = events.of_incident(connection, incidents.id_by_number(connection, 1001), 1)
    return core.seal.open(event.sealed_body)


def said_by(page):
    """The document of an explained event, as the page shows it."""
    return json.loads(html.unescape(re.search(r'id="document"[^>]*>(.*?)</pre>', page.text, re.S)[1]))


def test_every_route_and_every_step_is_on_the_page(core):
    policy = load(EXAMPLE.read_bytes(), SECRETS)
    page = Browser(core, "ana").get("/policy")
    rows = re.split(r'<li class="route', page.text)[1:]
    assert len(rows) == len(policy.routes) + 1
    for route, row in zip(policy.routes, rows, strict=False):
        said = html.unescape(row.split("</section>")[0])
        assert route.name in said
        steps = policy.paths[route.path]
        rungs = re.split(r'<li class="rung">', said)[1:]
        assert len(rungs) == len(steps)
        for step, rung in zip(steps, rungs, strict=True):
            targets = (route.assign if one == "team" else one for one in step.notify)
            keys = [one.rpartition(":")[2] for one in targets]
            assert [key for key in keys if key not in rung] == []


def test_every_link_of_the_page_leads_to_a_part_of_it(core):
    page = Browser(core, "ana").get("/policy").text
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert len(ids) == len(set(ids))


def test_no_value_of_the_environment_is_on_any_page(core):
    offer(core, EXAMPLE.read_text().replace("default: triage", "default: nowhere"))
    browser = Browser(core, "eli")
    history = browser.get("/policy/history").text
    version = re.search(r"/policy/versions/(\w+)", history)[1]
    pages = ["/policy", "/policy/explain", f"/policy/versions/{version}", f"/policy/diff?old={version}&new=file"]
    shown = [history, *(browser.get(path).text for path in pages)]
    shown.append(browser.post("/policy/explain", {"body": SELF_HARM}).text)
    assert [secret for secret in SECRETS.values() for page in shown if secret in page] == []
    assert "${STREAM_API_SECRET}" in shown[3]


def test_a_refused_file_is_shown_with_its_problems_and_their_lines(core):
    spoilt = EXAMPLE.read_text().replace("default: triage", "default: nowhere").replace("rotate: weekly", "rotate: now")
    offer(core, spoilt)
    page = words_of(Browser(core, "ana").get("/policy"))
    lines = spoilt.splitlines()
    for text in ("default: nowhere", "rotate: now"):
        line = next(number for number, one in enumerate(lines, 1) if text in one)
        assert f"line {line}" in page
    assert "was refused: 2 problems" in page
    assert 'unknown path "nowhere"' in page


def test_what_is_unset_is_a_warning_of_the_version_that_runs(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, policy=EXAMPLE.read_text())
    page = words_of(Browser(core, "ana").get("/policy"))
    assert "${PAGERDUTY_ROUTING_KEY} is not set" in page
    core.database.close()


def test_a_file_that_cannot_be_read_is_said(core):
    core.settings.policy_file.unlink()
    assert "cannot be read" in words_of(Browser(core, "ana").get("/policy"))


def test_explain_says_of_every_event_what_the_command_says(core):
    policy, now, browser = load(EXAMPLE.read_bytes(), SECRETS), core.clock.now(), Browser(core, "ana")
    differing = []
    for event in sorted(EVENTS.glob("*.json")):
        observation = observe(event.read_bytes(), now)
        found = preview(observation, "chat-prod", policy, now) if observation else None
        if said_by(browser.post("/policy/explain", {"body": event.read_text()})) != document(found, now):
            differing.append(event.stem)
    assert differing == []


def test_the_plan_is_shown_with_people_and_when(core):
    page = Browser(core, "ana").post("/policy/explain", {"body": SELF_HARM, "at": "2026-01-05T16:00"})
    said = words_of(page)
    assert said_by(page)["plan"][0]["at"] == "2026-01-05T15:00:00Z"
    assert "Chen Wei (team) Slack, direct message" in said
    assert "+1 h 15 min" in said


@pytest.mark.parametrize(
    ("form", "said"),
    [
        pytest.param({"body": '{"type":\n "a",,}'}, "line 2, column 6", id="no JSON: where it ends to be"),
        pytest.param({"body": '{"no": "type"}'}, "type: Missing data", id="no type"),
        pytest.param({"body": "[]"}, "Invalid input type", id="no object"),
        pytest.param({"body": SELF_HARM, "source": "nowhere"}, "chat-prod, chat-staging", id="no such source"),
        pytest.param({"body": SELF_HARM, "at": "noon"}, "write it as 2026-01-05T18:00", id="no time"),
        pytest.param({"body": SELF_HARM, "at": "9999-12-31T23:00"}, "between 2000 and 2100", id="no time of ours"),
        pytest.param({"number": "many"}, "Not an incident number", id="no number"),
        pytest.param({}, "Paste an event", id="nothing"),
    ],
)
def test_what_cannot_be_explained_says_why_and_nothing_typed_is_lost(core, form, said):
    page = Browser(core, "ana").post("/policy/explain", form)
    assert page.status_code == 200
    assert said in words_of(page)
    kept = html.unescape(page.text)
    assert [typed for typed in form.values() if typed not in kept] == []


def test_a_silence_in_force_counts(sqlite_url, tmp_path):
    silence = "{category: self_harm, from: 2026-01-05T09:00, to: 2026-01-05T12:00, by: dana, reason: x, critical: true}"
    text = f"{EXAMPLE.read_text()}\nsilences:\n  - {silence}\n"
    core = a_core(sqlite_url, tmp_path, policy=text)
    page = Browser(core, "dana").post("/policy/explain", {"body": SELF_HARM, "at": "2026-01-05T10:00"})
    assert "nobody, until" in words_of(page)
    assert [bool(one["notify"]) for one in said_by(page)["plan"][:2]] == [False, True]
    core.database.close()


def test_an_incident_is_explained_by_its_event_without_its_text(demo):
    alert(demo, "threat")
    page = Browser(demo, "ana").get("/policy/explain?number=1001")
    assert said_by(page)["category"] == "threat"
    item = json.loads(body_of(demo))["review_queue_item"]
    told = [item["message"]["text"], item["message"]["user"]["name"], item["message"]["user"]["id"]]
    assert [one for one in told if one in html.unescape(page.text)] == []


@pytest.mark.parametrize(
    ("person", "status"),
    [
        pytest.param("dana", 200, id="who is in the team"),
        pytest.param("ana", 404, id="a moderator who is not"),
        pytest.param("eli", 404, id="an admin who is not"),
    ],
)
@pytest.mark.parametrize("how", ["GET", "POST"])
def test_a_restricted_incident_is_picked_by_nobody_else(demo, person, status, how):
    alert(demo, "csam_report")
    browser = Browser(demo, person)
    form = {"number": "1001"}
    page = browser.get("/policy/explain", query_string=form) if how == "GET" else browser.post("/policy/explain", form)
    assert page.status_code == status


def test_an_incident_that_is_not_there_is_not_found(demo):
    assert Browser(demo, "ana").get("/policy/explain?number=4711").status_code == 404


def test_versions_are_listed_and_shown_as_written(core):
    later = EXAMPLE.read_text().replace("after: 15m", "after: 16m")
    offer(core, later)
    browser = Browser(core, "ana")
    listed = words_of(browser.get("/policy/history"))
    with core.database.reading() as connection:
        hashes = [one.version.sha256[:12] for one in policies.history(connection)]
    assert [one for one in hashes if one not in listed] == []
    shown = words_of(browser.get(f"/policy/versions/{hashes[0]}"))
    assert "after: 16m" in shown
    difference = words_of(browser.get(f"/policy/diff?old={hashes[1]}&new={hashes[0]}"))
    assert "- - {after: 15m" in difference
    assert "+ - {after: 16m" in difference


def test_what_names_no_version_is_not_found(core):
    browser = Browser(core, "ana")
    paths = ["versions/abcdef", "versions/a", "versions/%25", "diff", "diff?old=file&new=nothing"]
    assert [path for path in paths if browser.get(f"/policy/{path}").status_code != 404] == []


def test_watched_queues_and_digests_are_shown_in_words(core):
    page = Browser(core, "ana").get("/policy").text
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    assert "Reports reporter is user ; older than 2 h, more than 40 items, 2 times as many as usual; to " in text
    assert "in the hours office" in text
    assert "Weekly Mondays 09:00 Europe/Madrid, to " in text
    assert "severity is at least low ; left out when empty" in text
