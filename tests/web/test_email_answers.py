"""The page behind the link of a mail, in a sandbox: what it shows, and what it must not do."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from uuid import UUID

import pytest

from escalator.errors import Unavailable
from escalator.model.destination_kind import DestinationKind
from escalator.sandbox.inbox import open_payload
from escalator.services.notifications.answer_links import AnswerLink, AnswerLinkSigner, LinkProblem
from escalator.store import sandbox_inbox
from tests.fakes import FakeClock
from tests.sandboxes import a_core, alert, demo_policy, go_on
from web.app import create_app

BASE = "https://escalator.example.com"


class Reader:
    """Somebody who reads the mails of a sandbox and opens their links."""

    def __init__(self, core):
        self.core = core
        self.http = create_app(core).test_client()

    def mails(self, person=None):
        with self.core.database.reading() as connection:
            shown = sandbox_inbox.newest(connection, 100, self.core.clock.now())
        return [
            open_payload(one, self.core.seal)["mail"]
            for one in sorted(shown, key=lambda one: one.id)
            if one.channel is DestinationKind.EMAIL and person in {None, one.person}
        ]

    def link(self, person="ana"):
        [found] = re.findall(rf"{BASE}(/answer/\S+)", self.mails(person)[0]["text"])
        return found

    def open(self, person="ana"):
        return self.http.get(self.link(person))

    def press(self, page):
        form = Form.of(page)
        return self.http.post(form.action, data=form.values)

    def state(self):
        picture = self.http.get("/sandbox.json").get_json()
        return picture["incidents"][0]["state"], picture["incidents"][0]["owner"]


class Form(HTMLParser):
    """What a browser would send back, and every tag and attribute of the page."""

    def __init__(self):
        super().__init__()
        self.action, self.method, self.values, self.tags, self.attributes = None, None, {}, set(), set()

    @classmethod
    def of(cls, page):
        form = cls()
        form.feed(page.text)
        return form

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        self.tags.add(tag)
        self.attributes |= said.keys()
        if tag == "form":
            self.action, self.method = said["action"], said["method"]
        if tag == "input":
            self.values[said["name"]] = said["value"]


def mailed_policy():
    """The demo's policy, with its moderators told by mail."""
    policy = demo_policy()
    for name in ("Ana Ruiz", "Ben Okafor"):
        assert f"{{name: {name}," in policy
        policy = policy.replace(f"{{name: {name},", f"{{name: {name}, contact: [email],")
    return policy


@pytest.fixture
def reader(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, policy=mailed_policy(), ESCALATOR_BASE_URL=BASE)
    alert(core)
    yield Reader(core)
    core.database.close()


# ---- links


LINK = AnswerLink(UUID("0198c7a0-0000-7000-8000-000000000042"), 3, "ana", is_sandbox=False)


def test_a_link_says_what_was_put_into_it():
    links = AnswerLinkSigner(("secret",), FakeClock())
    assert links.read(links.token(LINK)) == LINK


def test_a_link_outlives_the_rotation_of_its_secret_but_not_its_end():
    old, both, new = (AnswerLinkSigner(keys, FakeClock()) for keys in (("old",), ("new", "old"), ("new",)))
    assert both.read(old.token(LINK)) == LINK
    assert new.read(both.token(LINK)) == LINK
    assert new.read(old.token(LINK)) is LinkProblem.WRONG


def test_a_page_is_no_link_and_a_link_no_page():
    links = AnswerLinkSigner(("secret",), FakeClock())
    token = links.token(LINK)
    assert links.read(links.page(token)) is LinkProblem.WRONG
    assert not links.is_of_page(token, token)
    assert links.is_of_page(links.page(token), token)
    assert not links.is_of_page(links.page(token), links.token(replace(LINK, person="ben")))


def test_a_link_of_a_machine_whose_clock_is_ahead_is_good_at_once():
    ahead, behind = FakeClock(), FakeClock()
    ahead.move(seconds=5)
    assert AnswerLinkSigner(("secret",), behind).read(AnswerLinkSigner(("secret",), ahead).token(LINK)) == LINK


# ---- the way of an answer


def test_the_sandbox_keeps_a_mail_as_its_reader_would_see_it(reader):
    [mail] = reader.mails("ana")
    assert mail["from"] == "Escalator <escalator@sandbox.invalid>"
    assert mail["to"] == "ana@example.com"
    assert mail["subject"] == mail["text"].splitlines()[0]
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    assert "Acknowledge #1001" in mail["html"]
    shown = next(one for one in reader.http.get("/sandbox.json").get_json()["messages"] if one["person"] == "ana")
    assert (shown["kind"], shown["text"], shown["destination"]) == ("email", mail["subject"], "person:ana")
    assert "ana@example.com" not in shown["address"]


def test_a_link_of_the_sandbox_works_in_the_sandbox(reader):
    page = reader.open()
    assert page.status_code == 200
    assert "Sandbox mode: nothing is sent (1 alert so far)" in page.text
    assert reader.state() == ("triggered", None)

    done = reader.press(page)
    assert done.status_code == 200
    assert "You acknowledged it. It is yours now." in done.text
    assert "Resolve it, hand it over or release it in Slack" in done.text
    assert "What comes next" not in page.text
    assert reader.state() == ("acknowledged", "ana")

    go_on(reader.core)
    assert len(reader.mails("ana")) == 1
    [_first, follow_up] = reader.mails("ben")
    assert follow_up["text"].splitlines()[0] == "#1001 taken by ana after 0 s"


def test_a_link_of_the_sandbox_is_nothing_in_production(reader, tmp_path):
    link, page = reader.link(), reader.open()
    production = a_core(
        reader.core.settings.database_url,
        tmp_path,
        policy=mailed_policy(),
        ESCALATOR_MODE="production",
        STREAM_API_KEY="key",
        STREAM_API_SECRET="secret",
        SLACK_BOT_TOKEN="xoxb-1",
    )
    http = create_app(production).test_client()
    real = http.get("/sign-in")
    assert (real.status_code, "SANDBOX" in real.text) == (200, False)
    # What was opened in the sandbox stays there, whatever the mode is now; its links go on working.
    assert http.get(link).status_code == 200
    assert http.post("/answer", data=Form.of(page).values).status_code == 200
    production.database.close()


# ---- what the page is


def test_the_page_names_the_incident_its_state_and_the_reader(reader):
    reader.core.clock.move(minutes=3)
    page = reader.open()
    assert "#1001" in page.text
    assert "<h1>HIGH · Threat</h1>" in page.text
    assert "Not acknowledged yet. Waiting for 3 min." in page.text
    assert "You acknowledge as <strong>ana</strong>" in page.text
    assert "Ana Ruiz" not in page.text
    assert "I know where you live" not in page.text


def test_the_page_is_one_plain_form_without_a_script(reader):
    form = Form.of(reader.open())
    assert form.method == "post"
    assert set(form.values) == {"token", "page"}
    assert not form.tags & {"script", "img", "link", "iframe", "a", "object"}
    assert not {name for name in form.attributes if name.startswith("on")}
    assert "autofocus" not in form.attributes


def test_every_page_has_a_form_token_of_its_own(reader):
    assert len({Form.of(reader.open()).values["page"] for _ in range(3)}) == 3


@pytest.mark.parametrize("where", ["a good link", "/answer/wrong", "a press"])
def test_every_answer_is_sealed_off(reader, where):
    page = reader.open()
    answer = {"a good link": lambda: page, "a press": lambda: reader.press(page)}.get(
        where, lambda: reader.http.get(where)
    )()
    headers = answer.headers
    [nonce] = re.findall(r'<style nonce="([^"]+)"', answer.text)
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in headers


def test_head_is_answered_like_get_without_a_body(reader):
    answer = reader.http.head(reader.link())
    assert (answer.status_code, answer.data) == (200, b"")
    assert reader.state() == ("triggered", None)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_links_own_address_takes_nothing(reader, method):
    page = reader.open()
    answer = getattr(reader.http, method)(reader.link(), data=Form.of(page).values)
    assert answer.status_code == 405
    assert reader.state() == ("triggered", None)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"token": ""}, id="an empty token"),
        pytest.param({"token": "x" * 5_000, "page": "x"}, id="a long one"),
        pytest.param({"token": "\x00\ud7ff", "page": "x"}, id="what is no text"),
    ],
)
def test_a_form_that_is_none_of_ours_is_nothing(reader, said):
    answer = reader.http.post("/answer", data=said)
    assert answer.status_code == 404
    assert "#1001" not in answer.text


@pytest.mark.parametrize("call", ["view_by_link", "acknowledge_by_link"])
def test_without_the_database_the_reader_is_asked_to_come_again(reader, monkeypatch, call):
    page = reader.open()

    def away(*_):
        raise Unavailable("away")

    monkeypatch.setattr(f"web.email_answers.{call}", away)
    answer = reader.open() if call == "view_by_link" else reader.press(page)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "Try again in a moment" in answer.text
    assert "#1001" not in answer.text
