"""`escalator doctor` and queues: can they be read, and does a process read them?"""

import json

import pytest

from escalator.services.core.process_liveness import QUEUE_READER, record_heartbeat
from tests.doubles.http import Fault
from tests.doubles.sqs import SqsDouble


@pytest.fixture
def sqs(monkeypatch):
    with SqsDouble() as double:
        for name, value in {**double.environment, "QUEUE": double.queue_url}.items():
            monkeypatch.setenv(name, value)
        yield double


@pytest.fixture
def doctor(cli, core, stream_app, folder, monkeypatch, sqs):
    """What doctor says of queues, on a policy whose only source has one."""
    monkeypatch.setenv("ESCALATOR_MODE", "divert")
    path = folder / "escalation.yml"
    path.write_text(path.read_text().replace('api_secret: "${SECRET}"', 'api_secret: "${SECRET}", sqs: "${QUEUE}"'))

    def run():
        lines = json.loads(cli("doctor", "--json").stdout)
        return [(line["status"], line["found"]) for line in lines if line["what"] in {"sqs", "queue of app"}]

    return run


def test_a_queue_that_is_read(doctor, core, sqs):
    record_heartbeat(core, QUEUE_READER)
    sqs.send("event")
    assert doctor() == [("ok", "1 running"), ("ok", "reachable; 1 waiting")]


def test_a_queue_that_nobody_reads_fails(doctor):
    assert doctor()[0] == ("fail", "no process reads the queues: their events wait there")


def test_a_queue_that_may_not_be_read_fails(doctor, sqs):
    sqs.inject(Fault(status=403, body={"__type": "com.amazonaws.sqs#AccessDenied"}))
    assert doctor()[1] == ("fail", "reached, but the credentials were refused (bad_credentials: AccessDenied)")


def test_a_queue_that_keeps_too_little_is_warned_of(doctor, sqs):
    sqs.attributes = {"MessageRetentionPeriod": "3600"}
    assert doctor()[1:] == [
        ("ok", "reachable; nothing waits"),
        ("warn", "has no dead-letter queue"),
        ("warn", "keeps events for 1 h only"),
    ]


def test_without_the_extra_it_says_what_to_install(doctor, monkeypatch):
    monkeypatch.setattr("escalator.commands.doctor_queues.find_spec", lambda _name: None)
    assert doctor() == [("fail", "boto3 is not installed; run `pip install '.[sqs]'`, or install requirements-sqs.txt")]


def test_in_the_sandbox_and_without_a_queue_nothing_is_asked(doctor, sqs, monkeypatch):
    monkeypatch.setenv("QUEUE", "")
    assert doctor() == []
    monkeypatch.setenv("QUEUE", sqs.queue_url)
    monkeypatch.setenv("ESCALATOR_MODE", "sandbox")
    assert doctor() == []
    assert sqs.requests == []


def test_the_command_needs_the_extra(cli, monkeypatch):
    monkeypatch.setattr("escalator.commands.sqs.find_spec", lambda _name: None)
    result = cli("sqs")
    assert (result.exit_code, "boto3 is not installed" in result.output) == (1, True)
