"""Acting in Stream from an alert: done once, said to be done only when it is, not taken for somebody else's deed."""

import json

import pytest
from sqlalchemy import select

from escalator.services.stream import call_results
from escalator.store.tables import stream_calls
from tests.doubles.http import Fault
from tests.doubles.stream import StreamDouble
from tests.examples import ARE_ALL_TRIED
from tests.scenarios.harness import POLICY, STREAM_KEY, STREAM_SECRET
from tests.scenarios.stories import SELF_HARM
from tests.stream.bodies import ITEM_ID, MESSAGE_ID

ACTIONS = """
actions:
  clean_up: {label: Delete and ban, do: [delete, ban], ban: {for: 24h, scope: channel}, reason: Self-harm rules}
  remove:   {label: Delete, do: delete, resolves: "no"}
  purge:    {label: Delete for ever, do: delete, hard_delete: true, second: senior, within: 10m}
  legal:    {label: Send to legal, do: "custom:legal", resolves: "no"}
  ban:      {label: Ban, do: ban, ban: {for: forever, delete_messages: soft, shadow: yes}, resolves: "no"}
  shadow:   {label: Shadow block, do: shadow_block, resolves: "no"}
  block:    {label: Block, do: block, resolves: "no"}
  restore:  {label: Restore, do: restore, resolves: "no"}
  reviewed: {label: Mark reviewed, do: mark_reviewed, resolves: "no"}
  escalate: {label: Escalate there, do: escalate, resolves: "no"}
"""
OFFERED = (
    "self_harm: {title: Self-harm, actions: [clean_up, remove, purge, legal, ban, shadow, block, restore, reviewed,"
    " escalate],"
)
EVERY_ACTION = ["Delete", "Send to legal", "Ban", "Shadow block", "Block", "Restore", "Mark reviewed", "Escalate there"]
AFTER, BEFORE = Fault(drop=True, is_done=True), Fault(drop=True)
FAULTS = {
    "no answer, done": AFTER,
    "no answer, not done": BEFORE,
    "429": Fault(status=429, retry_after="30"),
    "500, done": Fault(status=500, is_done=True),
    "503": Fault(status=503),
    "408": Fault(status=408, body={"code": 23}),
    "html, done": Fault(html=True, is_done=True),
    "an answer without an item, done": Fault(status=201, body={"duration": "1ms"}, is_done=True),
    "a token that has expired": Fault(status=401, body={"code": 40}),
}
MOST_FREQUENT = list(FAULTS)[:3]
FAULTY = [
    pytest.param(label, fault, id=f"{label}: {name}")
    for label in EVERY_ACTION
    for name, fault in FAULTS.items()
    if ARE_ALL_TRIED or label in EVERY_ACTION[:2] or name in MOST_FREQUENT
]
"""Two actions with every fault, and every action with the three most frequent; `make nightly` has all with all."""

TOLD = 'api_key: "${STREAM_API_KEY}"\n    stream_user: escalator-bot\n    tell_stream: escalated'
DONE = "Deleted, author banned by Ana Ruiz"


def the_policy(*changes):
    text = POLICY.read_text().replace("self_harm: {title: Self-harm,", OFFERED) + ACTIONS
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def stream(bare):
    """Stream with the item of the alert, on the same clock."""
    with StreamDouble(secrets=(STREAM_SECRET,), now=bare.clock.now) as double:
        double.key = STREAM_KEY
        double.app["moderation_dashboard_preferences"] = {"escalation_queue_enabled": True}
        message = {"id": MESSAGE_ID, "cid": "messaging:general", "user": {"id": "user-42"}}
        double.add_item(ITEM_ID, entity_id=MESSAGE_ID, entity_creator_id="user-42", message=message)
        yield double


@pytest.fixture
def h(bare, stream):
    bare.start(the_policy(), STREAM_API_URL=stream.origin)
    return bare


def alert(h):
    """Open the incident and return its message in the channel."""
    h.post(SELF_HARM)
    h.forget_seen()
    return next(message for message in h.slack.messages if message.channel == h.slack.channel_id("#critical-alerts"))


def press(h, person, label, message):
    h.click(person, label, on=message)
    h.forget_seen()


def shown(h, message):
    """Return the words of a message as it is now."""
    (now,) = [found for found in h.slack.messages if (found.channel, found.ts) == (message.channel, message.ts)]
    return json.dumps(now.blocks, ensure_ascii=False)


def calls(h):
    with h.core.database.reading() as connection:
        rows = connection.execute(select(stream_calls).order_by(stream_calls.c.position)).all()
    return [(row.part, row.state) for row in rows]


def kinds(stream):
    return [body["action_type"] for body in stream.acted]


def deliver_webhooks(h, stream, order=lambda bodies: bodies):
    bodies, stream.webhooks = order(list(stream.webhooks)), []
    for body in bodies:
        h.send(body)
    h.forget_seen()


def test_the_parts_are_done_in_order_and_the_last_one_resolves_the_incident(h, stream):
    message = alert(h)
    press(h, "ana", "Delete and ban", message)
    assert kinds(stream) == ["delete_message", "ban"]
    delete, ban = stream.acted
    assert delete == {
        "action_type": "delete_message",
        "item_id": ITEM_ID,
        "user_id": "mod-1",
        "delete_message": {"reason": "Self-harm rules (#1001)"},
    }
    assert ban["ban"] == {
        "target_user_id": "user-42",
        "reason": "Self-harm rules (#1001)",
        "timeout": 24 * 60,
        "channel_ban_only": True,
        "channel_cid": "messaging:general",
    }
    incident = h.incident()
    assert (incident["state"], incident["outcome"], incident["closed_by"]) == ("resolved", "action_taken", "ana")
    assert DONE in shown(h, message)
    assert [record["actor_key"] for record in h.records("stream_action.done")] == ["ana"]


@pytest.mark.parametrize("reporter", ["moderator", "admin", "api_integration"])
@pytest.mark.parametrize("order", [lambda bodies: bodies, lambda bodies: bodies[::-1], lambda bodies: bodies * 2])
@pytest.mark.parametrize("label", ["Delete", "Delete and ban", "Send to legal"])
def test_what_we_did_and_comes_back_reviews_reopens_and_pages_nothing(h, stream, reporter, order, label):
    stream.reporter_type = reporter
    message = alert(h)
    press(h, "ana", label, message)
    before = h.incident()
    h.clock.move(seconds=2)
    bodies, stream.webhooks = order(list(stream.webhooks)), []
    for body in bodies:
        h.send(body)
    h.expect_nothing()
    after = h.incident()
    same = ("state", "round", "reviewed_at", "owner", "due_at", "outcome", "route")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert h.count(stream_calls, is_confirmed=False) == 0


def test_a_persons_own_deed_later_on_counts_as_always(h, stream):
    message = alert(h)
    press(h, "ana", "Delete", message)
    deliver_webhooks(h, stream)
    h.clock.move(minutes=5)
    stream._act({"action_type": "mark_reviewed", "item_id": ITEM_ID, "user_id": "mod-1", "mark_reviewed": {}})
    deliver_webhooks(h, stream)
    assert h.incident()["reviewed_at"] is not None


@pytest.mark.parametrize(("label", "fault"), FAULTY)
def test_whatever_the_answer_it_is_done_once_and_then_said(h, stream, label, fault):
    message = alert(h)
    stream.inject(Fault(), fault)
    press(h, "ana", label, message)
    if not fault.is_done:
        assert stream.acted == []
    assert calls(h)[0][1] in {"new", "unknown"}
    assert " requested in Stream by Ana Ruiz" in shown(h, message)
    h.fast_forward(minutes=2)
    h.forget_seen()
    assert len(stream.acted) == 1
    assert [state for _part, state in calls(h)] == ["done"]


@pytest.mark.parametrize("label", ["Delete", "Escalate there", "Send to legal"])
def test_a_webhook_that_overtakes_the_answer_is_ours_too(h, stream, label):
    def send():
        bodies, stream.webhooks = list(stream.webhooks), []
        for body in bodies:
            h.send(body)

    stream.on_act = send
    message = alert(h)
    press(h, "ana", label, message)
    assert (h.incident()["state"], h.incident()["round"], h.incident()["reviewed_at"]) == ("acknowledged", 1, None)
    assert [state for _part, state in calls(h)] == ["done"]
    assert h.count(stream_calls, is_confirmed=True) == 1


def test_without_an_action_log_a_custom_action_is_not_made_twice(h, stream):
    stream.has_audit_log = False
    stream.app["moderation_dashboard_preferences"] = {"disable_audit_logs": True}
    message = alert(h)
    stream.inject(Fault(), Fault(drop=True, is_done=True))
    press(h, "ana", "Send to legal", message)
    stream.webhooks.clear()
    h.fast_forward(minutes=2)
    h.forget_seen()
    assert len(stream.acted) == 1
    assert "failed: Stream did not say whether it is done; look there" in shown(h, message)


def test_the_webhook_that_comes_before_the_answer_confirms_the_action(h, stream):
    message = alert(h)
    stream.inject(Fault(), Fault(drop=True, is_done=True))
    press(h, "ana", "Delete", message)
    assert calls(h) == [("delete", "unknown")]
    deliver_webhooks(h, stream)
    asked = len(stream.requests)
    h.sweep()
    assert calls(h) == [("delete", "done")]
    assert len(stream.requests) == asked


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(status=403, body={"code": 17}), "Ban failed: not allowed"),
        (Fault(status=400, body={"code": 4}), "Ban failed: Stream refused it"),
    ],
)
def test_a_part_that_fails_leaves_the_incident_open_and_can_be_tried_again(h, stream, fault, words):
    message = alert(h)
    stream.inject(Fault(), Fault(), Fault(), fault)
    h.click("ana", "Delete and ban", on=message)
    told = [found.text for found in h.slack.messages if words in found.text]
    assert told, "whoever asked is notified"
    h.forget_seen()
    assert h.incident()["state"] == "acknowledged"
    assert f"Deleted by Ana Ruiz. {words}" in shown(h, message)
    press(h, "ana", "Try again: Delete and ban", message)
    assert kinds(stream) == ["delete_message", "ban"]
    assert h.incident()["state"] == "resolved"


def test_an_item_that_stream_writes_a_moment_later_is_waited_for(h, stream):
    held, stream.items = stream.items, []
    message = alert(h)
    press(h, "ana", "Delete", message)
    assert calls(h) == [("delete", "new")]
    stream.items = held
    h.fast_forward(seconds=5)
    h.forget_seen()
    assert kinds(stream) == ["delete_message"]


def test_an_item_that_is_gone_fails_after_a_minute(h, stream):
    stream.items = []
    message = alert(h)
    press(h, "ana", "Delete", message)
    h.fast_forward(minutes=3)
    h.forget_seen()
    assert "Delete failed: the item is no longer in Stream" in shown(h, message)
    assert h.incident()["state"] == "acknowledged"


def test_stream_that_cannot_be_reached_for_two_hours_is_said_and_nothing_pretends(h, stream):
    message = alert(h)
    stream.inject(*[Fault(status=503)] * 500)
    press(h, "ana", "Delete", message)
    h.fast_forward(hours=2, minutes=1)
    h.forget_seen()
    assert stream.acted == []
    assert "Delete failed: Stream could not be reached for two hours" in shown(h, message)


def test_a_reopened_incident_may_be_acted_on_again(h, stream):
    message = alert(h)
    press(h, "ana", "Delete and ban", message)
    press(h, "dana", "Reopen", message)
    assert "Delete and ban" in shown(h, message)


def test_what_somebody_else_has_done_already_is_done(h, stream):
    message = alert(h)
    stream.item_of(ITEM_ID)["actions"] = [
        {"id": "a-1", "type": "delete_message", "user_id": "mod-9", "created_at": stream.encode(h.clock.now())}
    ]
    press(h, "ana", "Delete", message)
    assert stream.acted == []
    assert "already done before" in shown(h, message)


def test_a_second_person_has_to_approve_what_the_policy_says(h, stream):
    message = alert(h)
    press(h, "ana", "Delete for ever", message)
    assert stream.acted == []
    assert h.incident()["state"] == "acknowledged"
    h.click("ana", "Approve: Delete for ever", on=message)
    h.expect_answer("ana", "Nothing changed: Ana Ruiz already asked for an action in Stream 0 s ago.")
    press(h, "dana", "Approve: Delete for ever", message)
    (done,) = stream.acted
    assert done["user_id"] == "mod-1"
    assert done["delete_message"]["hard_delete"] is True
    assert h.incident()["closed_by"] == "ana"


def test_a_proposal_that_nobody_approves_ends(h, stream):
    message = alert(h)
    press(h, "ana", "Delete for ever", message)
    h.fast_forward(minutes=11)
    h.forget_seen()
    assert stream.acted == []
    assert "nobody approved it in time" in shown(h, message)
    assert calls(h) == [("delete", "cancelled")]


def test_a_resolution_withdraws_a_proposal(h, stream):
    message = alert(h)
    press(h, "ana", "Delete for ever", message)
    press(h, "dana", "False alarm", message)
    h.fast_forward(minutes=11)
    h.forget_seen()
    assert stream.acted == []
    assert [record["reason"] for record in h.records("stream_action.ended")] == ["withdrawn"]


@pytest.mark.parametrize("reporter", ["moderator", "admin", "api_integration"])
def test_a_path_that_escalates_is_escalated_in_stream_once_and_its_echo_pages_nobody(bare, stream, reporter):
    stream.reporter_type = reporter
    bare.start(the_policy(('api_key: "${STREAM_API_KEY}"', TOLD)), STREAM_API_URL=stream.origin)
    alert(bare)
    bare.fast_forward(minutes=16)
    bare.forget_seen()
    (told,) = stream.acted
    assert (told["action_type"], told["user_id"]) == ("escalate", "escalator-bot")
    assert told["escalate"]["priority"] == "high"
    assert told["escalate"]["notes"].startswith("#1001, nobody acknowledged for 5 min, ")
    before = bare.incident()
    deliver_webhooks(bare, stream)
    bare.expect_nothing()
    assert (bare.incident()["round"], bare.incident()["route"]) == (before["round"], "Self-harm")


REFUSED = (Fault(), Fault(status=403, body={"code": 17}))


def test_a_fault_of_ours_at_the_end_of_a_proposal_never_carries_it_out(h, stream, monkeypatch):
    def stumble(*_):
        monkeypatch.undo()
        raise RuntimeError

    message = alert(h)
    press(h, "ana", "Delete for ever", message)
    monkeypatch.setattr(call_results, "expire_proposal", stumble)
    h.fast_forward(minutes=15)
    h.forget_seen()
    h.expect_error("stream_call_failed")
    assert stream.acted == []
    assert calls(h) == [("delete", "cancelled")]


def test_what_needs_a_second_person_needs_one_again_when_it_is_tried_again(h, stream):
    message = alert(h)
    stream.inject(*REFUSED)
    press(h, "ana", "Delete for ever", message)
    press(h, "dana", "Approve: Delete for ever", message)
    press(h, "ana", "Try again: Delete for ever", message)
    assert stream.acted == []
    press(h, "dana", "Approve: Delete for ever", message)
    assert kinds(stream) == ["delete_message"]


def test_a_new_round_begins_an_action_anew(h, stream):
    message = alert(h)
    stream.inject(Fault(), Fault(), *REFUSED)
    press(h, "ana", "Delete and ban", message)
    press(h, "dana", "False alarm", message)
    h.clock.move(minutes=1)
    stream._act({"action_type": "restore", "item_id": ITEM_ID, "user_id": "mod-9", "restore": {}})
    press(h, "dana", "Reopen", message)
    assert "Deleted, not visible" not in shown(h, message)
    press(h, "ana", "Delete and ban", message)
    assert kinds(stream) == ["delete_message", "restore", "delete_message", "ban"]


def test_what_a_person_does_in_stream_after_our_call_was_refused_is_their_own_deed(h, stream):
    message = alert(h)
    stream.inject(*REFUSED)
    press(h, "ana", "Delete", message)
    h.clock.move(minutes=5)
    stream._act({"action_type": "delete_message", "item_id": ITEM_ID, "user_id": "mod-1", "delete_message": {}})
    deliver_webhooks(h, stream)
    assert h.incident()["reviewed_at"] is not None


def test_who_is_no_longer_in_the_policy_does_nothing_more_in_stream(h, stream):
    message = alert(h)
    press(h, "ana", "Delete for ever", message)
    h.change_policy("{members: [ana, ben]}", "{members: [ben]}")
    h.change_policy("  ana:  {name: Ana Ruiz,   slack: U0ANA,  stream: mod-1}\n", "")
    h.forget_seen()
    press(h, "dana", "Approve: Delete for ever", message)
    assert stream.acted == [], "dana has proposed it anew"
    h.clock.move(minutes=1)
    assert [record["actor_key"] for record in h.records("stream_action.proposed")] == ["ana", "dana"]


def test_who_may_no_longer_act_when_the_call_is_made_is_refused(h, stream):
    message = alert(h)
    stream.inject(Fault(status=503))
    press(h, "ana", "Delete", message)
    h.change_policy("stream: mod-1}", "stream: mod-1, role: viewer}")
    h.fast_forward(minutes=1)
    h.forget_seen()
    assert stream.acted == []
    assert "may not do this any more" in shown(h, message)


def test_a_message_that_can_be_restored_is_not_deleted_for_ever(h, stream):
    message = alert(h)
    stream._act({"action_type": "delete_message", "item_id": ITEM_ID, "user_id": "mod-9", "delete_message": {}})
    stream.webhooks.clear()
    press(h, "ana", "Delete for ever", message)
    press(h, "dana", "Approve: Delete for ever", message)
    assert [body["delete_message"].get("hard_delete") for body in stream.acted] == [None, True]


def test_the_sandbox_never_plays_what_was_asked_for_in_production(h, stream):
    message = alert(h)
    stream.inject(Fault(status=503))
    press(h, "ana", "Delete", message)
    h.start(the_policy(), mode="sandbox", STREAM_API_URL=stream.origin)
    h.fast_forward(minutes=1)
    h.forget_seen()
    assert stream.acted == []
    assert h.incident()["state"] == "acknowledged"
    assert [record["reason"] for record in h.records("stream_action.failed")] == ["sandbox_now"]


def test_our_deed_stays_ours_in_events_of_later_weeks_and_under_a_policy_without_actions(h, stream):
    message = alert(h)
    press(h, "ana", "Mark reviewed", message)
    deliver_webhooks(h, stream)
    h.change_policy(OFFERED, "self_harm: {title: Self-harm,")
    h.policy_file.write_text(h.policy_file.read_text().replace(ACTIONS, ""))
    h.core.policies.offer(h.core.database)
    h.clock.move(days=20)
    stream._act({"action_type": "escalate", "item_id": ITEM_ID, "user_id": "bot", "escalate": {}})
    deliver_webhooks(h, stream)
    assert h.incident()["reviewed_at"] is None


def test_an_action_of_an_older_round_resolves_nothing(h, stream):
    message = alert(h)
    stream.inject(Fault(status=503), Fault(status=503))
    press(h, "ana", "Delete and ban", message)
    press(h, "ana", "Release", message)
    press(h, "ben", "Acknowledge", message)
    h.fast_forward(minutes=2)
    h.forget_seen()
    assert kinds(stream) == ["delete_message", "ban"]
    assert (h.incident()["state"], h.incident()["owner"]) == ("acknowledged", "ben")


@pytest.mark.parametrize("read", [Fault(status=429, retry_after="1"), Fault(status=503)], ids=["429", "503"])
def test_what_may_be_done_stays_so_while_the_item_cannot_be_read(h, stream, read):
    message = alert(h)
    stream.inject(Fault(), AFTER, read)
    press(h, "ana", "Delete", message)
    h.fast_forward(seconds=11)
    assert calls(h) == [("delete", "unknown")]
    deliver_webhooks(h, stream)
    assert h.incident()["reviewed_at"] is None
    assert calls(h) == [("delete", "done")]


@pytest.mark.parametrize("read", [Fault(status=403, body={"code": 17}), None], ids=["not allowed", "sandbox"])
def test_what_may_be_done_is_never_said_not_to_be(h, stream, read):
    message = alert(h)
    stream.inject(Fault(), AFTER, *([read] if read else []))
    press(h, "ana", "Delete", message)
    if read is None:
        h.start(the_policy(), mode="sandbox", STREAM_API_URL=stream.origin)
    h.fast_forward(minutes=1)
    h.forget_seen()
    assert [record["reason"] for record in h.records("stream_action.failed")] == ["not_known"]
