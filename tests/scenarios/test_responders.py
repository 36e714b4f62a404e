"""A viewer is told besides: an alert goes on to somebody who may acknowledge as if the viewer had not been told."""

from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, labelled

HATE = labelled("HATE", "high", 75)
HATE_PAGE = "HIGH · Hate · acknowledge within 15 min · #1001"
NEXT = "Nobody answered for 0 s: HIGH · Hate is now with you · #1001"


def test_a_step_that_reached_only_a_viewer_does_not_wait_for_the_next(h: Harness) -> None:
    h.change_policy("- {notify: [hate-room]}", "- {notify: [person:vera]}")
    h.post(SELF_HARM, **HATE)
    h.expect_dm("vera", NEXT)
    h.expect_message("#critical-alerts", NEXT)


def test_a_step_that_failed_at_all_but_a_viewer_does_not_wait_for_the_next(h: Harness) -> None:
    h.change_policy("- {notify: [hate-room]}", "- {notify: [person:dana, person:vera]}")
    h.slack.channels = {"#critical-alerts", "#leads", "U0VERA", "U0ELI"}
    h.post(SELF_HARM, **HATE)
    h.expect_dm("vera", HATE_PAGE)
    h.expect_message("#critical-alerts", NEXT)
    assert len(h.records("step.failed")) == 1
    h.forget_seen()
