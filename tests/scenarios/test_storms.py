"""A storm: the first alerts of a kind are told one by one, the others as one, which one answer takes."""

import pytest
from click.testing import CliRunner

from escalator.commands.incidents import command
from escalator.services.incidents import close_groups
from escalator.store.tables import deliveries, incidents
from tests.doubles.slack_state import Message
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import REVIEWED, SELF_HARM, TAKEN, TITLE, labelled, nobody
from tests.scenarios.storm_policy import STORMS

GROUP = 1006
OF_A_GROUP = ["Acknowledge", "Escalate now", "Snooze 15 min"]
PLACES = ("#critical-alerts", "U0ANA", "U0BEN")

Messages = tuple[Message, Message, Message]


@pytest.fixture
def h(bare: Harness) -> Harness:
    """A running installation that groups what is alike in category and author."""
    return bare.start(POLICY.read_text() + STORMS)


def state(h: Harness, *numbers: int) -> list[str]:
    return [str(h.incident(number)["state"]) for number in numbers]


def page(number: int) -> str:
    return f"{TITLE} · acknowledge within 5 min · #{number}"


def told(h: Harness, number: int) -> Messages:
    """Everybody whom the first step names has got a full message about it."""
    first, *others = (h.expect_message(place, page(number)) for place in PLACES)
    return first, *others


def waved(h: Harness, alerts: int = 6) -> Messages:
    """So many alerts of one author have come: #1006 is the group, #1007 the first that it tells of."""
    for item in range(1, 6):
        h.post(SELF_HARM, item=item)
        told(h, 1000 + item)
    h.post(SELF_HARM, item=6)
    messages = told(h, GROUP)
    for item in range(7, alerts + 1):
        h.post(SELF_HARM, item=item)
        h.expect_updates(*messages)
    return messages


def grouped(h: Harness) -> int:
    return h.count(incidents, state="grouped")


def test_the_first_are_told_one_by_one_and_the_next_opens_a_group_that_is_told_at_once(h: Harness) -> None:
    message, *_ = waved(h)
    assert state(h, *range(1001, 1008)) == ["triggered"] * 6 + ["grouped"]
    assert message.labels == OF_A_GROUP
    assert h.count(deliveries, incident_id=h.incident(1007)["id"]) == 0
    assert [record["action"] for record in h.records() if record["incident_id"] == h.incident(1007)["id"]] == [
        "incident.opened",
        "incident.round_started",
        "incident.grouped",
    ]


def test_whoever_joins_is_counted_in_the_message_and_rings_nobody(h: Harness) -> None:
    messages = waved(h)
    h.post(SELF_HARM, item=7)
    h.expect_updates(*messages, text=page(GROUP), buttons=OF_A_GROUP, says="Group of 2 similar alerts, #1007 to #1008")
    assert h.incident(GROUP)["member_count"] == 2
    h.post(SELF_HARM, item=8)
    h.expect_updates(*messages, says="Group of 3 similar alerts, #1007 to #1009 · author user-42", never="end it all")


def test_one_acknowledgement_takes_all(h: Harness) -> None:
    messages = waved(h, alerts=8)
    h.fast_forward(seconds=57)
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, text="#1006 taken by Ana Ruiz after 57 s", says="Group of 3 similar alerts")
    assert (h.incident(GROUP)["owner"], grouped(h)) == ("ana", 3)


def test_what_comes_after_the_acknowledgement_opens_a_new_group(h: Harness) -> None:
    messages = waved(h, alerts=7)
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_updates(*messages)
    h.post(SELF_HARM, item=8)
    told(h, 1009)
    assert (h.incident(GROUP)["member_count"], h.incident(1009)["member_count"]) == (2, 1)


@pytest.mark.parametrize("label", ["Acknowledge", "Snooze 15 min"])
def test_a_group_that_has_been_answered_takes_no_new_member_even_when_it_waits_again(h: Harness, label: str) -> None:
    messages = waved(h)
    h.click("ana", label, on=messages[0])
    h.expect_updates(*messages)
    h.fast_forward(minutes=9)
    h.post(SELF_HARM, item=7)
    h.forget_seen()
    assert h.incident(GROUP)["member_count"] == 1
    h.fast_forward(minutes=7)
    for item in range(8, 14):
        h.post(SELF_HARM, item=item)
    h.forget_seen()
    assert (h.incident(GROUP)["state"], h.incident(GROUP)["member_count"]) == ("triggered", 1)


def test_a_group_that_nobody_answers_is_escalated_like_any_alert_and_takes_members_meanwhile(h: Harness) -> None:
    messages = waved(h)
    h.fast_forward(minutes=4)
    h.forget_seen()
    h.fast_forward(minutes=1)
    dana = [one for one in h.slack.messages if one.first_text == nobody(5).replace("#1001", "#1006")]
    assert len(dana) == 1
    h.post(SELF_HARM, item=7)
    assert messages[0].text == nobody(5).replace("#1001", "#1006")
    h.fast_forward(minutes=50)
    h.forget_seen()
    assert (h.incident(GROUP)["round"], h.incident(GROUP)["member_count"], grouped(h)) == (2, 2, 2)


def test_the_window_moves_on(h: Harness) -> None:
    messages = waved(h)
    h.click("ana", "Acknowledge", on=messages[0])
    h.fast_forward(minutes=9, seconds=59)
    h.forget_seen()
    h.post(SELF_HARM, item=7)
    assert h.incident(1009)["state"] == "grouped"
    h.fast_forward(minutes=10)
    h.forget_seen()
    h.post(SELF_HARM, item=8)
    told(h, 1010)
    assert h.incident(1010)["member_count"] is None


def another(**values: object) -> dict[str, object]:
    return {"review_queue_item": values}


AUTHOR = {"id": "user-77", "name": "Somebody else"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(labelled("CSAM"), id="another category and route"),
        pytest.param(labelled("THREAT"), id="another category on the same path"),
        pytest.param(another(entity_creator=AUTHOR, entity_creator_id="user-77"), id="another author"),
    ],
)
def test_what_is_of_another_kind_is_told_on_its_own(h: Harness, changes: dict[str, object]) -> None:
    waved(h)
    h.post(SELF_HARM, item=7, **changes)
    assert (h.incident(1008)["state"], h.incident(1008)["member_count"]) == ("triggered", None)
    assert h.incident(GROUP)["member_count"] == 1
    h.forget_seen()


def test_what_gets_graver_leaves_its_group_and_is_told_on_its_own(h: Harness) -> None:
    messages = waved(h, alerts=7)
    h.post("review_queue_item.updated__flagged_after_review", item=7, **labelled("CSAM"))
    assert (h.incident(1008)["state"], h.incident(1008)["category"]) == ("triggered", "csam")
    h.expect_updates(*messages, says="Group of 1 alert")
    h.expect_message("C0CHILD", "CRITICAL · Child safety · acknowledge within 5 min · #1008")
    assert h.records("incident.left_group")[0]["incident_id"] == h.incident(1008)["id"]
    h.forget_seen()


def test_what_is_reviewed_leaves_its_group_and_the_last_one_ends_it(h: Harness) -> None:
    messages = waved(h, alerts=7)
    h.post(REVIEWED, item=6)
    assert state(h, GROUP, 1007, 1008) == ["triggered", "acknowledged", "grouped"]
    h.expect_updates(*messages, says="Group of 1 alert")
    h.post(REVIEWED, item=7)
    h.expect_updates(*messages, text="#1006 resolved by escalator: duplicate")
    assert state(h, GROUP, 1008) == ["resolved", "acknowledged"]
    h.forget_seen()


def test_what_ends_the_group_ends_all_it_tells_of(h: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(close_groups, "BATCH", 2)
    messages = waved(h, alerts=10)
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, buttons=[label for label in TAKEN if label != "Reveal"])
    h.click("ana", "False alarm", on=messages[0])
    h.expect_updates(*messages, text="#1006 resolved by Ana Ruiz: no violation")
    ended = [h.incident(number) for number in range(GROUP, 1012)]
    assert {(one["state"], one["outcome"], one["closed_by"]) for one in ended} == {("resolved", "no_violation", "ana")}
    assert h.incident(GROUP)["member_count"] == 0
    reasons = [record["reason"] for record in h.records("incident.resolved")]
    assert sorted(reasons) == ["", *["group"] * 5]
    assert state(h, *range(1001, 1006)) == ["triggered"] * 5


def test_what_a_process_left_undone_when_it_died_is_done_by_the_sweep(h: Harness) -> None:
    messages = waved(h, alerts=8)
    h.click("ana", "Acknowledge", on=messages[0])
    h.click("ana", "False alarm", on=messages[0], is_working=False)
    h.queue.take()
    assert grouped(h) == 3
    close_groups.close_ended_groups(h.core)
    assert grouped(h) == 0
    h.sweep()
    h.forget_seen()


def test_a_group_that_is_opened_again_does_not_open_what_has_ended_with_it(h: Harness) -> None:
    messages = waved(h, alerts=7)
    h.click("ana", "Acknowledge", on=messages[0])
    h.click("ana", "False alarm", on=messages[0])
    h.click("dana", "Reopen", on=messages[0])
    assert state(h, GROUP, 1007, 1008) == ["triggered", "resolved", "resolved"]
    h.forget_seen()


def test_a_restricted_category_stays_so_in_a_storm(h: Harness) -> None:
    for item in range(1, 9):
        h.post(SELF_HARM, item=item, **labelled("CSAM"))
    room = h.slack.channel_id("C0CHILD")
    message = next(one for one in h.slack.messages if "#1006" in one.first_text and one.channel == room)
    assert "author" not in str(message.blocks)
    assert "Group of 3 similar alerts, #1007 to #1009" in str(message.blocks)
    assert {one.channel for one in h.slack.messages} == {
        room,
        h.slack.channel_id("U0BEN"),
        h.slack.channel_id("U0DANA"),
    }
    h.forget_seen()
    h.click("ana", "Acknowledge", on=message)
    h.expect_answer("ana", "Nothing changed: #1006 is restricted to a few people, and you are not one of them.")


def test_the_list_says_who_tells_of_whom(h: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    waved(h, alerts=7)
    monkeypatch.setattr("escalator.commands.incidents.open_core", lambda: h.core)
    lines = CliRunner().invoke(command, []).output.splitlines()
    assert "grouped, in group #1006" in next(line for line in lines if line.startswith("#1007"))
    assert "triggered, 2 alerts" in next(line for line in lines if line.startswith("#1006"))


def test_what_begins_to_ring_long_after_it_was_opened_is_no_storm_with_what_has_come_since(bare: Harness) -> None:
    grave = "when: {category: hate, min_severity: high}"
    h = bare.start(POLICY.read_text().replace("when: {category: hate}", grave) + STORMS)
    h.post(SELF_HARM, item=1, **labelled("HATE", "low", 10))
    for item in range(2, 7):
        h.clock.move(hours=9)
        h.post(SELF_HARM, item=item, **labelled("HATE", "high", 75))
    h.clock.move(hours=9)
    h.post(SELF_HARM, item=1, **labelled("HATE", "high", 75))
    assert state(h, 1001) == ["triggered"]
    assert grouped(h) == 0
    h.forget_seen()
