"""What happens when a process dies in the middle of its work: what it had begun is done again, by another."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from escalator.store.tables import deliveries, incidents, processes
from tests.doubles.slack_state import Fault
from tests.live.installation import ROOM, SENIORS, Installation, event, wait_until

SLOW_S = 3.0
"""How long Slack takes to answer what it has done at once: time enough to be killed in, and less than we wait."""


def _slow(many: int = 1) -> list[Fault]:
    return [Fault(delay=SLOW_S) for _ in range(many)]


def _killed_at_its_head(installation: Installation) -> None:
    installation.processes["worker"].kill_main()


def _killed_where_it_sends(installation: Installation) -> None:
    os.kill(_sender_of(installation)["pid"], signal.SIGKILL)


def _sender_of(installation: Installation) -> Mapping[str, object]:
    """Return the process that is sending."""
    [sending] = installation.rows(deliveries, state="sending")
    [sender] = installation.rows(processes, id=sending["claimed_by"])
    return sender


@pytest.mark.parametrize(
    "kill",
    [
        pytest.param(_killed_at_its_head, id="its main process"),
        pytest.param(_killed_where_it_sends, id="the pool process that sends"),
    ],
)
def test_a_page_whose_sender_is_killed_comes_once_more_and_is_not_lost(
    on_postgres: Installation, kill: Callable[[Installation], None]
) -> None:
    on_postgres.start()
    on_postgres.slack.inject("chat.postMessage", *_slow())
    on_postgres.post(event())
    [first] = on_postgres.expect_messages(1)
    killed = _sender_of(on_postgres)["id"]
    kill(on_postgres)
    if not on_postgres.processes["worker"].is_running:
        on_postgres.start_worker()
    second = on_postgres.expect_messages(2)[1]
    on_postgres.wait_until_idle()
    [sent] = on_postgres.rows(deliveries)
    assert (sent["state"], sent["claim_number"]) == ("delivered", 2)
    assert sent["claimed_by"] != killed
    assert len(on_postgres.messages()) == 2

    assert on_postgres.click("ana", "Acknowledge", first) == 200
    wait_until(lambda: "taken by Ana Ruiz" in first.text, "the message that nobody knew of is adopted")
    wait_until(lambda: "taken by Ana Ruiz" in second.text, "the other one is updated too")


def test_each_kill_costs_one_more_message_at_most(on_postgres: Installation) -> None:
    on_postgres.start()
    on_postgres.slack.inject("chat.postMessage", *_slow(2))
    on_postgres.post(event())
    for kills in (1, 2):
        on_postgres.expect_messages(kills)
        on_postgres.processes["worker"].kill()
        on_postgres.start_worker()
    on_postgres.expect_messages(3)
    on_postgres.wait_until_idle()
    assert [row["state"] for row in on_postgres.rows(deliveries)] == ["delivered"]
    assert len(on_postgres.messages()) == 3


def test_an_update_whose_sender_is_killed_is_made_by_another(on_postgres: Installation) -> None:
    on_postgres.start()
    on_postgres.post(event())
    [message] = on_postgres.expect_messages(1)
    on_postgres.wait_until_idle()
    on_postgres.slack.inject("chat.update", Fault(status=503, delay=SLOW_S))
    on_postgres.click("ana", "Acknowledge", message)
    wait_until(lambda: "chat.update" in {call["method"] for call in on_postgres.slack.calls}, "the update is under way")
    on_postgres.processes["worker"].kill()
    on_postgres.start_worker()
    wait_until(lambda: "taken by Ana Ruiz" in message.text, "the message says who has it")
    on_postgres.wait_until_idle()
    assert len(message.updates) == 1


MANY = 200


def test_nothing_is_lost_when_redis_is_flushed_and_everything_killed(on_postgres: Installation) -> None:
    on_postgres.start()
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(on_postgres.post, [event() for _ in range(MANY)])) == {200}
    on_postgres.expect_messages(MANY)
    on_postgres.wait_until_idle()
    due_at = on_postgres.bring_near(seconds=8)
    wait_until(lambda: all(row["timer_set_for"] for row in on_postgres.rows(incidents)), "every deadline has an alarm")
    on_postgres.redis.flushall()
    on_postgres.kill_all()
    on_postgres.redis.kill()
    assert len(on_postgres.firings()) == MANY

    on_postgres.redis.start()
    on_postgres.start()
    on_postgres.expect_messages(MANY, SENIORS)
    on_postgres.wait_past(due_at)

    everyone = list(range(1001, 1001 + MANY))
    assert on_postgres.numbers_told(ROOM) == on_postgres.numbers_told(SENIORS) == everyone
    ids = sorted(row["id"] for row in on_postgres.rows(incidents))
    assert on_postgres.firings() == [(one, step) for one in ids for step in ("1", "2")]
    assert all(row["recorded_at"] >= due_at for row in on_postgres.records("step.fired") if row["after"]["step"] == "2")


def _kill_something(installation: Installation, chance: Random) -> None:
    """Kill a process, of ours or of the broker's, and start what does not start by itself."""
    worker, web = installation.processes["worker"], installation.processes["web"]
    match chance.choice(["worker", "head of the worker", "pool process", "web", "broker"]):
        case "worker":
            worker.kill()
        case "head of the worker":
            worker.kill_main()
        case "pool process":
            worker.kill_child(chance)
        case "web":
            web.kill()
        case "broker":
            installation.redis.kill()
            installation.redis.start()
    if not worker.is_running:
        installation.start_worker()
    if not web.is_running:
        installation.start_web()


def test_whatever_is_killed_every_event_is_told_and_every_deadline_fires_once(on_postgres: Installation) -> None:
    on_postgres.start()
    on_postgres.slack.inject("chat.postMessage", *[Fault(delay=0.3) for _ in range(400)])
    chance, kills, count = Random(int(os.environ.get("LIVE_SEED", "1"))), 5, 60  # noqa: S311  # which process dies is no secret
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(on_postgres.deliver, event(language="quick")) for _ in range(count)]
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 1.5))
            _kill_something(on_postgres, chance)
        for one in sent:
            one.result()
    # A transaction that dies with its process leaves a gap in the numbers, so they are not known beforehand.
    wait_until(lambda: len(Counter(on_postgres.numbers_told(SENIORS))) == count, "the seniors know of every incident")
    on_postgres.wait_until_idle()
    ids = sorted(row["id"] for row in on_postgres.rows(incidents))
    everyone = sorted(row["number"] for row in on_postgres.rows(incidents))
    assert len(everyone) == count
    assert on_postgres.firings() == [(one, step) for one in ids for step in ("1", "2")]
    for channel in (ROOM, SENIORS):
        told = Counter(on_postgres.numbers_told(channel))
        assert sorted(told) == everyone
        assert max(told.values()) <= 1 + kills
    assert {row["state"] for row in on_postgres.rows(deliveries)} == {"delivered"}
