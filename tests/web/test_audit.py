"""The audit trail in a browser: who may ask for what, what a page shows, and what is taken away as a file."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, text
from uuid6 import uuid7

from escalator.commands import main
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.services.reports.weekly_review import week_name
from escalator.store import audit_log, drills
from escalator.store.drills import DrillRun, DrillState
from escalator.store.tables import incidents
from tests.browsers import Browser
from tests.sandboxes import a_core
from tests.store.rows import an_incident

POLICY = (Path(__file__).parents[1] / "scenarios" / "policy.yml").read_text(encoding="utf-8")


@pytest.fixture
def core(sqlite_url, tmp_path):
    """Two incidents, one of them of a category that only child safety (ben, dana) may see; what people did to them."""
    core = a_core(sqlite_url, tmp_path, policy=POLICY)
    ids = {}
    for number, category in ((1001, "hate"), (1002, "csam")):
        row = an_incident(core, number=number, category=category, matched_categories=category, mode="production")
        ids[number] = row["id"]
        with core.database.writing() as connection:
            connection.execute(insert(incidents).values(row))
    write(core, AuditEntry(AuditAction.ACKNOWLEDGED, Actor("person", "ana"), "slack", incident_id=ids[1001]))
    write(core, AuditEntry(AuditAction.ACKNOWLEDGED, Actor("person", "ben"), "slack", incident_id=ids[1002]))
    write(
        core,
        AuditEntry(
            AuditAction.SILENCE_BEGUN, Actor("person", "dana"), "cli", after={"category": "csam", "ends_at": AT}
        ),
    )
    yield core
    core.database.close()


AT = "2026-08-20T16:00:00+00:00"


def write(core, entry):
    core.clock.move(seconds=1)
    with core.database.writing() as connection:
        audit_log.insert(connection, [(entry, None)], core.clock.now())
    core.clock.move(seconds=1)


def seal(core):
    with core.database.writing() as connection:
        audit_log.chain_new(connection, core.clock.now(), 1000)


def exported(browser, form, **asked):
    return browser.post("/audit/export", {"form": form, **asked})


def test_a_record_is_a_sentence_with_its_incident_and_its_seal(core):
    seal(core)
    page = Browser(core, "ana").get("/audit?number=1001").text
    assert "Acknowledged by Ana Ruiz" in page
    assert '<a href="/incidents/1001">#1001</a>' in page
    with core.database.reading() as connection:
        line, made = next(
            one for one in audit_log.chained_records(connection) if one[0]["action"] == AuditAction.ACKNOWLEDGED
        )
    assert f"Hash {made}, after {line['prev_hash']}" in page
    assert "1 on this page, all in the hash chain" in page


def test_what_is_not_sealed_yet_is_said(core):
    assert "1 of them not in the hash chain yet" in Browser(core, "ana").get("/audit?number=1001").text


@pytest.mark.parametrize(
    ("person", "asked", "status"),
    [
        pytest.param("ana", "ana", 200, id="a moderator asks for their own acts"),
        pytest.param("ana", "ben", 403, id="a moderator asks for another's"),
        pytest.param("vera", "ana", 403, id="a viewer asks for another's"),
        pytest.param("dana", "ana", 200, id="a senior asks for another's"),
        pytest.param("eli", "ana", 200, id="an admin asks for another's"),
    ],
)
def test_searching_by_another_person_is_for_who_leads(core, person, asked, status):
    browser = Browser(core, person)
    assert browser.get(f"/audit?person={asked}").status_code == status
    assert exported(browser, "csv", person=asked).status_code == status


@pytest.mark.parametrize(
    "query", ["", "?number=1002", "?category=csam", "?action=silences", "?action=incident.acknowledged"]
)
def test_of_what_is_restricted_only_those_who_may_know_find_anything(core, query):
    known, unknown = ("Acknowledged by Ben Okafor", "silenced csam")
    told = Browser(core, "dana").get(f"/audit{query}").text
    assert known in told or unknown in told
    told = Browser(core, "ana").get(f"/audit{query}").text
    assert known not in told
    assert unknown not in told
    assert "1002" not in told.replace("?number=1002", "").replace('value="1002"', "")


def test_a_file_holds_nothing_of_what_is_restricted_either(core):
    file = exported(Browser(core, "eli"), "jsonl").text
    assert "csam" not in file
    assert '"ben"' not in file
    assert '"ana"' in file


@pytest.mark.parametrize(
    "query",
    [
        "number=x",
        "number=99999999999",
        "action=no.such",
        "since=yesterday",
        "older=somewhere",
        "newer=20260101T000000.000000Z-xyz",
        "via=%00",
        "category=" + "x" * 200,
    ],
)
def test_what_cannot_be_asked_is_refused(core, query):
    assert Browser(core, "ana").get(f"/audit?{query}").status_code == 400


def test_a_file_of_another_form_is_refused(core):
    assert exported(Browser(core, "ana"), "exe").status_code == 400


def test_a_file_is_recorded_with_what_was_asked_for_before_it_is_sent(core):
    browser = Browser(core, "ana")
    answer = browser.post("/audit/export", {"form": "csv", "category": "hate"}, buffered=False)
    with core.database.reading() as connection:
        kept = connection.execute(
            text("SELECT actor_key, after FROM audit_records WHERE action = 'audit.exported'")
        ).one()
    assert (kept.actor_key, json.loads(kept.after)) == ("ana", {"form": "csv", "category": "hate"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert "audit.exported" not in answer.text


def test_a_file_says_what_the_command_line_says(core, tmp_path, monkeypatch):
    browser = Browser(core, "dana")
    core.clock.move(seconds=1)
    seal(core)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", core.settings.database_url)
    monkeypatch.setenv("SECRET_KEY", "a-secret-of-the-tests")
    lines = CliRunner().invoke(main, ["audit", "export"], catch_exceptions=False).stdout
    assert exported(browser, "jsonl").text == lines
    assert lines.count("\n") > 4


def test_a_file_has_all_that_is_found_in_whichever_batches(core, monkeypatch):
    monkeypatch.setattr("escalator.services.audit.search._BATCH", 2)
    for number in range(7):
        write(core, AuditEntry(AuditAction.TROUBLE_FOUND, reason=f"r{number}"))
    lines = exported(Browser(core, "eli"), "jsonl", action="troubles").text.splitlines()
    assert [json.loads(line)["reason"] for line in lines] == [f"r{number}" for number in range(7)]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(core, evil):
    write(core, AuditEntry(AuditAction.VENDOR_NOTED, Actor("stranger", evil), "jira", reason=evil))
    rows = list(csv.DictReader(io.StringIO(exported(Browser(core, "eli"), "csv", via="jira").text, newline="")))
    assert [(row["actor_key"], row["reason"]) for row in rows] == [(f"'{evil}", f"'{evil}")]


def test_a_list_is_followed_to_its_end_and_back(core):
    for number in range(120):
        write(core, AuditEntry(AuditAction.TROUBLE_FOUND, reason=f"r{number}"))
    browser = Browser(core, "eli")
    pages = [browser.get("/audit?action=troubles").text]
    while link(pages[-1], "next"):
        pages.append(browser.get(link(pages[-1], "next")).text)
    assert [page.count("Operator alert: ") for page in pages] == [50, 50, 20]
    back = browser.get(link(pages[-1], "prev")).text
    assert back.count("Operator alert: ") == 50
    assert "r20<" in back
    assert link(browser.get(link(back, "prev")).text, "prev") is None


def link(page, rel):
    """Return where a page's link to the one before or after it leads."""
    _, found, rest = page.partition(f'rel="{rel}" href="')
    return rest.partition('"')[0].replace("&amp;", "&") if found else None


def test_the_day_that_ends_a_time_is_included(core):
    today = core.clock.now().date().isoformat()
    browser = Browser(core, "ana")
    assert "Acknowledged by Ana Ruiz" in browser.get(f"/audit?since={today}&until={today}").text
    assert "No records found" in browser.get("/audit?until=2020-01-01").text


def test_the_chain_says_how_long_it_is_and_what_it_ends_with(core):
    seal(core)
    with core.database.reading() as connection:
        *_, (line, made) = audit_log.chained_records(connection)
    page = Browser(core, "ana").get("/audit/chain").text
    assert made in page
    assert f"The newest {line['seq']} records were verified just now: no record was changed or removed" in page
    assert "never" in page


def test_the_chain_names_what_does_not_fit(core):
    seal(core)
    with core.database.writing() as connection:
        connection.execute(text("DROP TRIGGER audit_records_no_update"))
        connection.execute(text("UPDATE audit_records SET via = 'api' WHERE actor_key = 'ana'"))
    page = Browser(core, "ana").get("/audit/chain").text
    assert "has been changed" in page
    assert "no record was changed or removed" not in page


def test_the_weekly_review_is_a_page(core):
    browser = Browser(core, "ana")
    here = browser.get("/audit/week")
    assert here.status_code == 302
    page = browser.get(here.location).text
    assert "Weekly review" in page
    assert "so far" in page
    assert "No drills." in page
    assert "1001" not in browser.get("/audit/week/2020-W01").text


@pytest.mark.parametrize("name", ["2026-W54", "x", "9999-W52"])
def test_there_is_no_page_of_what_is_no_week(core, name):
    assert Browser(core, "ana").get(f"/audit/week/{name}").status_code == 404


def test_a_drill_of_what_is_restricted_is_told_to_those_who_may_know_of_it(core):
    run = DrillRun(
        uuid7(), "Night call", "Child safety", core.clock.now(), core.clock.now(), DrillState.FAILED, None, "ben"
    )
    with core.database.writing() as connection:
        drills.insert(connection, run)
    write(core, AuditEntry(AuditAction.DRILL_STARTED, after={"drill": run.name, "route": run.route}))
    week = f"/audit/week/{week_name(core.clock.now().date())}"
    for path in (week, "/audit?action=drills"):
        assert "Night call" in Browser(core, "dana").get(path).text
        assert "Night call" not in Browser(core, "ana").get(path).text
