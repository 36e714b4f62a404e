"""The first page: what waits, by urgency, for those who may see it; and taking several at once."""

import re

import pytest
from uuid6 import uuid7

from escalator.services.auth import sessions
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.store.tables import incidents
from escalator.stream.samples import sample
from escalator.stream.signature import sign
from tests.browsers import Browser
from tests.sandboxes import a_core, alert
from tests.store.conftest import POLICY
from tests.store.rows import SILENT, an_incident, write

SECRETS = {"STREAM_API_KEY": "key", "STREAM_API_SECRET": "secret"}


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, policy=POLICY.read_text(encoding="utf-8"), **SECRETS)
    yield core
    core.database.close()


def numbers(page):
    return [int(found) for found in re.findall(r'data-number="(\d+)"', page.text)]


def text_of(page):
    """What a reader reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def told(browser):
    return re.search(r'class="told \w+" role="status">([^<]*)<', browser.get("/").text)[1]


def test_when_nothing_waits_the_sandbox_offers_a_sample_which_is_then_there(core):
    browser = Browser(core, "ana")
    page = browser.get("/")
    assert "No open incidents." in page.text
    assert "Send a sample alert" in page.text
    assert browser.post("/sample").status_code == 303
    alert(core, "self_harm")
    assert len(numbers(browser.get("/"))) == 2


def test_nobody_sends_samples_outside_of_the_sandbox(sqlite_url, tmp_path):
    real = a_core(sqlite_url, tmp_path, ESCALATOR_MODE="divert")
    browser = Browser(real, "ana")
    assert "Send a sample alert" not in browser.get("/").text
    assert browser.post("/sample").status_code == 404
    real.database.close()


def test_a_row_says_what_waits_since_when_for_whom_and_who_is_next(core):
    alert(core, "self_harm")
    said = text_of(Browser(core, "ana").get("/"))
    assert "CRITICAL Self-harm #1001 SANDBOX message from chat · Self-harm Triggered" in said
    assert "Unacknowledged" in said
    assert "notifies seniors" in said
    assert "✓ critical alerts, Ana Ruiz and Ben Okafor Slack delivered" in said


@pytest.mark.parametrize(
    ("more", "mark"),
    [
        pytest.param({"drill": "weekly"}, "DRILL", id="a drill"),
        pytest.param({"mode": "divert"}, "TEST", id="what goes to the test destination"),
        pytest.param({"mode": "sandbox"}, "SANDBOX", id="what reaches nobody"),
        pytest.param({"member_count": 3}, "Group of 3", id="a group"),
        pytest.param({"silenced_step": 0}, "Silenced", id="what a silence keeps quiet"),
    ],
)
def test_a_row_is_marked_as_what_it_is(core, more, mark):
    write(core, incidents, an_incident(core, **{"mode": "production", **more}))
    marks = re.findall(r'class="mark">([^<]*)<', Browser(core, "ana").get("/").text)
    assert marks == [mark]


def test_what_a_group_tells_of_stands_under_its_group_and_is_found_by_its_number(core):
    group = an_incident(core, member_count=2)
    write(core, incidents, group, an_incident(core, number=1002, state="grouped", group_id=group["id"], **SILENT))
    browser = Browser(core, "ana")
    assert numbers(browser.get("/")) == [1001]
    found = browser.get("/?q=1002")
    assert numbers(found) == [1002]
    assert "In group #1001" in found.text


def test_a_group_that_somebody_may_not_see_is_not_named_by_what_it_tells_of(core):
    group = an_incident(core, member_count=2, category="csam", matched_categories="csam")
    write(core, incidents, group, an_incident(core, number=1002, state="grouped", group_id=group["id"], **SILENT))
    assert "#1001" in Browser(core, "ben").get("/?q=1002").text
    found = Browser(core, "ana").get("/?q=1002")
    assert numbers(found) == [1002]
    assert "#1001" not in found.text


def test_it_says_who_has_it(core):
    alert(core, "self_harm")
    Browser(core, "ana").post("/acknowledge", {"only": "1001"})
    said = text_of(Browser(core, "ben").get("/"))
    assert re.search(r"Acknowledged \S+ Ana Ruiz", said)
    assert "reminds the owner" in said
    assert "1 open, 0 unacknowledged" in said


def test_of_two_answers_the_first_is_shown(core):
    alert(core, "csam_report")
    browser = Browser(core, "ben")
    browser.post("/acknowledge", {"only": "1001"})
    page = browser.get("/")
    assert "1 of 2 acknowledged" in text_of(page)
    assert 'id="take-1001"' not in page.text


def test_the_kind_of_what_is_withheld_is_not_said(core):
    alert(core, "csam_report")
    said = text_of(Browser(core, "ben").get("/"))
    assert "item from chat" in said
    assert "message from chat" not in said


@pytest.mark.parametrize(
    ("person", "found"),
    [
        pytest.param("ben", [1002, 1001], id="who is of the team"),
        pytest.param("ana", [1001], id="who is not"),
        pytest.param("eli", [1001], id="an admin who is not"),
    ],
)
def test_what_is_restricted_is_neither_listed_nor_counted_nor_found(core, person, found):
    alert(core, "self_harm")
    alert(core, "csam_report")
    browser = Browser(core, person)
    page = browser.get("/")
    assert sorted(numbers(page)) == sorted(found)
    assert f"{len(found)} open" in text_of(page)
    assert f"<title>({len(found)}) Now" in page.text
    assert numbers(browser.get("/incidents")) == found
    for address in ("/?q=%231002", "/?q=child", "/?category=csam", "/incidents?q=1002", "/incidents?after=1001"):
        assert numbers(browser.get(address)) == [one for one in found if one == 1002]


def test_taking_what_one_may_not_see_is_as_taking_what_is_not_there(core):
    alert(core, "csam_report")
    browser = Browser(core, "ana")
    for number in (1001, 9999):
        browser.post("/acknowledge", {"only": str(number)})
        assert told(browser) == f"There is no #{number}."


def test_who_only_said_who_they_are_sees_the_sandbox_alone(core, sqlite_url, tmp_path):
    real = a_core(sqlite_url, tmp_path, ESCALATOR_MODE="production", policy=POLICY.read_text("utf-8"), **SECRETS)
    body = sample("self_harm", real.clock.now(), lambda: str(uuid7()))
    WebhookReceiver(real).receive(WebhookRequest(body, "key", sign(body, "secret"), str(uuid7())))
    process_events(real)
    alert(core, "threat")
    assert numbers(Browser(core, "ana", via=sessions.SANDBOX).get("/")) == [1002]
    assert sorted(numbers(Browser(core, "ana").get("/"))) == [1001, 1002]
    real.database.close()


def test_outside_of_the_sandbox_what_it_opened_is_shown_only_when_asked_for(core, sqlite_url, tmp_path):
    alert(core, "self_harm")
    real = a_core(sqlite_url, tmp_path, ESCALATOR_MODE="production", policy=POLICY.read_text("utf-8"), **SECRETS)
    browser = Browser(real, "ana")
    assert numbers(browser.get("/")) == []
    assert numbers(browser.get("/?mode=sandbox")) == [1001]
    real.database.close()


def test_several_are_taken_at_once_and_each_that_is_not_says_why(core):
    for name in ("self_harm", "threat", "self_harm", "csam_report"):
        alert(core, name)
    Browser(core, "ben").post("/acknowledge", {"only": "1002"})
    core.clock.move(minutes=2)
    browser = Browser(core, "ana")
    answer = browser.post("/acknowledge?severity=critical", {"number": ["1001", "1002", "1003", "1004"]})
    assert answer.location == "/?severity=critical"
    assert told(browser) == "2 acknowledged. #1002 was already acknowledged by Ben Okafor 2 min ago. There is no #1004."


def test_the_button_of_a_row_takes_that_one_whatever_is_ticked(core):
    alert(core)
    alert(core)
    browser = Browser(core, "ana")
    browser.post("/acknowledge", {"number": ["1001"], "only": "1002"})
    assert told(browser) == "#1002 is yours now."
    assert 'id="take-1001"' in browser.get("/").text


def test_who_only_looks_is_offered_nothing_and_changes_nothing(core):
    alert(core)
    browser = Browser(core, "vera")
    assert "pick-1001" not in browser.get("/").text
    browser.post("/acknowledge", {"number": "1001"})
    assert told(browser) == "Nothing changed: your role does not allow this. Ask a senior moderator."


def test_a_deadline_that_nobody_has_fired_is_late_and_stands_first(core):
    alert(core, "threat")
    core.clock.move(minutes=3)
    alert(core, "self_harm")
    core.clock.move(minutes=2, seconds=1)
    browser = Browser(core, "ana")
    assert numbers(browser.get("/")) == [1002, 1001]
    core.clock.move(seconds=1)
    page = browser.get("/")
    assert numbers(page) == [1001, 1002]
    assert page.text.count("is-late") == 1


def test_while_nothing_changes_the_page_is_not_sent_again(core):
    alert(core)
    browser = Browser(core, "ana")
    tag = browser.get("/").headers["ETag"]
    core.clock.move(seconds=30)
    assert browser.get("/", headers={"If-None-Match": tag}).status_code == 304
    alert(core)
    assert browser.get("/", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("state=acknowledged", [1002], id="by state"),
        pytest.param("severity=critical", [1001], id="by severity"),
        pytest.param("category=threat", [1002], id="by category"),
        pytest.param("owner=mine", [1002], id="by oneself as owner"),
        pytest.param("assign=moderators&source=chat", [1001, 1002], id="by team and source"),
        pytest.param("drill=only", [], id="drills"),
        pytest.param("q=1002", [1002], id="by number"),
        pytest.param("q=%231002", [1002], id="by number as it is written"),
        pytest.param("q=99999999999999", [], id="by a number that there cannot be"),
        pytest.param("q=self-h", [1001], id="by the title of its category"),
        pytest.param("q=ana", [1002], id="by its owner"),
        pytest.param("q=reats", [1002], id="by its route"),
        pytest.param("q=%25", [], id="by a sign that means all in SQL"),
        pytest.param("state=nonsense&page=0", [1001, 1002], id="by nonsense: as if it were not said"),
    ],
)
def test_what_is_open_is_filtered_and_searched(core, asked, found):
    alert(core, "self_harm")
    alert(core, "threat")
    browser = Browser(core, "ana")
    browser.post("/acknowledge", {"only": "1002"})
    assert sorted(numbers(browser.get(f"/?{asked}"))) == found


def test_all_incidents_are_paged_by_number_the_newest_first(core, monkeypatch):
    monkeypatch.setattr("escalator.services.views.incident_list.PAGE_SIZE", 2)
    for _each in range(5):
        alert(core)
    browser = Browser(core, "ana")
    first = browser.get("/incidents?category=threat")
    assert numbers(first) == [1005, 1004]
    assert "Newer" not in first.text
    second = browser.get(re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&"))
    assert numbers(second) == [1003, 1002]
    assert numbers(browser.get("/incidents?before=1002")) == [1001]
    back = browser.get(re.search(r'rel="prev" href="([^"]+)"', second.text)[1].replace("&amp;", "&"))
    assert numbers(back) == [1005, 1004]
