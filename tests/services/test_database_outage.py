"""A database that is away is told of, once by each process, past all that stands in it."""

from datetime import timedelta

import pytest

from escalator.errors import Unavailable
from escalator.services.monitoring.database_outage import OutageWatch, send_outage_alert
from escalator.store import policies
from tests.doubles.slack import SlackDouble
from tests.sandboxes import a_core, demo_policy


@pytest.fixture
def slack():
    with SlackDouble() as double:
        yield double


@pytest.fixture
def started(sqlite_url, tmp_path, slack):
    """Start a process in a mode; it has looked into the database before."""
    cores = []

    def start(mode):
        policy = demo_policy().replace('"${DASHBOARD_SECRET:-}"', '"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"')
        known = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.url, "SLACK_SIGNING_SECRET": "s"}
        core = a_core(sqlite_url, tmp_path, policy=policy, ESCALATOR_MODE=mode, **known)
        cores.append(core)
        with core.database.writing() as connection:
            version = policies.activate(connection, policy, "0" * 64, "file", core.clock.now())
            assert core.policies.running(connection).version == version
        return core

    yield start
    for core in cores:
        core.database.close()


def take_away(core):
    """Let the database be one that cannot be opened."""
    core.database.close()
    file = core.settings.policy_file.parent / "escalator.db"
    file.unlink()
    file.mkdir()


def test_it_is_told_without_the_database(started, slack):
    core = started("production")
    take_away(core)
    with pytest.raises(Unavailable), core.database.reading() as connection:
        core.policies.running(connection)
    send_outage_alert(core)
    assert [(one.channel, "its database cannot be reached" in one.text) for one in slack.messages] == [
        ("CCRITICALALERTS", True),
        ("D0ELI", True),
    ]


@pytest.mark.parametrize("mode", ["divert", "sandbox"])
def test_outside_of_production_nobody_is_told(started, slack, mode):
    core = started(mode)
    send_outage_alert(core)
    assert slack.messages == []


def test_it_is_time_after_a_minute_and_once_in_each_outage(started):
    core = started("production")
    outage, begun = OutageWatch(core), core.clock.now()
    asked = [outage.is_alert_due(begun + timedelta(seconds=span)) for span in (0, 59, 60, 62, 600)]
    assert asked == [False, False, True, False, False]
    outage.over()
    asked = [outage.is_alert_due(begun + timedelta(seconds=span)) for span in (700, 759, 760, 762)]
    assert asked == [False, False, True, False]
