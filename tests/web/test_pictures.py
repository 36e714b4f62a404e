"""Pictures in the dashboard: only where the policy says so, only when asked for, on record, blurred, and never kept."""

import json
import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from escalator.channels.http import Answer
from escalator.model.message import Failed, FailureReason
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.services.views.picture_type import picture_type
from escalator.store.tables import audit_records
from escalator.stream.samples import sample
from escalator.stream.signature import sign
from tests.browsers import Browser
from tests.sandboxes import a_core, demo_policy

STYLE = Path(__file__).parents[2] / "web" / "static" / "dashboard" / "incident.css"
PICTURE = 'class="picture"'
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture"
FIRST, SECOND = "https://cdn.example.com/1.png?sig=secret", "https://cdn.example.com/2"
KEY = '    api_key: "${STREAM_API_KEY:-demo-key}"\n'
READERS = "role: admin}\n  vic:  {name: Vic Low, role: viewer}\n  aud:  {name: Aud Low, role: auditor}"
PERMITTED = (KEY, f"{KEY}    thumbnails: yes\n")
SHOWN = ("{title: Threat,", "{title: Threat, content: show,")
WITHHELD = ("{title: Threat,", "{title: Threat, content: withhold, restricted_to: [moderators],")
CARE = ("version: 1", "version: 1\ncare: {reveals_per_day: 1}")


class Media:
    """What the bounded client finds at the addresses of media."""

    def __init__(self):
        self.asked = []
        self.answer = Answer(200, {"Content-Type": "text/html"}, PNG)

    def get(self, url):
        self.asked.append(url)
        return self.answer


@pytest.fixture
def media():
    return Media()


@pytest.fixture
def make(sqlite_url, tmp_path, media):
    made = []

    def core_with(*changes, mode="production", **payload):
        text = demo_policy()
        for before, after in (("role: admin}", READERS), *changes):
            assert before in text
            text = text.replace(before, after, 1)
        core = a_core(sqlite_url, tmp_path, policy=text, ESCALATOR_MODE=mode)
        core.vendors = replace(core.vendors, media=media)
        made.append(core)
        flag(core, **payload)
        return core

    yield core_with
    for core in made:
        core.database.close()


def flag(core, **payload):
    """Let Stream flag an item with two pictures and a video; nothing is sent."""
    body = json.loads(sample("threat", core.clock.now(), lambda: str(uuid4())))
    images = {
        "texts": ["I know where you live"],
        "images": [FIRST, SECOND],
        "videos": ["https://cdn.example.com/3.mp4"],
    }
    body["review_queue_item"]["moderation_payload"] = images | payload
    raw = json.dumps(body).encode()
    WebhookReceiver(core).receive(WebhookRequest(raw, "demo-key", sign(raw, "demo-secret"), ""))
    process_events(core)


def ask(core, who="ana", picture=1, **more):
    """Press the button of a picture; return the browser and its answer."""
    browser = Browser(core, who)
    return browser, browser.post("/incidents/1001/picture", {"picture": picture, **more})


def address_in(answer):
    [address] = re.findall(r'<img src="(/incidents/[^"]+)"', answer.text)
    return address


def recorded(core):
    with core.database.reading() as connection:
        statement = select(audit_records).where(audit_records.c.action == "incident.revealed")
        return [(row.actor_key, json.loads(row.after)) for row in connection.execute(statement)]


@pytest.mark.parametrize("rule", [(), (SHOWN,)], ids=["hidden", "shown"])
def test_a_picture_is_shown_blurred_to_whoever_asks_and_is_on_record(make, media, rule):
    core = make(PERMITTED, *rule)
    page = Browser(core, "ana").get("/incidents/1001").text
    assert "Show picture 2, blurred" in page
    assert "Show picture 3" not in page
    assert PICTURE not in page
    assert (media.asked, recorded(core)) == ([], [])

    browser, answer = ask(core)
    assert recorded(core) == [("ana", {"picture": "1", "of": "2"})]
    assert media.asked == [], "nothing is fetched before the page asks for it"
    picture = browser.get(address_in(answer))
    assert (picture.status_code, picture.content_type, picture.data) == (200, "image/png", PNG)
    assert media.asked == [FIRST]
    assert "Picture revealed by Ana Ruiz, 1 of 2" in browser.get("/incidents/1001").text


def test_nothing_of_a_picture_is_kept_and_no_other_page_may_show_it(make):
    browser, answer = ask(make(PERMITTED))
    headers = browser.get(address_in(answer)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_no_page_shows_the_address_of_media(make):
    core = make(PERMITTED, SHOWN)
    _browser, answer = ask(core)
    assert "cdn.example.com" not in answer.text


def test_it_is_blurred_and_grey_until_it_is_pressed_without_a_script(make):
    _browser, answer = ask(make(PERMITTED))
    assert re.search(r'<label class="picture"><input type="checkbox" class="unseen"><img ', answer.text)
    style = STYLE.read_text()
    assert re.search(r"\.picture img \{[^}]*filter: blur\(24px\) grayscale\(1\)", style)
    assert ".picture input:checked + img { filter: none; }" in style


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        pytest.param([], "production", id="the policy does not say so"),
        pytest.param([PERMITTED, WITHHELD], "production", id="it is withheld, even for who may read the text"),
        pytest.param([PERMITTED], "sandbox", id="in the sandbox, which nothing leaves"),
    ],
)
def test_no_picture_is_offered_or_fetched(make, media, changes, mode):
    core = make(*changes, mode=mode)
    _browser, answer = ask(core)
    assert answer.status_code == 404
    assert "Show picture" not in Browser(core, "ana").get("/incidents/1001").text
    assert (media.asked, recorded(core)) == ([], [])


@pytest.mark.parametrize("who", ["vic", "aud"])
def test_who_may_not_reveal_text_is_shown_no_picture(make, media, who):
    core = make(PERMITTED)
    assert "Show picture" not in Browser(core, who).get("/incidents/1001").text
    _browser, answer = ask(core, who)
    assert PICTURE not in answer.text
    assert (media.asked, recorded(core)) == ([], [])


def test_what_is_withheld_meanwhile_is_not_fetched(make, media, tmp_path):
    core = make(PERMITTED)
    browser, answer = ask(core)
    file = tmp_path / "escalation.yml"
    file.write_text(file.read_text().replace(*WITHHELD))
    core.policies.offer(core.database)
    assert browser.get(address_in(answer)).status_code == 404
    assert media.asked == []


def test_an_address_is_good_for_a_minute_for_one_session_and_one_picture(make, media):
    core = make(PERMITTED)
    browser, answer = ask(core)
    address = address_in(answer)
    assert Browser(core, "ana").get(address).status_code == 404
    assert Browser(core, "ben").get(address).status_code == 404
    assert browser.get(address.replace("/pictures/1/", "/pictures/2/")).status_code == 404
    for proof in ("x", "-", "9999999999-", "9" * 40):
        assert browser.get(f"/incidents/1001/pictures/1/{proof}").status_code == 404
    core.clock.move(seconds=61)
    assert browser.get(address).status_code == 404
    assert media.asked == []


@pytest.mark.parametrize("picture", [0, 3, "", "x", "9999", "²"])
def test_a_picture_that_is_not_there(make, picture):
    core = make(PERMITTED)
    assert ask(core, picture=picture)[1].status_code == 404
    assert recorded(core) == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, {}, PNG),
        Answer(302, {"Location": "https://elsewhere.example.com"}, b""),
        Answer(200, {"Content-Type": "image/png"}, b"<svg onload='alert(1)'/>"),
        Answer(200, {}, b""),
        Failed(FailureReason.FORBIDDEN, "private_address"),
        Failed(FailureReason.BAD_ANSWER, "too_large"),
        Failed(FailureReason.TIMEOUT),
    ],
    ids=str,
)
def test_what_is_no_picture_is_not_passed_on(make, media, answer):
    core = make(PERMITTED)
    media.answer = answer
    browser, page = ask(core)
    assert browser.get(address_in(page)).status_code == 404


def test_above_the_exposure_limit_they_are_asked_to_stop_first(make):
    core = make(PERMITTED, SHOWN, CARE)
    ask(core)
    flag(core)
    browser = Browser(core, "ana")
    stopped = browser.post("/incidents/1002/picture", {"picture": 1})
    assert PICTURE not in stopped.text
    assert 'name="anyway"' in stopped.text
    assert PICTURE in browser.post("/incidents/1002/picture", {"picture": 1, "anyway": 1}).text


def test_a_form_of_another_site_is_refused(make, media):
    core = make(PERMITTED)
    assert Browser(core, "ana").client.post("/incidents/1001/picture", data={"picture": 1}).status_code == 403
    assert recorded(core) == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF89a", "image/gif"),
        (b"GIF87a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"\x00\x00\x00\x1cftypavif", None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_the_kind_of_a_picture_is_told_by_how_it_begins(data, kind):
    assert picture_type(data) == kind
