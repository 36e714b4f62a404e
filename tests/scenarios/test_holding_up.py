"""What goes wrong with one incident, one message or one switch of mode holds up nobody else and tells nobody real."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from escalator.model.levels import Mode
from escalator.store.tables import deliveries, incidents, posted_messages
from tests.doubles.slack_state import Fault
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import PAGE, SELF_HARM, TRIGGERED, nobody, paged


def make_unreadable(h: Harness, number: int) -> None:
    with h.core.database.writing() as connection:
        connection.execute(update(incidents).where(incidents.c.number == number).values(sealed_facts=b"not ours"))


def test_an_incident_that_cannot_be_read_holds_up_no_other_deadline(h: Harness) -> None:
    paged(h)
    make_unreadable(h, 1001)
    h.post(SELF_HARM, item=2)
    h.forget_seen()
    h.fast_forward(minutes=6)
    assert h.incident(1002)["step"] == 1
    for event in ("batch_failed", "item_failed"):
        h.expect_error(event)
    h.forget_seen()
    assert h.incident(1001)["attempts"] > 0


def test_an_incident_that_cannot_be_read_holds_up_no_other_message(h: Harness) -> None:
    with h.slack_down():
        h.post(SELF_HARM)
        h.post(SELF_HARM, item=2)
    make_unreadable(h, 1001)
    h.fast_forward(seconds=30)
    h.expect_message("#critical-alerts", PAGE.replace("1001", "1002"))
    h.expect_error("incident_unreadable")
    h.forget_seen()


def to_sandbox(h: Harness) -> None:
    h.start("", mode="sandbox")


def to_divert_by_the_environment(h: Harness) -> None:
    h.start("", mode="divert")


def to_divert_by_the_policy(h: Harness) -> None:
    h.change_policy("divert_to: leads", "divert_to: leads\n    mode: divert")


DIVERTS = [
    pytest.param(to_divert_by_the_environment, id="by the environment"),
    pytest.param(to_divert_by_the_policy, id="by the policy"),
]


@pytest.fixture
def divertible(bare: Harness) -> Harness:
    """An installation in production that knows where a diverted source would go."""
    return bare.start(POLICY.read_text().replace("platform: stream\n", "platform: stream\n    divert_to: leads\n"))


@pytest.mark.parametrize("switch", [pytest.param(to_sandbox, id="to sandbox"), *DIVERTS])
def test_a_page_that_was_meant_for_real_people_is_not_sent_after_the_switch(
    divertible: Harness, switch: Callable[[Harness], None]
) -> None:
    h = divertible
    with h.slack_down():
        h.post(SELF_HARM)
    switch(h)
    h.fast_forward(minutes=1)
    h.expect_nothing()
    with h.core.database.reading() as connection:
        fates = connection.execute(select(deliveries.c.state, deliveries.c.reason).distinct()).all()
    assert [tuple(fate) for fate in fates] == [("suppressed", "mode")]


@pytest.mark.parametrize("switch", DIVERTS)
def test_after_a_switch_to_divert_an_open_incident_goes_on_at_the_one_destination(
    divertible: Harness, switch: Callable[[Harness], None]
) -> None:
    h = divertible
    paged(h)
    switch(h)
    h.fast_forward(minutes=5)
    h.expect_message("#leads", f"TEST · {nobody(5)}", mentions=[], buttons=TRIGGERED)
    h.fast_forward(minutes=1)


@pytest.mark.parametrize("switch", DIVERTS)
def test_what_real_people_see_is_left_as_it_is_while_its_source_is_diverted(
    divertible: Harness, switch: Callable[[Harness], None]
) -> None:
    h = divertible
    messages = paged(h)
    switch(h)
    h.fast_forward(minutes=5)
    test = h.expect_message("#leads", f"TEST · {nobody(5)}")
    h.click("ana", "Acknowledge", on=test)
    h.expect_update(test, "TEST · #1001 taken by Ana Ruiz after 5 min")
    h.fast_forward(minutes=1)
    assert not any(message.updates for message in messages)


def test_what_stands_in_the_sandbox_is_no_place_to_reply_to_in_slack(h: Harness) -> None:
    with h.slack_down():
        h.post(SELF_HARM)
    h.start("", mode="sandbox")
    h.fast_forward(minutes=6)
    with h.core.database.reading() as connection:
        assert set(
            connection.scalars(select(posted_messages.c.mode).where(posted_messages.c.vendor_ref.is_not(None)))
        ) == {Mode.SANDBOX}
    h.start("", mode="production")
    h.fast_forward(minutes=10)
    h.expect_message("#critical-alerts", nobody(15), mentions=["eli"])
    h.forget_seen()


def test_where_somebody_deleted_the_message_the_next_page_is_a_full_one(h: Harness) -> None:
    paged(h)
    h.fast_forward(minutes=14)
    h.forget_seen()
    h.slack.inject("chat.postMessage", Fault(error="thread_not_found"))
    h.fast_forward(minutes=1, seconds=5)
    h.expect_message("#critical-alerts", nobody(15), mentions=["eli"], buttons=TRIGGERED)
    h.forget_seen()


def test_a_window_opened_before_it_grew_graver_resolves_nothing(h: Harness) -> None:
    [channel, *_direct] = paged(h)
    h.click("ana", "Acknowledge", on=channel)
    h.click("ana", "Resolve", on=channel)
    window = h.expect_window("ana", "Resolve #1001")
    h.click("ana", "Release", on=channel)
    h.submit("ana", window, "action_taken")
    h.expect_answer("ana", "Nothing changed: that message was out of date. #1001 is unacknowledged now.")
    assert h.incident()["state"] == "triggered"
    h.forget_seen()
