"""A channel that is spoken to no faster than it takes: everything comes, later, and as it stands by then."""

from datetime import timedelta

from escalator.channels.slack.rate_limit import UPDATES
from escalator.store.tables import operator_alerts
from tests.doubles.slack_state import Message
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, labelled, paged
from tests.scenarios.turnstile import Turnstile


def test_pages_beyond_the_burst_come_one_a_second_and_none_is_lost(h: Harness, turnstile: Turnstile) -> None:
    h.post(SELF_HARM)
    turnstile.burst = 2
    for item in range(2, 7):
        h.post(SELF_HARM, item=item)
    assert len(room(h)) == 3, "the first has told the channel's id, under which all others are counted"
    for more in range(1, 4):
        h.fast_forward(seconds=1)
        assert len(room(h)) == 3 + more
    h.forget_seen()
    assert [row["reason"] for row in h.records("delivery.failed")] == []
    assert h.count(operator_alerts) == 0
    assert not [line for line in h.log.lines("warning") if line["event"] == "delivery_failed"]


def test_a_paced_page_counts_as_no_failure_of_its_step(h: Harness, turnstile: Turnstile) -> None:
    turnstile.hold("#critical-alerts", timedelta(seconds=30))
    h.post(SELF_HARM)
    h.fast_forward(minutes=1)
    h.forget_seen()
    assert h.records("step.failed") == []
    assert len(room(h)) == 1


def test_a_paced_update_shows_the_newest_state_and_nothing_in_between(h: Harness, turnstile: Turnstile) -> None:
    h.post(SELF_HARM, **labelled("HATE", "high", 60))
    message = h.expect_message("#hate", "HIGH · Hate · acknowledge within 15 min · #1001")
    turnstile.hold(UPDATES, timedelta(seconds=10))
    h.post(SELF_HARM, **labelled("HATE", "critical", 90))
    h.click("ana", "Acknowledge", on=message)
    h.fast_forward(seconds=9)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_update(message, "#1001 taken by Ana Ruiz after 0 s", says="CRITICAL · Hate")


def test_an_update_waits_for_no_page_of_its_channel(h: Harness, turnstile: Turnstile) -> None:
    messages = paged(h)
    turnstile.hold(messages[0].channel, timedelta(seconds=5))
    h.click("ana", "Acknowledge", on=messages[1])
    h.expect_updates(*messages, text="#1001 taken by Ana Ruiz after 0 s")


def test_what_somebody_did_is_shown_before_what_has_merely_gone_on(h: Harness, turnstile: Turnstile) -> None:
    messages = paged(h)
    turnstile.burst = 0
    turnstile.take(UPDATES)
    h.post(SELF_HARM, item=2)
    second = room(h)[-1]
    h.post(SELF_HARM, item=2, review_queue_item={"severity": 99})
    h.click("ana", "Acknowledge", on=messages[1])
    h.expect_updates(*messages, text="#1001 taken by Ana Ruiz after 0 s")
    assert not second.updates
    h.forget_seen()


def room(h: Harness) -> list[Message]:
    return [one for one in h.slack.messages if one.channel == h.slack.channel_id("#critical-alerts")]
