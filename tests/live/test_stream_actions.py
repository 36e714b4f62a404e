"""What somebody asks for in Stream is done there once, wherever a worker is killed and however many there are."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from escalator.store.tables import incidents, stream_calls
from tests.doubles.http import Fault
from tests.doubles.slack_state import Message
from tests.doubles.stream import StreamDouble
from tests.doubles.stream_actions import SUBMIT
from tests.live.installation import POLICY, STREAM_KEY, STREAM_SECRET, Installation, event, wait_until

NO_ANSWER_S = 60.0
"""Longer than anybody waits for Stream: the worker is killed while it waits."""

AFTER_THE_EFFECT = Fault(delay=NO_ANSWER_S, is_done=True)
BEFORE_THE_EFFECT = Fault(status=503, delay=NO_ANSWER_S)
ACTIONS = """
actions:
  remove: {label: Delete and ban, do: [delete, ban], ban: {for: 24h}}
  legal:  {label: Send to legal, do: "custom:legal"}
"""
DONE = {"Delete and ban": "Deleted, author banned by Ana Ruiz", "Send to legal": "Custom action legal run by Ana Ruiz"}
PARTS = {"Delete and ban": ["delete_message", "ban"], "Send to legal": ["custom"]}


@pytest.fixture
def stream() -> Iterator[StreamDouble]:
    with StreamDouble(secrets=(STREAM_SECRET,)) as double:
        double.key = STREAM_KEY
        yield double


@pytest.fixture
def installation(on_postgres: Installation, stream: StreamDouble, tmp_path: Path) -> Installation:
    """An installation that offers actions; nothing is started yet."""
    text = POLICY.read_text() + ACTIONS
    for old, new in (
        ("slack: U0ANA}", "slack: U0ANA, stream: mod-1}"),
        ("api_secret: live-secret}", 'api_secret: live-secret, reconcile: "off"}'),
        ("labels: [THREAT], at_least: high}", "labels: [THREAT], at_least: high, actions: [remove, legal]}"),
    ):
        assert old in text
        text = text.replace(old, new)
    policy = tmp_path / "with-actions.yml"
    policy.write_text(text)
    on_postgres.use(policy, STREAM_API_URL=stream.origin)
    return on_postgres


def alert(installation: Installation, stream: StreamDouble, already: int = 0) -> Message:
    """Let Stream flag a message, and return the page about it."""
    item_id = str(uuid4())
    stream.add_item(item_id, entity_id=f"message-{item_id}", entity_creator_id="user-42")
    installation.deliver(event(id=item_id, entity_id=f"message-{item_id}", entity_creator_id="user-42"))
    return installation.expect_messages(already + 1)[-1]


def asked(stream: StreamDouble) -> int:
    with stream.lock:
        return sum(request.path == SUBMIT for request in stream.requests)


def acted(stream: StreamDouble) -> list[str]:
    with stream.lock:
        return [body["action_type"] for body in stream.acted]


def send_webhooks(installation: Installation, stream: StreamDouble) -> None:
    """Let Stream send the webhooks about what was done."""
    with stream.lock:
        bodies, stream.webhooks = list(stream.webhooks), []
    for body in bodies:
        installation.deliver(body)
    installation.wait_until_idle()


def check_done_once(installation: Installation, message: Message, label: str, stream: StreamDouble) -> None:
    wait_until(lambda: installation.incident()["state"] == "resolved", "the incident is resolved")
    send_webhooks(installation, stream)
    assert acted(stream) == PARTS[label]
    assert {row["state"] for row in installation.rows(stream_calls)} == {"done"}
    assert [row["actor_key"] for row in installation.records("incident.resolved")] == ["ana"]
    assert installation.incident()["state"] == "resolved"
    wait_until(lambda: DONE[label] in json.dumps(message.blocks, ensure_ascii=False), "the message says so")


@pytest.mark.parametrize("label", list(PARTS))
@pytest.mark.parametrize(
    ("fault", "acted_at_death"),
    [
        pytest.param(AFTER_THE_EFFECT, 1, id="after the effect, before the answer"),
        pytest.param(BEFORE_THE_EFFECT, 0, id="after the attempt was noted, before the effect"),
    ],
)
def test_a_worker_that_is_killed_within_the_call_repeats_nothing_and_loses_nothing(
    installation: Installation, stream: StreamDouble, label: str, fault: Fault, acted_at_death: int
) -> None:
    installation.start()
    message = alert(installation, stream)
    stream.inject(fault, path=SUBMIT)
    assert installation.click("ana", label, message) == 200
    wait_until(lambda: asked(stream), "the call is made")
    installation.processes["worker"].kill()
    assert len(acted(stream)) == acted_at_death
    [call] = installation.rows(stream_calls)
    assert (call["state"], call["attempts"]) == ("sending", 1)
    assert installation.incident()["state"] == "acknowledged"
    installation.start_worker("other")
    check_done_once(installation, message, label, stream)


def test_killed_again_and_again_it_is_done_once(installation: Installation, stream: StreamDouble) -> None:
    installation.start()
    message = alert(installation, stream)
    stream.inject(BEFORE_THE_EFFECT, AFTER_THE_EFFECT, AFTER_THE_EFFECT, path=SUBMIT)
    installation.click("ana", "Delete and ban", message)
    for calls in (1, 2, 3):
        wait_until(lambda calls=calls: asked(stream) == calls, f"call {calls} is made")
        installation.processes["worker"].kill()
        installation.start_worker()
    check_done_once(installation, message, "Delete and ban", stream)
    assert asked(stream) == 3


def test_two_workers_at_once_do_each_action_once(installation: Installation, stream: StreamDouble) -> None:
    installation.start()
    installation.start_worker("second")
    count = 8
    messages = [alert(installation, stream, already) for already in range(count)]
    stream.inject(*[Fault(delay=0.2, is_done=True)] * count, path=SUBMIT)
    with ThreadPoolExecutor(count) as clicks:
        list(clicks.map(lambda message: installation.click("ana", "Delete and ban", message), messages))
    wait_until(lambda: installation.count(incidents, state="resolved") == count, "all incidents are resolved")
    send_webhooks(installation, stream)
    with stream.lock:
        done = Counter((body["item_id"], body["action_type"]) for body in stream.acted)
    assert len(done) == 2 * count
    assert set(done.values()) == {1}
    resolved = Counter(row["incident_id"] for row in installation.records("incident.resolved"))
    assert sorted(resolved.values()) == [1] * count
