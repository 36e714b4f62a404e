"""Nobody real is notified by accident: the mildest mode that anybody has set holds, then and now."""

import pytest

from escalator.ports import DELIVER
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.store.tables import deliveries, incidents, sandbox_inbox
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import PAGE, SELF_HARM, nobody, paged

DIVERTED = POLICY.read_text().replace(
    "platform: stream\n", "platform: stream\n    mode: divert\n    divert_to: leads\n"
)


def test_in_sandbox_everything_is_kept_and_nothing_sent(bare: Harness) -> None:
    h = bare.start(mode="sandbox")
    h.post(SELF_HARM)
    h.fast_forward(minutes=20)
    h.expect_nothing()
    assert h.slack.calls == []
    assert h.count(sandbox_inbox) > 5
    assert h.app.test_client().get("/readyz").json["notes"] == ["Sandbox mode: nothing is sent (1 alert so far)"]


@pytest.mark.parametrize("mode", ["divert", "production"])
def test_sandbox_on_a_source_wins(bare: Harness, mode: str) -> None:
    text = POLICY.read_text().replace("platform: stream\n", "platform: stream\n    mode: sandbox\n")
    h = bare.start(text, mode=mode)
    h.post(SELF_HARM)
    h.fast_forward(minutes=20)
    h.expect_nothing()
    assert h.incident()["mode"] == "sandbox"


def test_divert_sends_everything_to_one_destination_marked_as_a_test_and_mentions_nobody(bare: Harness) -> None:
    h = bare.start(DIVERTED)
    h.post(SELF_HARM)
    message = h.expect_message("#leads", f"TEST · {PAGE}", mentions=[])
    h.fast_forward(minutes=5)
    h.expect_update(message, f"TEST · {nobody(5)}", mentions=[])
    h.expect_reply("#leads", f"TEST · {nobody(5)}", mentions=[])


def test_divert_without_a_destination_to_divert_to_is_a_sandbox(bare: Harness) -> None:
    h = bare.start(mode="divert")
    h.post(SELF_HARM)
    h.expect_nothing()
    assert h.incident()["mode"] == "sandbox"


def test_what_was_opened_in_sandbox_is_never_sent(bare: Harness) -> None:
    h = bare.start(mode="sandbox")
    h.post(SELF_HARM)
    h.start("", mode="production")
    h.fast_forward(hours=2)
    h.expect_nothing()
    h.post(SELF_HARM, item=2)
    h.expect_message("#critical-alerts", PAGE.replace("1001", "1002"))
    h.expect_dm("ana", PAGE.replace("1001", "1002"))
    h.expect_dm("ben", PAGE.replace("1001", "1002"))


def test_a_switch_to_sandbox_stops_everything(h: Harness) -> None:
    messages = paged(h)
    h.start("", mode="sandbox")
    h.fast_forward(hours=1)
    h.expect_nothing()
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_answer("ana", "Nothing changed: there is no such incident.")
    assert h.incident()["state"] == "triggered"
    h.fast_forward(minutes=1)
    h.expect_nothing()


def test_what_is_pending_when_sandbox_begins_is_not_sent(h: Harness) -> None:
    with h.slack_down():
        h.post(SELF_HARM)
        h.fast_forward(seconds=10)
    h.start("", mode="sandbox")
    h.fast_forward(minutes=4)
    h.expect_nothing()


def test_messages_are_brought_up_to_date_when_production_comes_back(h: Harness) -> None:
    messages = paged(h)
    h.start("", mode="sandbox")
    h.fast_forward(minutes=6)
    h.start("", mode="production")
    h.fast_forward(minutes=1)
    h.expect_updates(*messages, text=nobody(5).replace("5 min", "6 min"))


def test_production_without_a_token_fails_where_everybody_can_see_it(bare: Harness) -> None:
    h = bare.start(SLACK_BOT_TOKEN="")
    h.post(SELF_HARM)
    assert h.incident()["mode"] == "production"
    degraded = h.app.test_client().get("/readyz").json["degraded"]
    assert "destination:critical-alerts: messages to critical-alerts fail: not_configured no_token" in degraded


def test_divert_without_a_token_is_a_sandbox(bare: Harness) -> None:
    h = bare.start(DIVERTED, SLACK_BOT_TOKEN="")
    h.post(SELF_HARM)
    h.expect_nothing()
    assert h.incident()["mode"] == "sandbox"
    assert h.count(incidents) == 1


def in_trouble(h: Harness) -> None:
    """Something of the product's own is amiss: whom the policy names under `alarms` is to hear of it."""
    with h.core.database.writing() as connection:
        running = h.core.policies.running(connection)
        assert OperatorAlerts(connection, h.clock.now()).raise_alert(
            "loop", "all is not well", running.policy, h.core.settings
        )
    h.queue.publish(DELIVER)
    h.work()


def assert_told_in_the_sandbox_only(h: Harness) -> None:
    assert h.count(deliveries, state="delivered", kind="alarm") == 2
    assert h.count(sandbox_inbox) == 2
    h.expect_nothing()


def test_in_production_the_products_own_trouble_is_told_to_real_people(h: Harness) -> None:
    in_trouble(h)
    h.expect_message("#leads", "Escalator needs attention: loop", says="all is not well")
    h.expect_dm("eli", "Escalator needs attention: loop", says="all is not well")
    assert h.count(sandbox_inbox) == 0


@pytest.mark.parametrize("mode", ["sandbox", "divert"])
def test_outside_production_the_products_own_trouble_is_told_to_nobody_real(bare: Harness, mode: str) -> None:
    h = bare.start(mode=mode)
    in_trouble(h)
    assert_told_in_the_sandbox_only(h)


@pytest.mark.parametrize("mode", ["sandbox", "divert"])
def test_trouble_that_was_to_be_told_to_real_people_is_not_after_a_switch(h: Harness, mode: str) -> None:
    with h.slack_down():
        in_trouble(h)
    h.start("", mode=mode)
    h.fast_forward(minutes=1)
    assert_told_in_the_sandbox_only(h)
