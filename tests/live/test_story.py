"""What an installation does when nothing fails: one page, one acknowledgement or one escalation."""

import re
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import pytest

from escalator.store.tables import events, incidents
from tests.live.installation import PREFORK, ROOM, SENIORS, THREADS, Installation, event, wait_until

TAKEN = "#1001 taken by Ana Ruiz"


@pytest.fixture(
    params=[
        pytest.param(("on_postgres", PREFORK), id="as in the Procfile", marks=pytest.mark.postgres),
        pytest.param(("on_sqlite", THREADS), id="as in escalator run"),
    ]
)
def running(request: pytest.FixtureRequest) -> Installation:
    """An installation that runs, on each database and in each pool that we ship."""
    fixture, pool = request.param
    installation = request.getfixturevalue(fixture)
    installation.start(*pool)
    return installation


def test_nobody_answers_and_the_seniors_are_told(running: Installation) -> None:
    assert running.post(event(language="quick")) == 200
    [page] = running.expect_messages(1)
    due_at = running.incident()["due_at"]
    [senior] = running.expect_messages(1, SENIORS)
    running.wait_until_idle()
    assert page.first_text == "HIGH · Threat · acknowledge within 2 s · #1001"
    assert page.labels[0] == "Acknowledge"
    assert re.match(r"Nobody answered for \d+ s: HIGH · Threat is now with you · #1001", senior.first_text)
    assert [row["after"]["step"] for row in running.records("step.fired")] == ["1", "2"]
    assert running.records("step.fired")[1]["recorded_at"] >= due_at
    assert len(running.messages()) == len(running.messages(SENIORS)) == 1


def test_each_destination_of_a_step_gets_one_full_message(on_postgres: Installation) -> None:
    on_postgres.start()
    assert on_postgres.post(event(language="many")) == 200
    [in_room] = on_postgres.expect_messages(1, ROOM)
    [to_ana] = on_postgres.expect_messages(1, "D0ANA")
    [to_ben] = on_postgres.expect_messages(1, "D0BEN")
    on_postgres.wait_until_idle()
    assert {message.thread_ts for message in (in_room, to_ana, to_ben)} == {None}
    assert {"Acknowledge" in message.labels for message in (in_room, to_ana, to_ben)} == {True}
    assert len(on_postgres.slack.messages) == 3


def test_an_acknowledgement_updates_every_message_and_ends_the_path(running: Installation) -> None:
    running.post(event(language="many"))
    messages = [running.expect_messages(1, channel)[0] for channel in (ROOM, "D0ANA", "D0BEN")]
    due_at = running.incident()["due_at"]
    running.wait_until_idle()
    assert running.click("ana", "Acknowledge", messages[1]) == 200
    wait_until(lambda: all(message.text.startswith(TAKEN) for message in messages), "every message says who has it")
    running.wait_past(due_at)
    assert [len(message.updates) for message in messages] == [1, 1, 1]
    assert running.messages(SENIORS) == []
    assert len(running.records("step.fired")) == 1


def test_every_event_three_times_in_any_order_is_one_incident_and_one_page(on_postgres: Installation) -> None:
    on_postgres.start()
    bodies = [event() for _ in range(50)]
    sent = bodies * 3
    Random(7).shuffle(sent)  # noqa: S311  # any order will do
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(on_postgres.post, sent)) == {200}
    on_postgres.expect_messages(50)
    on_postgres.wait_until_idle()
    assert on_postgres.count(events) == on_postgres.count(incidents) == 50
    assert on_postgres.numbers_told() == list(range(1001, 1051))


def test_of_eight_acknowledgements_at_once_one_counts_and_seven_hear_who_won(on_postgres: Installation) -> None:
    """Whoever waits for the database for more than 2 s is told to press again (Slack waits for 3 s), and does."""
    on_postgres.start()
    on_postgres.post(event(language="many"))
    messages = [on_postgres.expect_messages(1, channel)[0] for channel in (ROOM, "D0ANA", "D0BEN")]
    on_postgres.wait_until_idle()
    people = ["ana", "ben", "cleo", "dev", "ema", "fay", "gus", "hal"]
    clicks = [on_postgres.slack.click(messages[0], "Acknowledge", f"U0{person.upper()}") for person in people]
    together = Barrier(len(people))

    def click(body: bytes) -> int:
        together.wait()
        while (status := on_postgres.send_click(body)) == 503:
            pass
        return status

    with ThreadPoolExecutor(len(people)) as threads:
        assert set(threads.map(click, clicks)) == {200}

    answers = wait_until(lambda: len(on_postgres.slack.responses) == 7 and on_postgres.slack.responses, "seven answers")
    wait_until(lambda: all("taken by" in message.text for message in messages), "every message says who has it")
    on_postgres.wait_until_idle()
    [taken] = on_postgres.records("incident.acknowledged")
    winner = next(name for name in NAMES if name.lower().startswith(taken["actor_key"]))
    assert {winner in answer["body"]["text"] for answer in answers} == {True}
    assert {answer["body"]["response_type"] for answer in answers} == {"ephemeral"}
    assert len(on_postgres.records("incident.act_refused")) == 7
    assert [len(message.updates) for message in messages] == [1, 1, 1]
    assert [message.text.split(" after ")[0] for message in messages] == [f"#1001 taken by {winner}"] * 3


NAMES = (
    "Ana Ruiz",
    "Ben Okafor",
    "Cleo Marsh",
    "Dev Patel",
    "Ema Lind",
    "Fay Doyle",
    "Gus Brandt",
    "Hal Ito",
)
