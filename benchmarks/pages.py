"""How soon the pages of the dashboard answer, with a year of a busy installation behind them."""

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import requests

from benchmarks.coverage import policy_text
from benchmarks.history import INCIDENTS, RECORDS_EACH, fill
from benchmarks.measure import percentile
from benchmarks.stack import Stack, free_port, stack, wait_for
from escalator.bootstrap import build
from escalator.engine.categorize import category_rules_digest
from escalator.services.auth import sessions
from escalator.settings import read_settings
from web.session import cookie_name

_ROUNDS = 40
_NEWEST = 1000 + INCIDENTS
_DAY = timedelta(days=1)
_PAGE_MS, _SEARCH_MS = 100, 100


def pages() -> list[str]:
    """Every page as a senior moderator sees it, and the audit search by whatever it can be asked for."""
    with stack("http://127.0.0.1:9/") as made:
        browser = _installed(made)
        bare = _bare_ms(made)
        base = f"http://127.0.0.1:{made.port}"
        shown = {name: _p95_ms(browser, base + path) for name, path in _pages().items()}
        searched = {name: _p95_ms(browser, base + path) for name, path in _searches().items()}
    return [*_rows("page", shown, bare, _PAGE_MS), *_rows("audit search", searched, bare, _SEARCH_MS)]


def _bare_ms(made: Stack) -> float:
    """Return the p95 of a bare Flask page that reads one incident by its primary key, under the same gunicorn."""
    port = free_port()
    gunicorn = ("-m", "gunicorn", "--config", "python:web.gunicorn_config", "benchmarks.bare:lookup()")
    child = made.start(sys.executable, *gunicorn, PORT=str(port))
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url)
        return _p95_ms(requests.Session(), url)
    finally:
        child.terminate()


def _installed(made: Stack) -> requests.Session:
    """Fill a database, start the web process on it, and return the browser of somebody who is signed in there."""
    made.prepare()
    text = policy_text().replace("c0: {title: Category 0,", "c0: {title: Category 0, restricted_to: [team-0],")
    (made.folder / "escalation.yml").write_text(text)
    core = build(read_settings(made.environment()), patience_s=None)
    core.policies.offer(core.database)
    with core.database.writing() as connection:
        running = core.policies.required(connection)
        fill(connection, running.version, category_rules_digest(running.policy), core.seal)
    made.start_web()
    browser = requests.Session()
    browser.cookies.set(cookie_name(core), sessions.start_session(core, "p49", "link"))
    core.database.close()
    return browser


def _pages() -> Mapping[str, str]:
    return {
        "now": "/",
        "all incidents": "/incidents",
        "an incident": f"/incidents/{_NEWEST - 5}",
        "a closed incident": f"/incidents/{_NEWEST - 4999}",
        "on call": "/oncall",
        "policy": "/policy",
        "policy history": "/policy/history",
        "audit": "/audit",
        "weekly review": f"/audit/week/{datetime.now(UTC):%G-W%V}",
        "reports, four weeks": "/reports",
        "reports, five weeks": f"/reports?since={_days_ago(34)}&until={_days_ago(0)}",
        "people": "/people",
        "API: incidents": "/api/v1/incidents",
        "API: records": "/api/v1/records",
    }


def _searches() -> Mapping[str, str]:
    span = f"since={_days_ago(90)}&until={_days_ago(60)}"
    return {
        "a person": "/audit?person=p7",
        "an incident": f"/audit?number={_NEWEST - 77}",
        "a category": "/audit?category=c3",
        "a time": f"/audit?{span}",
        "an action": "/audit?action=incident.resolved",
        "a person, a category and a time": f"/audit?person=p7&category=c7&{span}",
        "a person and a category that never met": "/audit?person=p7&category=c4",
        "an action and a category": "/audit?action=incident.revealed&category=c5",
    }


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - days * _DAY).date().isoformat()


def _p95_ms(browser: requests.Session, url: str) -> float:
    took = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        answer = browser.get(url, timeout=30, allow_redirects=False)
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}: {answer.text[:300]}")
    return percentile(took, 0.95)


def _rows(what: str, found: Mapping[str, float], bare: float, must_ms: int) -> list[str]:
    size = f"{INCIDENTS:,} incidents, {INCIDENTS * RECORDS_EACH:,} records"
    return [
        f"| {what}: {name} (p95, {size}) | {took:.0f} ms | bare Flask, one row: {bare:.1f} ms | "
        f"{took / bare:.1f} times; under {must_ms} ms |"
        for name, took in found.items()
    ]
