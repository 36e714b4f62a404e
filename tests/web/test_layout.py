"""The frame around every page: what a page says that is none, and how it is sealed off."""

import pytest

from escalator.errors import Unavailable
from tests.browsers import Browser
from tests.sandboxes import a_core
from web import session


@pytest.fixture
def browser(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    yield Browser(core, "ana")
    core.database.close()


def test_a_page_runs_nothing_but_ours_and_is_framed_by_nobody(browser):
    headers = browser.get("/").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_that_has_not_changed_is_not_sent_again(browser):
    page = browser.get("/")
    assert browser.get("/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


def test_without_the_database_a_page_says_so_and_that_nothing_changed(browser, monkeypatch):
    def look_up(_core):
        raise Unavailable("gone")

    monkeypatch.setattr(session, "look_up", look_up)
    page = browser.get("/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "Nothing was changed" in page.text


def test_a_page_that_cannot_be_shown_says_why(browser):
    page = browser.get("/reports?since=yesterday")
    assert page.status_code == 400
    assert "since must be a date such as 2026-01-31" in page.text


def test_a_fault_of_ours_is_told_in_words_and_nothing_of_it_is_shown(browser, monkeypatch):
    def look_up(_core):
        raise KeyError("a secret")

    monkeypatch.setattr(session, "look_up", look_up)
    page = browser.get("/")
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert "Something went wrong, and it has been logged" in page.text
    assert "a secret" not in page.text


def test_who_opens_their_menu_hears_whose_it_is(browser):
    assert '<summary aria-label="Ana Ruiz: your pages">' in browser.get("/").text
