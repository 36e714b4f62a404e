"""Handing over, writing a note, reopening: what Slack's windows and buttons do, and who is told why not."""

import pytest
from sqlalchemy import select, update
from uuid6 import uuid7

from escalator.model.levels import Mode
from escalator.store.notes import Note
from escalator.store.notes import insert as insert_text
from escalator.store.tables import incidents, notes, posted_messages
from tests.doubles.slack_rules import view_problems
from tests.doubles.slack_state import Fault, Message
from tests.scenarios.harness import Harness
from tests.scenarios.slack_acts import fill, problems_of
from tests.scenarios.stories import PAGE, SELF_HARM, labelled, nobody, taken_by_ana
from tests.scenarios.witness import Window, words_of

WRITTEN = "Called the hotline <!channel>; she is *safe* now"


def press(h: Harness, person: str, label: str, on: Message, title: str) -> Window:
    h.click(person, label, on=on)
    window = h.expect_window(person, title)
    assert view_problems(window.view) == []
    return window


def offered(window: Window) -> list[str]:
    [block] = [block for block in window.view["blocks"] if block["element"]["type"] == "static_select"]
    return [option["text"]["text"] for option in block["element"]["options"]]


def replies(h: Harness) -> list[Message]:
    return [one for one in h.slack.messages if one.thread_ts and not one.reply_broadcast]


def the_text(h: Harness) -> tuple[str, str]:
    with h.core.database.reading() as connection:
        row = connection.execute(select(notes)).one()
    return row.author, h.core.seal.open(row.sealed_body).decode()


# --- Hand over -----------------------------------------------------------------------------------------------------


def test_who_is_given_it_is_told_and_must_acknowledge(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Hand over", messages[1], "Hand over #1001")
    fill(h, window, to="dana")
    h.expect_dm("dana", PAGE)
    h.expect_updates(*messages, buttons=["Acknowledge", "Reveal", "Escalate now", "Snooze 15 min"])
    [record] = h.records("incident.handed_over")
    assert (record["actor_key"], record["after"]) == ("ana", {"to": "dana"})
    h.fast_forward(minutes=5)
    h.expect_dm_reply("dana", "Nobody answered for 5 min: CRITICAL · Self-harm is now with you · #1001")
    h.forget_seen()


def test_its_own_team_is_offered_first_and_neither_the_clicker_nor_a_viewer(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Hand over", messages[0], "Hand over #1001")
    assert offered(window) == ["Ben Okafor", "Dana Fox", "Eli Stone"]


def test_a_restricted_one_is_handed_only_to_who_may_see_it(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("CSAM"))
    h.click("ben", "Acknowledge", on=h.slack.messages[0])
    h.click("dana", "Acknowledge", on=h.slack.messages[0])
    h.forget_seen()
    window = press(h, "ben", "Hand over", h.slack.messages[0], "Hand over #1001")
    assert offered(window) == ["Dana Fox"]


def test_who_lost_the_right_meanwhile_is_given_nothing(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Hand over", messages[1], "Hand over #1001")
    h.change_policy("slack: U0ELI,  role: admin}", "slack: U0ELI,  role: viewer}")
    fill(h, window, to="eli")
    h.expect_answer("ana", "Nothing changed: that is not possible while #1001 is owned by Ana Ruiz.")


@pytest.mark.parametrize("label", ["Hand over", "Resolve"])
def test_no_window_opens_for_what_is_somebody_elses(h: Harness, label: str) -> None:
    messages = taken_by_ana(h)
    h.click("ben", label, on=messages[2])
    h.expect_answer("ben", "Nothing changed: #1001 is owned by Ana Ruiz. A senior moderator can take it over.")


def test_where_nobody_else_may_answer_nobody_is_offered(h: Harness) -> None:
    h.change_policy("path: child-safety, acknowledgements: 2}", "path: child-safety}")
    h.change_policy("child-safety: {members: [ben, dana]}", "child-safety: {members: [ben]}")
    h.post(SELF_HARM, **labelled("CSAM"))
    h.click("ben", "Acknowledge", on=h.slack.messages[0])
    h.forget_seen()
    h.click("ben", "Hand over", on=h.slack.messages[0])
    h.expect_answer("ben", "Nothing changed: nobody else may acknowledge #1001. Release it or escalate it.")


def test_a_window_of_an_earlier_round_hands_nothing_over(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Hand over", messages[1], "Hand over #1001")
    h.click("ana", "Release", on=messages[1])
    h.forget_seen()
    fill(h, window, to="ben")
    h.expect_answer("ana", "Nothing changed: that message was out of date. #1001 is unacknowledged now.")
    assert h.records("incident.handed_over") == []


# --- Notes ---------------------------------------------------------------------------------------------------------


def test_a_note_is_sealed_recorded_by_its_id_and_shown_in_the_thread(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Note", messages[1], "Note on #1001")
    assert "It is shown in the thread." in window.text
    fill(h, window, note=WRITTEN)
    assert the_text(h) == ("ana", WRITTEN)
    [record] = h.records("incident.noted")
    assert (record["actor_key"], record["reason"], list(record["after"])) == ("ana", "", ["reason_id"])
    [reply] = replies(h)
    assert (reply.channel, reply.thread_ts) == (messages[0].channel, messages[0].ts)
    assert reply.text == "Note on #1001 by Ana Ruiz"
    assert {"type": "plain_text", "text": WRITTEN, "emoji": False} in [block["text"] for block in reply.blocks]
    h.forget_seen()


def test_a_note_rings_nobody_and_no_update_touches_it(h: Harness) -> None:
    messages = taken_by_ana(h)
    fill(h, press(h, "ana", "Note", messages[1], "Note on #1001"), note=WRITTEN)
    h.forget_seen()
    [reply] = replies(h)
    h.click("ana", "False alarm", on=messages[1])
    h.expect_updates(*messages)
    assert (reply.updates, h.count(posted_messages)) == ([], 4)


def test_a_moderator_who_does_not_hold_it_writes_a_note_too(h: Harness) -> None:
    messages = taken_by_ana(h)
    fill(h, press(h, "ben", "Note", messages[2], "Note on #1001"), note=WRITTEN)
    assert the_text(h)[0] == "ben"
    h.forget_seen()


def test_a_viewer_writes_none(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.click("vera", "Note", on=messages[0])
    h.expect_answer("vera", "Nothing changed: your role does not allow this. Ask a senior moderator.")


def test_a_note_that_is_blank_keeps_its_window_open(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Note", messages[1], "Note on #1001")
    assert problems_of(fill(h, window, note="  ")) == {"note": "Write something."}
    assert h.count(notes) == 0


def test_what_was_written_while_it_was_resolved_is_kept(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ben", "Note", messages[2], "Note on #1001")
    h.click("ana", "False alarm", on=messages[1])
    h.forget_seen()
    fill(h, window, note=WRITTEN)
    assert the_text(h) == ("ben", WRITTEN)
    assert len(replies(h)) == 1
    h.forget_seen()


def test_a_note_on_a_withheld_incident_goes_nowhere_but_the_sealed_row(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("CSAM"))
    h.click("ben", "Acknowledge", on=h.slack.messages[0])
    h.click("dana", "Acknowledge", on=h.slack.messages[0])
    h.forget_seen()
    window = press(h, "ben", "Note", h.slack.messages[0], "Note on #1001")
    assert "not shown in Slack" in window.text
    fill(h, window, note=WRITTEN)
    assert the_text(h) == ("ben", WRITTEN)
    h.expect_nothing()
    assert WRITTEN not in str(h.slack.log())
    assert WRITTEN not in h.log.text


def test_a_note_is_gone_from_the_thread_when_the_rule_gets_stricter(h: Harness) -> None:
    messages = taken_by_ana(h)
    fill(h, press(h, "ana", "Note", messages[1], "Note on #1001"), note=WRITTEN)
    [reply] = replies(h)
    h.forget_seen()
    h.post(SELF_HARM, **labelled("CSAM"), created_at="2026-08-20T14:05:00Z")
    assert h.incident()["content_rule"] == "withhold"
    assert reply.text == "Note on #1001 by Ana Ruiz"
    assert WRITTEN not in words_of(reply.blocks)
    assert the_text(h) == ("ana", WRITTEN)
    h.forget_seen()


def test_a_note_that_comes_as_the_rule_gets_stricter_is_not_shown(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Note", messages[1], "Note on #1001")
    h.post(SELF_HARM, **labelled("CSAM"), created_at="2026-08-20T14:05:00Z")
    h.forget_seen()
    fill(h, window, note=WRITTEN)
    h.expect_answer("ana", "Nothing changed: #1001 is restricted to a few people, and you are not one of them.")
    assert h.count(notes) == 0


def test_where_a_person_alone_was_told_the_note_stands_there(h: Harness) -> None:
    h.change_policy("{notify: [critical-alerts, team]}", "{notify: [team]}")
    h.post(SELF_HARM)
    ana = next(one for one in h.slack.messages if one.channel == "D0ANA")
    h.click("ana", "Acknowledge", on=ana)
    h.forget_seen()
    fill(h, press(h, "ana", "Note", ana, "Note on #1001"), note=WRITTEN)
    assert {reply.channel for reply in replies(h)} == {"D0ANA", "D0BEN"}
    h.forget_seen()


def test_a_note_that_slack_refuses_is_kept(h: Harness) -> None:
    messages = taken_by_ana(h)
    window = press(h, "ana", "Note", messages[1], "Note on #1001")
    h.slack.inject("chat.postMessage", Fault(error="internal_error"))
    fill(h, window, note=WRITTEN)
    assert the_text(h) == ("ana", WRITTEN)
    assert [line["reason"] for line in h.log.lines("warning") if line["event"] == "note_not_shown"] == ["vendor_error"]
    assert replies(h) == []


def test_a_note_is_deleted_with_the_content(h: Harness) -> None:
    messages = taken_by_ana(h)
    fill(h, press(h, "ana", "Note", messages[1], "Note on #1001"), note=WRITTEN)
    h.click("ana", "False alarm", on=messages[1])
    h.forget_seen()
    h.clock.move(days=31)
    h.tidy()
    assert h.count(notes, sealed_body=None) == 1
    assert len(h.records("incident.noted")) == 1


@pytest.mark.parametrize(("days", "left"), [pytest.param(29, 1, id="kept"), pytest.param(31, 0, id="deleted")])
def test_a_note_written_after_the_content_was_deleted_is_kept_as_long(h: Harness, days: int, left: int) -> None:
    messages = taken_by_ana(h)
    h.click("ana", "False alarm", on=messages[1])
    h.forget_seen()
    h.clock.move(days=31)
    h.tidy()
    late = Note(uuid7(), h.incident()["id"], h.clock.now(), "ana", h.core.seal.seal(WRITTEN.encode()))
    with h.core.database.writing() as connection:
        insert_text(connection, late)
    h.clock.move(days=days)
    h.tidy()
    assert h.count(notes) - h.count(notes, sealed_body=None) == left


# --- Reopen --------------------------------------------------------------------------------------------------------


def resolved_by_ana(h: Harness) -> tuple[Message, Message, Message]:
    messages = taken_by_ana(h)
    h.click("ana", "False alarm", on=messages[1])
    h.expect_updates(*messages, buttons=["Reopen"])
    return messages


def test_a_senior_opens_it_again_and_everybody_is_told_anew(h: Harness) -> None:
    messages = resolved_by_ana(h)
    h.click("dana", "Reopen", on=messages[0])
    h.expect_reply("#critical-alerts", PAGE)
    h.expect_dm_reply("ana", PAGE)
    h.expect_dm_reply("ben", PAGE)
    h.expect_updates(*messages)
    assert h.incident()["state"] == "triggered"
    h.fast_forward(minutes=5)
    h.expect_dm("dana", nobody(5))
    h.expect_updates(*messages)


def test_a_moderator_is_told_that_it_takes_a_senior(h: Harness) -> None:
    messages = resolved_by_ana(h)
    h.click("ana", "Reopen", on=messages[1])
    h.expect_answer("ana", "Nothing changed: your role does not allow this. Ask a senior moderator.")
    assert h.incident()["state"] == "resolved"


def test_the_modes_keep_their_own(h: Harness) -> None:
    """What is not in the sandbox takes no window that the sandbox has signed."""
    messages = taken_by_ana(h)
    window = press(h, "ana", "Note", messages[1], "Note on #1001")
    with h.core.database.writing() as connection:
        connection.execute(update(incidents).values(mode=Mode.SANDBOX))
    fill(h, window, note=WRITTEN)
    h.expect_answer("ana", "Nothing changed: there is no such incident.")
    assert h.count(notes) == 0
