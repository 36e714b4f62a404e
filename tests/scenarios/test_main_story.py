"""The story that the product is for: somebody is told, nobody answers, somebody more senior is told, somebody answers."""

from tests.scenarios.harness import Harness

SELF_HARM = "review_queue_item.new__text_self_harm_critical"
PAGE = "CRITICAL · Self-harm · acknowledge within 5 min · #1001"
NOBODY_5 = "Nobody answered for 5 min: CRITICAL · Self-harm is now with you · #1001"
TRIGGERED = ["Acknowledge", "Reveal", "Escalate now", "Snooze 15 min"]
TAKEN = ["Resolve", "False alarm", "Release", "Reveal", "Escalate now"]


def test_a_page_goes_to_the_channel_and_to_the_team(h: Harness) -> None:
    h.post(SELF_HARM)
    h.expect_message("#critical-alerts", PAGE, mentions=["ana", "ben"], buttons=TRIGGERED, never="end it all")
    h.expect_dm("ana", PAGE, mentions=[], buttons=TRIGGERED)
    h.expect_dm("ben", PAGE)
