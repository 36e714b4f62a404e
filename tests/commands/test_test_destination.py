"""`escalator test-destination`: one message, marked as a test, by the way that a page takes."""

import pytest

from escalator.bootstrap import build
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.settings import from_environment
from escalator.store import sandbox_inbox
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_state import Fault

SAID = "TEST · Test message to {}: nothing has happened, no action is needed"


@pytest.fixture
def slack(core, monkeypatch):
    """Slack, and an installation that is in production."""
    with SlackDouble() as double:
        monkeypatch.setenv("ESCALATOR_MODE", "production")
        monkeypatch.setenv("SLACK_BOT_TOKEN", double.token)
        monkeypatch.setenv("SLACK_API_URL", double.url)
        yield double


def test_in_the_sandbox_it_is_kept_and_says_so(core, cli):
    result = cli("test-destination", "critical-alerts")
    assert (result.exit_code, result.stdout) == (
        0,
        "critical-alerts (slack): kept in the sandbox, nothing was sent\n",
    )
    with core.database.reading() as connection:
        (kept,) = sandbox_inbox.newest(connection, 10, core.clock.now())
    assert kept.destination == "critical-alerts"


def test_in_production_it_gets_through_marked_as_a_test(slack, cli):
    result = cli("test-destination", "critical-alerts")
    assert (result.exit_code, result.stdout) == (0, "critical-alerts (slack): delivered\n")
    assert [one.text for one in slack.messages] == [SAID.format("critical-alerts")]


def test_a_team_is_everybody_in_it(slack, cli):
    result = cli("test-destination", "team:moderators")
    assert result.stdout == "person:ana (slack): delivered\nperson:ben (slack): delivered\n"
    assert {one.channel for one in slack.messages} == {"D0ANA", "D0BEN"}


def test_what_does_not_get_through_is_told_with_its_reason(slack, cli):
    slack.inject("chat.postMessage", Fault(error="is_archived"))
    result = cli("test-destination", "critical-alerts")
    assert (result.exit_code, result.stdout) == (1, "critical-alerts (slack): failed: bad_target (is_archived)\n")


def test_a_destination_that_was_reached_is_not_broken_any_more(core, slack, cli):
    with core.database.writing() as connection:
        policy = core.policies.running(connection).policy
        OperatorAlerts(connection, core.clock.now()).raise_alert(
            "destination:critical-alerts", "broken", policy, core.settings
        )
    cli("test-destination", "critical-alerts")
    with build(from_environment()).database.reading() as connection:
        assert OperatorAlerts(connection, core.clock.now()).list_open() == []


def test_a_name_that_means_nobody_is_misuse_and_says_what_there_is(core, cli):
    result = cli("test-destination", "nowhere")
    assert result.exit_code == 2
    assert "nowhere: is not a destination of the policy; one of critical-alerts" in result.stderr
