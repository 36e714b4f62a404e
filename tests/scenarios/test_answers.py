"""Who may answer, and what everybody else is told: one record for each answer, and never a silent click."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from escalator.rendering.replies import stranger_words
from tests.doubles.slack_state import Message
from tests.scenarios.harness import Harness
from tests.scenarios.stories import PAGE, REVIEWED, SELF_HARM, TRIGGERED, labelled, nobody, paged, taken_by_ana

CHILD = "CRITICAL · Child safety · acknowledge within 5 min · #1001"
CHILD_BUTTONS = ["Acknowledge", "Escalate now"]


def child_page(h: Harness) -> tuple[Message, Message, Message]:
    h.post(SELF_HARM, **labelled("CSAM"))
    return h.expect_message("C0CHILD", CHILD), h.expect_dm("ben", CHILD), h.expect_dm("dana", CHILD)


def test_the_first_of_two_acknowledgements_asks_the_rest_of_the_team_for_the_other(h: Harness) -> None:
    messages = child_page(h)
    h.click("ben", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, says="1 of 2: Ben Okafor; one more needed", buttons=CHILD_BUTTONS)
    h.expect_dm_reply("dana", CHILD)
    h.click("ben", "Acknowledge", on=messages[1])
    h.expect_answer("ben", "You have already acknowledged #1001. A second person must acknowledge it too.")
    h.fast_forward(minutes=2)
    h.click("dana", "Acknowledge", on=messages[2])
    h.expect_updates(*messages, text="#1001 taken by Ben Okafor after 2 min")
    h.fast_forward(minutes=4)


def test_the_clock_runs_on_until_the_second_acknowledgement(h: Harness) -> None:
    messages = child_page(h)
    h.click("ben", "Acknowledge", on=messages[0])
    h.forget_seen()
    h.fast_forward(minutes=5)
    text = "Nobody answered for 5 min: CRITICAL · Child safety is now with you · #1001"
    h.expect_dm_reply("dana", text)
    h.expect_updates(*messages)


def test_a_review_in_stream_counts_as_one_of_two_acknowledgements(h: Harness) -> None:
    messages = child_page(h)
    h.click("dana", "Acknowledge", on=messages[2])
    h.forget_seen()
    action = {"user_id": "mod-2"}
    changes = labelled("CSAM")["review_queue_item"] | {"reviewed_by": "mod-2", "actions": []}
    h.post(REVIEWED, review_queue_item=changes, action=action)
    h.expect_updates(*messages, says="Acknowledged by Dana Fox")


def test_a_second_click_is_told_who_was_first(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.fast_forward(seconds=30)
    stale = Message(messages[2].channel, messages[2].ts, 0, PAGE, _buttons_before(h, messages[2]))
    h.click("ben", "Acknowledge", on=stale)
    h.expect_answer("ben", "#1001 was already acknowledged by Ana Ruiz 30 s ago.")
    assert len(h.records("incident.acknowledged")) == 1


def test_a_click_on_a_resolved_incident_is_told_who_resolved_it(h: Harness) -> None:
    messages = taken_by_ana(h)
    before = Message(messages[2].channel, messages[2].ts, 0, "", _buttons_before(h, messages[2]))
    h.click("ana", "False alarm", on=messages[1])
    h.expect_updates(*messages)
    h.fast_forward(minutes=3)
    h.click("ben", "Acknowledge", on=before)
    h.expect_answer("ben", "#1001 was already resolved by Ana Ruiz 3 min ago.")


def _buttons_before(h: Harness, message: Message) -> list[object]:
    """Return the blocks with which a message came, as a phone still shows them that has not heard of the update."""
    posted = [call["arguments"] for call in h.slack.calls if call["method"] == "chat.postMessage"]
    return next(one["blocks"] for one in posted if h.slack.channel_id(one["channel"]) == message.channel)


def test_of_eight_acknowledgements_at_once_one_counts_and_seven_are_told_who_won(h: Harness) -> None:
    """Whoever waits for the database for more than 2 s is told to press again (Slack waits for 3 s), and does."""
    messages = paged(h)
    people = ["ana", "ben", "dana", "eli"] * 2

    def click(who: str) -> int:
        while (status := h.click(who, "Acknowledge", on=messages[0], is_working=False).status_code) == 503:
            pass
        return status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(click, people)) == {200}
    h.work()
    [record] = h.records("incident.acknowledged")
    names = {"ana": "Ana Ruiz", "ben": "Ben Okafor", "dana": "Dana Fox", "eli": "Eli Stone"}
    winner = record["actor_key"]
    people.remove(winner)
    for who in people:
        h.expect_answer(who, f"#1001 was already acknowledged by {names[winner]} 0 s ago.")
    h.expect_updates(*messages, text=f"#1001 taken by {names[winner]} after 0 s")


def test_a_stranger_changes_nothing_and_is_told_what_to_do(h: Harness) -> None:
    messages = paged(h)
    h.click("stranger", "Acknowledge", on=messages[0])
    h.expect_answer("stranger", stranger_words("U0STRANGER"))
    [record] = h.records("incident.act_refused")
    assert (record["actor_kind"], record["actor_key"], record["reason"]) == ("stranger", "U0STRANGER", "unknown_person")
    h.fast_forward(minutes=5)
    h.expect_dm("dana", nobody(5))
    h.expect_updates(*messages)


def test_somebody_from_another_workspace_changes_nothing(h: Harness) -> None:
    messages = paged(h)
    h.click("ana", "Acknowledge", on=messages[0], team="T0ELSEWHERE")
    h.expect_answer("ana", "Nothing changed: this Slack workspace is not the one of these alerts.")
    assert h.incident()["state"] == "triggered"


def test_a_viewer_changes_nothing(h: Harness) -> None:
    messages = paged(h)
    h.click("vera", "Acknowledge", on=messages[0])
    h.expect_answer("vera", "Nothing changed: your role does not allow this. Ask a senior moderator.")
    h.click("vera", "Reveal", on=messages[0])
    h.expect_answer("vera", "Nothing changed: your role does not allow this. Ask a senior moderator.")


def test_somebody_from_the_wrong_team_is_better_than_nobody(h: Harness) -> None:
    messages = paged(h)
    h.click("eli", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, text="#1001 taken by Eli Stone after 0 s")


def test_a_restricted_category_is_answered_only_by_those_it_names_whatever_their_role(h: Harness) -> None:
    messages = child_page(h)
    h.click("eli", "Acknowledge", on=messages[0])
    text = "Nothing changed: #1001 is restricted to a few people, and you are not one of them."
    h.expect_answer("eli", text)
    assert h.incident()["state"] == "triggered"


@pytest.mark.parametrize("label", ["Resolve", "Release", "False alarm"])
def test_what_is_somebody_elses_stays_with_them(h: Harness, label: str) -> None:
    messages = taken_by_ana(h)
    h.click("ben", label, on=messages[2])
    h.expect_answer("ben", "Nothing changed: #1001 is owned by Ana Ruiz. A senior moderator can take it over.")


def test_a_senior_resolves_what_is_somebody_elses(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.click("dana", "False alarm", on=messages[0])
    h.expect_updates(*messages, text="#1001 resolved by Dana Fox: no violation")


def test_a_button_of_an_older_round_is_answered_with_the_present_state(h: Harness) -> None:
    messages = paged(h)
    before = Message(messages[0].channel, messages[0].ts, 0, "", _buttons_before(h, messages[0]))
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_updates(*messages)
    h.click("ben", "Escalate now", on=before)
    h.expect_answer("ben", "Nothing changed: that message was out of date. #1001 is owned by Ana Ruiz now.")
    assert h.incident()["state"] == "acknowledged"


def test_an_acknowledgement_counts_whatever_its_button_shows(h: Harness) -> None:
    messages = paged(h)
    before = Message(messages[0].channel, messages[0].ts, 0, "", _buttons_before(h, messages[0]))
    h.fast_forward(minutes=5)
    h.forget_seen()
    h.click("ana", "Acknowledge", on=before)
    dana = next(message for message in h.slack.messages if message.channel == "D0DANA")
    h.expect_updates(*messages, dana, text="#1001 taken by Ana Ruiz after 5 min")


def test_a_click_that_slack_has_not_signed_changes_nothing(h: Harness) -> None:
    messages = paged(h)
    answer = h.click("ana", "Acknowledge", on=messages[0], secret="somebody else's")
    assert answer.status_code == 401
    assert h.incident()["state"] == "triggered"
    h.expect_nothing()


def test_a_click_on_a_message_that_nobody_knows_makes_it_one_of_ours(h: Harness) -> None:
    """A worker may die between the post and its `ts`: the message stands in Slack and in no row."""
    messages = paged(h)
    twin = h.slack.call("chat.postMessage", {"channel": "#critical-alerts", "text": PAGE, "blocks": messages[0].blocks})
    h.forget_seen()
    unknown = h.slack.message(twin["channel"], twin["ts"])
    h.click("ana", "Acknowledge", on=unknown)
    h.expect_updates(*messages, unknown, text="#1001 taken by Ana Ruiz after 0 s")
    assert unknown.labels != TRIGGERED
