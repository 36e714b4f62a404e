"""The heartbeat: a monitor outside is called while all is well, and never waited for longer than a call may take."""

from datetime import timedelta

import pytest
from uuid6 import uuid7

from escalator.channels.deadline_socket import Limits
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.monitoring import heartbeat
from escalator.services.monitoring.heartbeat import send_heartbeat
from escalator.services.monitoring.problems import UNREACHED
from escalator.store import events
from escalator.store.events import EventState, StoredEvent
from tests.doubles.http import Fault, HttpDouble, Reply
from tests.policy.files import MINIMAL
from tests.sandboxes import a_core


class Monitor(HttpDouble):
    def answer(self, request):
        return Reply(200, "ok")


@pytest.fixture
def monitor():
    with Monitor() as double:
        yield double


@pytest.fixture
def core(sqlite_url, tmp_path, monitor, monkeypatch):
    monkeypatch.setattr(heartbeat, "LIMITS", Limits(socket_s=0.5, total_s=0.5))
    core = made(sqlite_url, tmp_path, f"{monitor.origin}/beat")
    yield core
    core.database.close()


def made(url, folder, address):
    return a_core(url, folder, policy=f'{MINIMAL}heartbeat: {{every: 60s, url: "${{BEAT:-}}"}}\n', BEAT=address)


def beats(core, monitor, **later):
    """Let time pass, and return how often the monitor was called then."""
    before = len(monitor.requests)
    core.clock.move(**later)
    send_heartbeat(core)
    return len(monitor.requests) - before


def test_it_beats_as_often_as_the_policy_says(core, monitor):
    assert [beats(core, monitor, seconds=one) for one in (0, 30, 29, 1, 59, 1)] == [1, 0, 0, 1, 0, 1]
    assert {(one.method, one.path) for one in monitor.requests} == {("GET", "/beat")}


def test_two_processes_beat_once(core, monitor, sqlite_url, tmp_path):
    other = made(sqlite_url, tmp_path, core.settings.environment["BEAT"])
    other.clock = core.clock
    send_heartbeat(other)
    assert beats(core, monitor, seconds=1) == 0
    other.database.close()


def test_it_does_not_beat_while_an_event_is_late(core, monitor):
    one = uuid7()
    with core.database.writing() as connection:
        at = core.clock.now() - timedelta(seconds=30)
        events.insert(connection, StoredEvent(one, "chat", one.hex, "x", at, EventState.NEW))
    assert beats(core, monitor, minutes=2) == 0


def test_it_does_not_beat_while_an_incident_has_reached_nobody(core, monitor):
    with core.database.writing() as connection:
        OperatorAlerts(connection, core.clock.now()).record_silently(f"{UNREACHED}1001", "")
    assert beats(core, monitor, minutes=2) == 0
    with core.database.writing() as connection:
        OperatorAlerts(connection, core.clock.now()).resolve(f"{UNREACHED}1001")
    assert beats(core, monitor, minutes=2) == 1


def test_without_an_address_nobody_is_called(sqlite_url, tmp_path, monitor):
    core = made(sqlite_url, tmp_path, "")
    assert beats(core, monitor, minutes=2) == 0
    core.database.close()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(drip_headers=True), id="a dripping head"),
        pytest.param(Fault(delay=30), id="silence"),
        pytest.param(Fault(status=200, body="x" * 9_000, drip=True), id="a dripping body"),
        pytest.param(Fault(status=200, oversized=400_000), id="a huge body"),
        pytest.param(Fault(drop=True), id="nothing"),
        pytest.param(Fault(status=503), id="an error"),
        pytest.param(Fault(status=302, location="http://127.0.0.1:1/"), id="a redirect"),
    ],
)
def test_whatever_the_monitor_does_the_call_ends_and_the_next_is_made(core, monitor, fault):
    monitor.inject(fault)
    assert beats(core, monitor, seconds=0) == 1
    assert beats(core, monitor, seconds=60) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "ftp://example.com", "nowhere", "http://[", "https://"])
def test_an_address_at_which_nobody_answers_raises_nothing(sqlite_url, tmp_path, address):
    core = made(sqlite_url, tmp_path, address)
    send_heartbeat(core)
    core.database.close()
