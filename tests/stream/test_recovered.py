"""An item that was read from Stream's queue says what the webhooks about it would have said."""

import json

import pytest

from escalator.model.facts import ItemState
from escalator.stream.envelope import EnvelopeKind, read_envelope
from escalator.stream.read_event import observe
from escalator.stream.recovered import body_of, digest_of, state_of
from tests.stream.bodies import (
    ENCODINGS,
    FLAGGED_AGAIN_AT,
    FLAGGED_AT,
    REVIEWED_AT,
    a_flag,
    an_action,
    an_item,
    an_item_event,
    seen,
    stored,
)

NEW, UPDATED = "review_queue_item.new", "review_queue_item.updated"
AT_ONCE = {"updated_at": FLAGGED_AT.isoformat()}


def recovered(**item):
    return seen(body_of(an_item(**item), was_lost=True))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param({}, NEW, id="nothing but the item"),
        pytest.param({"flags": [a_flag()]}, NEW, id="one flag"),
        pytest.param({"flags": [a_flag(), a_flag(type="user_report")]}, UPDATED, id="a second flag"),
        pytest.param({"flags": [a_flag()], "actions": [an_action()]}, UPDATED, id="an action"),
        pytest.param({"flags": "odd", "actions": {"odd": 1}}, NEW, id="surprising values"),
    ],
)
def test_which_webhook_it_stands_in_for(item, expected):
    observation = recovered(**item)
    assert observation.event_type == expected
    assert observation.facts.seen["event"].keys() == {NEW, expected}
    assert observation.facts.seen["event"][NEW] == FLAGGED_AT


STATES = {
    "one flag": (NEW, {"flags": [a_flag(labels=["SELF_HARM"])], **AT_ONCE}),
    "a severity": (NEW, {"flags": [a_flag()], "ai_text_severity": "CRITICAL", "confidence_score": 0.97, **AT_ONCE}),
    "a review": (
        UPDATED,
        {"flags": [a_flag()], "actions": [an_action()], "reviewed_at": REVIEWED_AT.isoformat(), "reviewed_by": "mod-1"},
    ),
    "an escalation": (
        UPDATED,
        {
            "flags": [a_flag()],
            "actions": [an_action(type="escalate")],
            "escalated": True,
            "escalated_at": REVIEWED_AT.isoformat(),
            "escalated_by": "mod-1",
            "escalation_metadata": {"reason": "threat", "notes": "help", "priority": "high"},
        },
    ),
    "an escalation after a review": (
        UPDATED,
        {
            "flags": [a_flag()],
            "actions": [an_action(type="escalate", created_at=FLAGGED_AGAIN_AT.isoformat()), an_action()],
            "updated_at": FLAGGED_AGAIN_AT.isoformat(),
            "reviewed_at": REVIEWED_AT.isoformat(),
        },
    ),
    "a custom action": (UPDATED, {"actions": [an_action(type="custom", custom={"id": "page", "options": {"a": "b"}})]}),
    "a review without a time": (UPDATED, {"flags": [a_flag()], "actions": [an_action(created_at=None)]}),
    "an action of automation": (UPDATED, {"actions": [an_action(type="ban", reporter_type="automod")]}),
    "a ban": (UPDATED, {"flags": [a_flag()], "actions": [an_action(type="ban")]}),
}


@pytest.mark.parametrize(("event_type", "item"), STATES.values(), ids=STATES)
def test_it_says_what_the_webhook_about_the_same_state_says(event_type, item):
    webhook = an_item_event(event_type, **item)
    webhook["created_at"] = an_item(**item)["updated_at"]
    if item.get("actions"):
        webhook["action"] = item["actions"][0]
    expected, observation = seen(webhook), recovered(**item)
    assert observation.facts == expected.facts.joined(observation.facts)
    extra = {name: values for name, values in observation.facts.seen.items() if name != "event"}
    assert extra == {name: values for name, values in expected.facts.seen.items() if name != "event"}
    for name in ("at", "keys", "content", "review", "opens", "waits", "links", "item", "event_type"):
        assert getattr(observation, name) == getattr(expected, name), name


def test_it_says_whether_a_webhook_was_lost():
    assert [seen(body_of(an_item(), was_lost=lost)).was_lost for lost in (True, False)] == [True, False]
    assert not seen(an_item_event()).was_lost


def test_streams_door_does_not_take_it():
    assert read_envelope(body_of(an_item(), was_lost=True)).kind is EnvelopeKind.IGNORED


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_state_of_an_item_is_the_same_in_a_webhook_and_in_an_answer(encoding):
    body = json.loads(stored("review_queue_item.updated__mark_reviewed", encoding))
    state = state_of(body["review_queue_item"])
    assert state == observe(body, FLAGGED_AT).item
    assert state.reviewed_at is not None


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param({"id": "a", "updated_at": 1_787_000_000_000_000_000}, True, id="nanoseconds"),
        pytest.param({"id": "a", "created_at": "2026-08-20T14:03:07Z"}, True, id="only created"),
        pytest.param({"id": "a"}, False, id="no time"),
        pytest.param({"id": 7, "updated_at": "2026-08-20T14:03:07Z"}, False, id="no text as id"),
        pytest.param({"updated_at": "2026-08-20T14:03:07Z"}, False, id="no id"),
    ],
)
def test_what_has_no_state(item, expected):
    assert isinstance(state_of(item), ItemState) is expected


FLAGGED = an_item(flags=[a_flag(labels=["HATE"])])


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        pytest.param({"updated_at": FLAGGED_AGAIN_AT.isoformat()}, True, id="only when it was updated"),
        pytest.param({"entity_creator": {"online": True, "last_active": "2026"}}, False, id="another creator"),
        pytest.param({"stats": {"views": 7}}, True, id="what is never read"),
        pytest.param({"flags": [a_flag(labels=["HATE"]), a_flag(type="user_report")]}, False, id="a flag"),
        pytest.param({"actions": [an_action()]}, False, id="an action"),
        pytest.param({"reviewed_at": REVIEWED_AT.isoformat()}, False, id="a review"),
        pytest.param({"id": "item-2"}, False, id="another item"),
    ],
)
def test_which_states_are_the_same(changed, is_same):
    assert (digest_of(FLAGGED | changed) == digest_of(FLAGGED)) is is_same


def test_who_is_online_is_no_part_of_a_state():
    users = [{"id": "ana", "online": online, "last_active": str(online)} for online in (True, False)]
    first, second = (digest_of(an_item(entity_creator=user)) for user in users)
    assert first == second
