"""Every way in but Slack's: links that are good once, links that are mailed, saying so in a sandbox; and who waits."""

import re
from dataclasses import replace

import pytest

from escalator.model.message import Delivered, Failed, FailureReason
from escalator.services.auth import api_tokens, login_rate_limit, magic_links, sessions
from escalator.services.maintenance.jobs import run_jobs
from escalator.store.tables import audit_records, login_attempts
from escalator.store.tables import magic_links as kept_links
from escalator.store.tables import sessions as kept_sessions
from tests.browsers import Browser
from tests.fakes import InlineExecutor
from tests.sandboxes import a_core, demo_policy
from web.session import cookie_name

BASE = "http://localhost"
REAL = {"ESCALATOR_MODE": "production", "ESCALATOR_BASE_URL": BASE}
MAILED = {**REAL, "SMTP_URL": "smtp://mail.example.com", "MAIL_FROM": "Escalator <escalator@example.com>"}


class FakeMailer:
    """Keeps what it is handed; answers as it is told."""

    def __init__(self):
        self.mails, self.answer = [], Delivered("<1@example.com>")

    def send(self, _context, mail):
        self.mails.append(mail)
        return self.answer

    def links(self):
        texts = [one.message.get_body(("plain",)).get_content() for one in self.mails]
        return [found for text in texts for found in re.findall(rf"{BASE}(/sign-in/link/\S+)", text)]


@pytest.fixture(autouse=True)
def mails_are_sent_at_once(monkeypatch):
    monkeypatch.setattr("web.sign_in.ThreadPoolExecutor", InlineExecutor)


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, **REAL)
    yield core
    core.database.close()


@pytest.fixture
def on_both(database_url, tmp_path):
    """For what the databases do each in their own way."""
    core = a_core(database_url, tmp_path, **REAL)
    yield core
    core.database.close()


@pytest.fixture
def mailed(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, **MAILED)
    core.vendors = replace(core.vendors, mail=FakeMailer())
    yield core
    core.database.close()


def printed(core, person="ana"):
    return magic_links.create_link(core, person, magic_links.PRINTER, "cli", magic_links.PRINTED_GOOD_FOR).removeprefix(
        BASE
    )


def recorded(core):
    with core.database.reading() as connection:
        rows = connection.execute(audit_records.select().order_by(audit_records.c.id)).all()
    return [(row.action, row.actor_key, row.via, row.reason) for row in rows if row.action.startswith("person.")]


# ---- a link that is good once


def test_a_link_shows_a_button_and_the_button_signs_in(core):
    link, browser = printed(core), Browser(core)
    page = browser.get(link)
    assert (page.status_code, "Ana" in page.text, browser.get("/").status_code) == (200, False, 302)
    assert browser.client.post(link, data={"next": "/oncall"}).location == "/oncall"
    assert "Ana Ruiz" in browser.get("/").text
    assert recorded(core) == [
        ("person.invited", "cli", "cli", ""),
        ("person.signed_in", "ana", "link", ""),
    ]


def test_what_only_looks_uses_nothing_up(core):
    link = printed(core)
    for _scanner in range(3):
        assert Browser(core).get(link).status_code == 200
    assert Browser(core).client.post(link).status_code == 303


def test_a_link_is_good_once(on_both):
    link = printed(on_both)
    assert Browser(on_both).client.post(link).status_code == 303
    late = Browser(on_both)
    assert (late.client.post(link).status_code, late.get("/").status_code) == (404, 302)


def test_a_link_is_good_for_a_day(core):
    link = printed(core)
    core.clock.move(hours=24)
    assert Browser(core).client.post(link).status_code == 404


def test_a_link_of_somebody_who_has_left_the_policy_is_none(core):
    link = printed(core, "ben")
    core.settings.policy_file.write_text(demo_policy().replace("ben", "kim"), encoding="utf-8")
    assert core.policies.offer(core.database).is_new
    assert Browser(core).client.post(link).status_code == 404


def test_what_a_link_holds_is_kept_nowhere(core):
    token = printed(core).rpartition("/")[2]
    with core.database.reading() as connection:
        kept = str(connection.execute(kept_links.select()).all()) + str(
            connection.execute(audit_records.select()).all()
        )
    assert token not in kept


def test_another_sites_form_signs_nobody_in(core):
    link = printed(core)
    for site in ("cross-site", "same-site"):
        assert Browser(core).client.post(link, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert Browser(core).client.post(link, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_signing_in_gives_a_new_session_and_ends_the_one_before(core):
    browser, thief = Browser(core, "ben"), Browser(core)
    before = browser.client.get_cookie(cookie_name(core)).value
    browser.client.post(printed(core))
    thief.client.set_cookie(cookie_name(core), before)
    assert "Ana Ruiz" in browser.get("/").text
    assert thief.get("/").status_code == 302


# ---- a link that is mailed


def ask(core, email, **options):
    return Browser(core).client.post("/sign-in/mail", data={"email": email}, **options)


def test_who_asks_for_a_link_gets_one_by_mail_and_is_led_on(mailed):
    browser = Browser(mailed)
    assert "Email me a link" in browser.get("/sign-in?incident=1042").text
    browser.client.post("/sign-in/mail", data={"email": " ANA@example.com ", "next": "/incidents/1042"})
    [mail] = mailed.vendors.mail.mails
    assert (mail.recipient, mail.message["Subject"]) == ("ana@example.com", "Sign in to Escalator")
    [link] = mailed.vendors.mail.links()
    form = re.search(r'name="next" value="([^"]*)"', browser.get(link).text)
    assert browser.client.post(link, data={"next": form[1]}).location == "/incidents/1042"
    assert "Ana Ruiz" in browser.get("/").text


def test_it_is_good_for_a_quarter_of_an_hour(mailed):
    ask(mailed, "ana@example.com")
    mailed.clock.move(minutes=15)
    [link] = mailed.vendors.mail.links()
    assert Browser(mailed).client.post(link).status_code == 404


def test_the_answer_tells_nobody_whose_address_there_is(mailed):
    known, unknown = ask(mailed, "ana@example.com"), ask(mailed, "nobody@example.com")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert len(mailed.vendors.mail.mails) == 1


def test_a_mailbox_that_two_share_gets_no_link(sqlite_url, tmp_path):
    policy = demo_policy().replace("ben@example.com", "ana@example.com")
    core = a_core(sqlite_url, tmp_path, policy=policy, **MAILED)
    core.vendors = replace(core.vendors, mail=FakeMailer())
    assert ask(core, "ana@example.com").status_code == 200
    assert core.vendors.mail.mails == []
    core.database.close()


def test_a_mail_that_could_not_be_sent_is_recorded(mailed):
    mailed.vendors.mail.answer = Failed(FailureReason.TIMEOUT)
    assert ask(mailed, "ana@example.com").status_code == 200
    assert recorded(mailed) == [
        ("person.invited", "escalator", "mail", ""),
        ("person.invited", "escalator", "mail", "timeout"),
    ]


def test_no_mail_is_sent_in_a_sandbox(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, **(MAILED | {"ESCALATOR_MODE": "sandbox"}))
    assert ask(core, "ana@example.com").status_code == 404
    assert "Email me" not in Browser(core).get("/sign-in").text
    core.database.close()


# ---- who tries too often


def test_one_address_gets_three_mails_in_a_quarter_of_an_hour_whoever_asks(mailed):
    asked = [ask(mailed, address) for address in ("ana@example.com", "Ana@example.com", "ana@example.com ") * 2]
    assert [one.status_code for one in asked] == [200] * 3 + [429] * 3
    assert asked[-1].headers["Retry-After"] == "900"
    assert "15 min" in asked[-1].text
    assert ask(mailed, "ben@example.com").status_code == 200
    mailed.clock.move(minutes=15)
    assert ask(mailed, "ana@example.com").status_code == 200


def test_who_guesses_links_is_stopped_by_where_they_come_from(core):
    guesses = [
        Browser(core).client.post(f"/sign-in/link/guess-{n}") for n in range(login_rate_limit.BY_ADDRESS.most + 1)
    ]
    assert [one.status_code for one in guesses] == [404] * login_rate_limit.BY_ADDRESS.most + [429]
    elsewhere = Browser(core).client.post("/sign-in/link/guess", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert elsewhere.status_code == 404


@pytest.mark.parametrize(
    ("near", "said", "address"),
    [
        pytest.param("9.9.9.9", "198.51.100.1", "9.9.9.9", id="whoever comes straight cannot name another"),
        pytest.param("127.0.0.1", "10.0.0.9, 198.51.100.1", "198.51.100.1", id="a proxy says whom it has before it"),
        pytest.param("10.1.2.3", "", "10.1.2.3", id="one that says nothing is it"),
    ],
)
def test_whose_tries_they_are(core, near, said, address):
    headers = {"X-Forwarded-For": said} if said else {}
    Browser(core).client.post("/sign-in/link/guess", environ_base={"REMOTE_ADDR": near}, headers=headers)
    with core.database.reading() as connection:
        [row] = connection.execute(login_attempts.select()).all()
    assert row.key == sessions.token_digest(f"address {address}")


def test_what_is_long_over_is_forgotten(on_both):
    core = on_both
    printed(core)
    Browser(core, "ana").client.post("/sign-in/link/guess")
    core.clock.move(days=500)
    run_jobs(core)
    with core.database.reading() as connection:
        kept = [connection.execute(table.select()).all() for table in (kept_sessions, kept_links, login_attempts)]
    assert kept == [[], [], []]


# ---- the page


def test_an_installation_that_lets_nobody_in_says_what_to_do(core):
    page = Browser(core).get("/sign-in").text
    for said in ("escalator sign-in-link", "SLACK_CLIENT_ID", "SMTP_URL"):
        assert said in page


def test_a_sandbox_asks_who_somebody_is_and_shows_the_way_to_its_phones(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    page = Browser(core).get("/sign-in").text
    assert page.count("Sign in as") == 4
    assert 'href="/sandbox"' in page
    core.database.close()


@pytest.mark.parametrize(
    ("query", "there"),
    [
        pytest.param("incident=1042", "/incidents/1042", id="to the incident of a mail"),
        pytest.param("next=/audit?page=2", "/audit?page=2", id="to a page of ours"),
    ],
)
def test_who_is_signed_in_already_is_led_on(core, query, there):
    assert Browser(core, "ana").get(f"/sign-in?{query}").location == there


@pytest.mark.parametrize("query", ["incident=x", "incident=1042/../../evil", "next=//evil.example", "next=/a%0d%0ab"])
def test_nobody_is_led_elsewhere(core, query):
    assert Browser(core, "ana").get(f"/sign-in?{query}").status_code == 200


@pytest.mark.parametrize(
    ("base", "insists"),
    [pytest.param("https://escalator.example.com", True, id="over TLS"), pytest.param(BASE, False, id="without")],
)
def test_browsers_come_over_tls_only_where_there_is_tls(sqlite_url, tmp_path, base, insists):
    core = a_core(sqlite_url, tmp_path, **(REAL | {"ESCALATOR_BASE_URL": base}))
    for path in ("/sign-in", "/", "/healthz"):
        assert ("Strict-Transport-Security" in Browser(core).get(path).headers) is insists
    core.database.close()


def test_a_token_signs_no_browser_in(core):
    with core.database.reading() as connection:
        eli = core.policies.required(connection).policy.people["eli"]
    text = api_tokens.create_token(
        core, api_tokens.Viewer(eli), "ana", "ci", {api_tokens.Scope.READ}, login_rate_limit.KEPT_FOR
    )
    browser = Browser(core)
    browser.client.set_cookie(cookie_name(core), text)
    assert browser.get("/").status_code == 302
