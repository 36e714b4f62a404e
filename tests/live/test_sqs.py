"""The process that reads queues: killed, stopped, and taken up by another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from escalator.store.tables import events, processes
from tests.doubles.sqs import SqsDouble
from tests.live.installation import POLICY, Installation, event, wait_until


@pytest.fixture
def sqs() -> Iterator[SqsDouble]:
    with SqsDouble() as double:
        yield double


@pytest.fixture
def installation(on_postgres: Installation, sqs: SqsDouble, tmp_path: Path) -> Installation:
    """An installation whose source has a queue; nothing is started yet."""
    policy = tmp_path / "with-queue.yml"
    source = "api_key: live-key, api_secret: live-secret"
    policy.write_text(POLICY.read_text().replace(source, f'{source}, sqs: "${{QUEUE}}"'))
    on_postgres.use(policy, **sqs.environment, QUEUE=sqs.queue_url)
    return on_postgres


def is_reading(installation: Installation) -> bool:
    return any(row["kind"] == "sqs" for row in installation.rows(processes))


def test_a_reader_that_is_killed_between_storing_and_deleting_loses_and_doubles_nothing(
    installation: Installation, sqs: SqsDouble
) -> None:
    installation.start_worker()
    sqs.held = {"DeleteMessageBatch"}
    installation.start_queue_reader("reader")
    sqs.send(event().decode())
    wait_until(lambda: sqs.asked("DeleteMessageBatch"), "the event is stored and is to be deleted")
    assert is_reading(installation)
    assert len(installation.rows(events)) == 1
    installation.processes["reader"].kill()
    installation.expect_messages(1)

    sqs.held = set()
    sqs.show_all()
    installation.start_queue_reader("other-reader")
    wait_until(lambda: not sqs.messages, "the message is deleted")
    installation.wait_until_idle()
    assert len(installation.rows(events)) == 1
    assert len(installation.messages()) == 1


def test_a_reader_that_is_asked_to_end_does_not_wait_for_its_poll(installation: Installation, sqs: SqsDouble) -> None:
    installation.start_worker()
    sqs.held = {"ReceiveMessage"}
    installation.start_queue_reader("reader")
    wait_until(lambda: sqs.asked("ReceiveMessage"), "it polls")
    assert installation.processes["reader"].stop() == 0
    assert sqs.asked("ReceiveMessage") == 1, "the poll that was never answered is the only one"
