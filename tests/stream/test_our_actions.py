"""What we did in Stream ourselves is no review, no call for people and no ban by somebody; all else counts."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.model.facts import Observation
from escalator.stream.our_actions import OurAction, OurActions
from escalator.stream.read_event import observe
from tests.stream.bodies import FLAGGED_AT, ITEM_ID, RECEIVED_AT, an_event

BOT, ANA, STRANGER = "escalator-bot", "mod-1", "mod-9"
SENT, ANSWERED = FLAGGED_AT + timedelta(minutes=1), FLAGGED_AT + timedelta(minutes=1, seconds=2)
IN_BETWEEN = SENT + timedelta(seconds=1)
PARTS = ["delete", "ban", "shadow_block", "block", "restore", "mark_reviewed", "escalate", "custom:legal"]
TYPES = {"delete": "delete_message", "custom:legal": "custom"}


def a_call(part: str = "delete", *, answered: datetime | None = ANSWERED, action_id: str = "") -> OurAction:
    return OurAction(uuid4(), part, ANA, SENT, answered, action_id)


def an_action(part: str, user: str = ANA, at: datetime = IN_BETWEEN, id_: str = "log-1", reporter: str = "moderator"):
    custom = {"custom": {"id": part.removeprefix("custom:")}} if part.startswith("custom:") else {}
    return {
        "id": id_,
        "type": TYPES.get(part, part),
        "user_id": user,
        "reporter_type": reporter,
        "created_at": at.isoformat(),
        **custom,
    }


def an_item(*actions: dict[str, object], **more: object) -> dict[str, object]:
    flag = {"type": "bodyguard", "labels": ["THREAT"], "created_at": FLAGGED_AT.isoformat()}
    known = {"id": ITEM_ID, "entity_type": "stream:chat:v1:message", "entity_id": "m", "entity_creator_id": "user-42"}
    return {**known, "created_at": FLAGGED_AT.isoformat(), "flags": [flag], "actions": list(actions), **more}


def read(event: dict[str, object], *calls: OurAction, users: frozenset[str] = frozenset()) -> Observation:
    observation = observe(event, RECEIVED_AT, frozenset({ANA}), lambda _subject: OurActions(calls, users))
    assert observation is not None
    return observation


def updated(action: dict[str, object], **item: object) -> dict[str, object]:
    return an_event(review_queue_item=an_item(action, **item), action=action, created_at=IN_BETWEEN.isoformat())


def deeds(observation: Observation) -> tuple[object, ...]:
    """Return what of an observation says that somebody did something."""
    facts = observation.facts
    called = {name for name in facts.latest if name.startswith("call")}
    return observation.review, facts.values("action"), facts.values("review"), called


NOTHING = (None, frozenset(), frozenset(), set())


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("reporter", ["moderator", "admin", "api_integration"])
def test_a_deed_of_ours_is_confirmed_and_is_nothing_else(part: str, reporter: str) -> None:
    call = a_call(part)
    event = updated(
        an_action(part, reporter=reporter),
        reviewed_at=IN_BETWEEN.isoformat(),
        reviewed_by=ANA,
        latest_moderator_action=TYPES.get(part, part),
    )
    observation = read(event, call)
    assert deeds(observation) == NOTHING
    assert observation.confirmed == {call.call}
    assert observation.facts.values("label") == {"THREAT"}, "what else the item says counts"


@pytest.mark.parametrize("part", PARTS)
def test_the_same_by_somebody_else_counts(part: str) -> None:
    observation = read(updated(an_action(part, STRANGER)), a_call(part))
    assert deeds(observation) != NOTHING
    assert observation.confirmed == frozenset()


@pytest.mark.parametrize(
    ("at", "answered", "is_ours"),
    [
        pytest.param(SENT - timedelta(seconds=5), ANSWERED, True, id="Stream's log is a little early"),
        pytest.param(SENT - timedelta(seconds=6), ANSWERED, False, id="before we called"),
        pytest.param(ANSWERED + timedelta(seconds=60), ANSWERED, True, id="a minute after the answer"),
        pytest.param(ANSWERED + timedelta(seconds=61), ANSWERED, False, id="later"),
        pytest.param(ANSWERED + timedelta(hours=1), None, True, id="later, while no answer has come"),
    ],
)
def test_it_is_ours_only_around_the_time_of_our_call(at: datetime, answered: datetime | None, is_ours: bool) -> None:
    observation = read(updated(an_action("delete", at=at)), a_call(answered=answered))
    assert (deeds(observation) == NOTHING) is is_ours


def test_a_known_id_decides_whatever_the_time() -> None:
    late = ANSWERED + timedelta(days=1)
    assert deeds(read(updated(an_action("delete", at=late, id_="x")), a_call(action_id="x"))) == NOTHING
    assert deeds(read(updated(an_action("delete", id_="y")), a_call(action_id="x"))) != NOTHING


@pytest.mark.parametrize("part", PARTS)
def test_our_own_user_never_reviews_or_calls(part: str) -> None:
    at = FLAGGED_AT + timedelta(days=3)
    event = updated(an_action(part, BOT, at), reviewed_at=at.isoformat(), reviewed_by=BOT)
    assert deeds(read(event, users=frozenset({BOT}))) == NOTHING


def test_our_escalation_is_repeated_by_every_later_event_and_stays_ours() -> None:
    escalated = {"escalated": True, "escalated_at": IN_BETWEEN.isoformat(), "escalated_by": ANA}
    reason = {"escalation_metadata": {"reason": "ours", "priority": "high"}}
    later = updated(an_action("flag", STRANGER), **escalated, **reason)
    observation = read(later, a_call("escalate"))
    assert "escalate" not in observation.facts.values("action")
    assert observation.facts.values("escalation_priority") == frozenset()
    by_somebody = {**escalated, "escalated_by": STRANGER, "escalated_at": RECEIVED_AT.isoformat()}
    assert "escalate" in read(updated(an_action("flag", STRANGER), **by_somebody), a_call("escalate")).facts.values(
        "action"
    )


def test_a_ban_of_ours_opens_nothing_and_one_by_automation_does() -> None:
    banned = {"user": {"id": "user-42"}, "review_queue_item_id": ITEM_ID, "created_at": IN_BETWEEN.isoformat()}
    ours = read(an_event("user.banned", created_by={"id": ANA}, **banned), a_call("ban"))
    assert (ours.opens, deeds(ours)) == (False, NOTHING)
    assert len(ours.confirmed) == 1
    assert read(an_event("user.banned", created_by={"id": "automod"}, **banned), a_call("ban")).opens


@pytest.mark.parametrize(
    ("event_type", "fields", "part"),
    [
        ("moderation.mark_reviewed", {"item": an_item(reviewed_by=ANA)}, "mark_reviewed"),
        ("moderation.custom_action", {"review_queue_item": an_item(), "action_id": "legal"}, "custom:legal"),
    ],
)
def test_an_event_that_is_about_our_deed_alone_says_nothing(
    event_type: str, fields: dict[str, object], part: str
) -> None:
    event = an_event(event_type, created_at=IN_BETWEEN.isoformat(), **fields)
    observation = read(event, a_call(part))
    assert (observation.opens, deeds(observation)) == (False, NOTHING)
    assert len(observation.confirmed) == 1
    assert deeds(read(event)) != NOTHING


@given(
    ours=st.lists(st.sampled_from(PARTS), max_size=4),
    others=st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(["moderator", "admin"])), max_size=4),
)
def test_an_item_says_of_others_the_same_with_our_deeds_in_its_log_as_without(ours, others) -> None:
    foreign = [an_action(part, STRANGER, id_=f"o{at}", reporter=by) for at, (part, by) in enumerate(others)]
    mixed = [*(an_action(part, id_=f"u{at}") for at, part in enumerate(ours)), *foreign]
    calls = [a_call(part) for part in PARTS]
    with_ours = read(an_event(review_queue_item=an_item(*mixed)), *calls)
    without = read(an_event(review_queue_item=an_item(*foreign)), *calls)
    assert (with_ours.facts, with_ours.review) == (without.facts, without.review)
