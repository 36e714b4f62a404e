"""The page of reports, and its figures as CSV."""

import csv
import io

import pytest

from tests.browsers import Browser
from tests.sandboxes import a_core, alert, go_on

pytestmark = pytest.mark.every_database


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def rows(browser, query=""):
    page = browser.get(f"/reports.csv{query}")
    assert page.status_code == 200
    return {(row["by"], row["group"]): row for row in csv.DictReader(io.StringIO(page.text))}


def test_without_alerts_it_says_so(core):
    assert "No alerts in this period." in Browser(core, "ana").get("/reports").text


def test_what_was_escalated_and_never_answered_is_counted(core):
    alert(core, "threat")
    go_on(core, minutes=1)
    whole = rows(Browser(core, "ana"))["all", "all"]
    assert (whole["alerts"], whole["open"], whole["answered"], whole["escalated"]) == ("1", "1", "0", "1")


def test_the_page_shows_the_pictures_and_the_tables(core):
    alert(core, "threat")
    page = Browser(core, "ana").get("/reports").text
    assert page.count("<svg") == 1, "nothing has been answered yet"
    assert "By category" in page
    assert "Only you can see your figures." in page


def test_what_is_older_than_the_days_asked_for_is_not_counted(core):
    alert(core, "threat")
    go_on(core, days=3)
    today = core.clock.now().date()
    assert rows(Browser(core, "ana"), f"?since={today}&until={today}")["all", "all"]["alerts"] == "0"
    assert rows(Browser(core, "ana"))["all", "all"]["alerts"] == "1"


@pytest.mark.parametrize("query", ["?since=2026-02-02&until=2026-02-01", "?since=2026-01-01&until=2026-02-05"])
def test_days_that_make_no_span_are_refused(core, query):
    assert Browser(core, "ana").get(f"/reports{query}").status_code == 400
