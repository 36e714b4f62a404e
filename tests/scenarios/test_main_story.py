"""What the product is for: somebody is told, nobody answers, somebody more senior is told, somebody answers."""

import pytest

from tests.scenarios.harness import Harness, InlineOutlet
from tests.scenarios.stories import PAGE, SELF_HARM, TAKEN, TITLE, TRIGGERED, nobody, paged, still, taken_by_ana

pytestmark = [pytest.mark.every_database, pytest.mark.long]


@pytest.fixture(params=["told", "sent by who wrote it"])
def h(bare: Harness, request: pytest.FixtureRequest) -> Harness:
    """A running installation whose workers send what they are told of, or what they themselves have written."""
    bare.start()
    if request.param != "told":
        bare.core.sender_pool = InlineOutlet(bare.core)
    return bare


def test_a_page_goes_to_the_channel_and_to_the_team_at_once(h: Harness) -> None:
    h.post(SELF_HARM)
    h.expect_message("#critical-alerts", PAGE, mentions=["ana", "ben"], buttons=TRIGGERED, never="end it all")
    h.expect_dm("ana", PAGE, mentions=[], buttons=TRIGGERED, says="Text hidden, 32 characters, English")
    h.expect_dm("ben", PAGE)


def test_the_seniors_are_told_when_nobody_has_answered_in_time(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=4, seconds=59)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_updates(*messages, text=nobody(5))
    h.expect_dm("dana", nobody(5), buttons=TRIGGERED, says=["Timeline so far", "Sent to Ana Ruiz"])


def test_a_step_that_repeats_rings_again_in_the_thread_of_each_channel(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=5)
    dana = h.expect_dm("dana", nobody(5))
    h.expect_updates(*messages)
    h.fast_forward(minutes=10)
    h.expect_updates(*messages, dana)
    h.expect_reply("#critical-alerts", nobody(15), mentions=["eli"])
    eli = h.expect_dm("eli", nobody(15))
    h.fast_forward(minutes=10)
    h.expect_updates(*messages, dana, eli)
    h.expect_reply("#critical-alerts", still("25 min"), mentions=["eli"])
    h.expect_dm_reply("eli", still("25 min"))


def test_a_path_that_ended_begins_again_and_somebody_above_it_is_told(h: Harness) -> None:
    paged(h)
    h.fast_forward(minutes=54)
    h.forget_seen()
    h.fast_forward(minutes=1)
    h.expect_reply("#critical-alerts", still("55 min"), mentions=["ana", "ben"])
    h.expect_dm_reply("ana", still("55 min"))
    h.expect_dm_reply("ben", still("55 min"))
    h.expect_dm_reply("eli", still("55 min"))
    h.expect_updates(*(message for message in h.slack.messages if message.thread_ts is None))


def test_an_acknowledgement_stops_the_path_and_every_message_says_who_has_it(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(seconds=57)
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, text="#1001 taken by Ana Ruiz after 57 s", buttons=TAKEN)
    h.fast_forward(minutes=9)
    h.expect_nothing()


def test_who_has_it_is_reminded_and_may_still_be_on_it(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.fast_forward(minutes=10)
    h.expect_dm_reply("ana", f"{TITLE} · resolve within 5 min · #1001")
    h.expect_updates(*messages, buttons=["Resolve", "False alarm", "Still on it", *TAKEN[2:]])
    h.click("ana", "Still on it", on=messages[1])
    h.expect_updates(*messages, buttons=TAKEN)
    h.fast_forward(minutes=9, seconds=59)
    h.expect_nothing()


def test_what_is_not_resolved_in_time_is_triggered_again_from_the_top(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.fast_forward(minutes=10)
    h.forget_seen()
    h.fast_forward(minutes=5)
    h.expect_updates(*messages, buttons=TRIGGERED)
    h.expect_reply("#critical-alerts", PAGE, mentions=["ana", "ben"])
    h.expect_dm_reply("ana", PAGE)
    h.expect_dm_reply("ben", PAGE)
    assert h.records("incident.overdue")[0]["after"] == {"owner": "ana"}


def test_an_incident_is_resolved_in_a_window_that_asks_how_it_ended(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.click("ana", "Resolve", on=messages[1])
    window = h.expect_window("ana", "Resolve #1001")
    h.expect_nothing()
    h.submit("ana", window, "action_taken")
    done = "#1001 resolved by Ana Ruiz: action taken"
    h.expect_updates(*messages, text=done, buttons=["Reopen"], says="Still open in Stream")
    h.fast_forward(hours=3)


def test_a_referral_without_a_reference_keeps_the_window_open(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.click("ana", "Resolve", on=messages[1])
    window = h.expect_window("ana", "Resolve #1001")
    answer = h.submit("ana", window, "referred")
    assert answer.json["response_action"] == "errors"
    assert h.incident()["state"] == "acknowledged"
    h.submit("ana", window, "referred", "Case 2026/17")
    h.expect_updates(*messages, text="#1001 resolved by Ana Ruiz: referred", says="referred (Case 2026/17)")


def test_a_false_alarm_is_one_click_that_asks_first_above_high(h: Harness) -> None:
    messages = taken_by_ana(h)
    assert messages[0].button("False alarm")["confirm"]["text"]["text"].startswith("Close #1001 as no violation?")
    h.click("ana", "False alarm", on=messages[0])
    h.expect_updates(*messages, text="#1001 resolved by Ana Ruiz: no violation", buttons=["Reopen"])


def test_a_released_incident_begins_again_from_the_top_at_once(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.click("ana", "Release", on=messages[1])
    h.expect_updates(*messages, text=PAGE, buttons=TRIGGERED)
    h.expect_reply("#critical-alerts", PAGE, mentions=["ana", "ben"])
    h.expect_dm_reply("ana", PAGE)
    h.expect_dm_reply("ben", PAGE)
    h.fast_forward(minutes=5)
    h.expect_dm("dana", nobody(5))
    h.expect_updates(*messages)


def test_a_snooze_pauses_the_path_and_ends_at_its_top(h: Harness) -> None:
    messages = paged(h)
    h.click("ana", "Snooze 15 min", on=messages[1])
    h.expect_updates(*messages, buttons=TAKEN, says="Snoozed by Ana Ruiz until")
    h.fast_forward(minutes=14, seconds=59)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_updates(*messages, text=PAGE, buttons=TRIGGERED)
    h.expect_reply("#critical-alerts", PAGE)
    h.expect_dm_reply("ana", PAGE)
    h.expect_dm_reply("ben", PAGE)


def test_a_third_snooze_in_a_row_is_not_offered(h: Harness) -> None:
    channel, ana, _ben = paged(h)
    for _ in range(2):
        h.click("ana", "Snooze 15 min", on=ana)
        h.fast_forward(minutes=15)
    assert channel.labels == ["Acknowledge", "Reveal", "Escalate now"]
    h.forget_seen()


def test_escalate_now_tells_the_next_step_without_waiting(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=1)
    h.click("ben", "Escalate now", on=messages[2])
    h.expect_updates(*messages)
    dana = h.expect_dm("dana", nobody(1))
    h.fast_forward(minutes=9, seconds=59)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_reply("#critical-alerts", nobody(11))
    h.expect_dm("eli", nobody(11))
    h.expect_updates(*messages, dana)


def test_a_reveal_is_recorded_before_it_is_shown_and_only_to_who_asked(h: Harness) -> None:
    messages = paged(h)
    h.click("ben", "Reveal", on=messages[0])
    window = h.expect_window("ben", "Text of #1001")
    assert "I am going to end it all tonight" in window.text
    [record] = h.records("incident.revealed")
    assert (record["actor_key"], record["via"]) == ("ben", "slack")


def test_two_incidents_at_once_are_told_apart_by_their_numbers(h: Harness) -> None:
    messages = paged(h)
    h.post(SELF_HARM, item=2)
    second = PAGE.replace("1001", "1002")
    channel = h.expect_message("#critical-alerts", second)
    others = [h.expect_dm("ana", second), h.expect_dm("ben", second)]
    h.click("ben", "Acknowledge", on=channel)
    h.expect_updates(channel, *others, text="#1002 taken by Ben Okafor after 0 s")
    assert messages[0].labels == TRIGGERED
