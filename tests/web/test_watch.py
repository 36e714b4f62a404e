"""The first page says how the product itself is: an alarm, or one calm line."""

import pytest
from flask import g

from escalator.services.monitoring.problems import HealthProblem
from escalator.services.views.health import HealthSummary
from tests.fakes import START
from tests.sandboxes import a_core
from web.app import create_app


@pytest.fixture
def shown(sqlite_url, tmp_path):
    """Show a watch as a page that includes it does."""
    core = a_core(sqlite_url, tmp_path)

    def show(watch):
        app = create_app(core)
        with app.test_request_context():
            g.now = START
            page = app.jinja_env.get_template("dashboard/watch.html").render(watch=watch)
            return " ".join(page.split())

    yield show
    core.database.close()


def test_one_calm_line_says_that_all_is_well(shown):
    page = shown(HealthSummary((), 2, START))
    assert "All deadlines on time; 2 workers; last event <time" in page
    assert "alarm" not in page


def test_before_the_first_event_it_says_so(shown):
    assert "All deadlines on time; 1 worker; no events yet" in shown(HealthSummary((), 1, None))


def test_everything_that_is_wrong_is_said_in_the_alarm(shown):
    found = (
        HealthProblem("workers", "none is running"),
        HealthProblem("silent_source:chat-prod", "no event of <chat>"),
    )
    page = shown(HealthSummary(found, 0, START))
    assert '<section class="alarm"' in page
    assert "<li><strong>Workers</strong>: none is running</li>" in page
    assert "<li><strong>Silent source</strong>: no event of &lt;chat&gt;</li>" in page
    assert "All deadlines on time" not in page
