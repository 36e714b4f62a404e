from datetime import datetime, timedelta

import pytest

from escalator.model.facts import Review
from tests.stream.bodies import (
    FLAGGED_AGAIN_AT,
    FLAGGED_AT,
    REVIEWED_AT,
    a_flag,
    an_action,
    an_event,
    an_item,
    an_item_event,
    seen,
    stored_seen,
)

LATER = REVIEWED_AT + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("review_queue_item.updated__mark_reviewed", "mark_reviewed"),
        ("review_queue_item.updated__delete_message", "delete_message"),
        ("review_queue_item.updated__ban", "ban"),
        ("review_queue_item.updated__shadow_block", "shadow_block"),
        ("review_queue_item.updated__flagged_after_review", "mark_reviewed"),
        ("moderation.mark_reviewed", "mark_reviewed"),
        ("user.banned__from_review_queue", "ban"),
    ],
)
def test_a_persons_review_is_one_at_streams_time(name: str, action: str) -> None:
    found = stored_seen(name)
    assert found.review == Review(REVIEWED_AT, "mod-1", action)
    assert found.facts.seen["review"] == {"mod-1": REVIEWED_AT}


ENDING = (
    "mark_reviewed",
    "delete_message",
    "delete_activity",
    "delete_comment",
    "delete_reaction",
    "delete_user",
    "delete_user_messages",
    "ban",
    "restore",
    "unblock",
    "block",
    "shadow_block",
    "kick_user",
    "end_call",
)
GOING_ON = ("escalate", "de_escalate", "flag", "custom", "unban", "unmask", "bypass", "reject_appeal", "")


@pytest.mark.parametrize("reporter", ["moderator", "admin", "Moderator"])
@pytest.mark.parametrize("action", ENDING)
def test_an_action_that_ends_the_matter_is_a_review(action: str, reporter: str) -> None:
    for done in ({"action": an_action(type=action, reporter_type=reporter)}, {}):
        item = an_item(actions=[] if done else [an_action(type=action, reporter_type=reporter)])
        assert seen(an_event(review_queue_item=item, **done)).review == Review(REVIEWED_AT, "mod-1", action)


@pytest.mark.parametrize("action", GOING_ON)
def test_any_other_action_is_none(action: str) -> None:
    assert seen(an_event(review_queue_item=an_item(), action=an_action(type=action))).review is None


@pytest.mark.parametrize("reporter", ["automod", "velocity_filter", "api_integration", "user", "", None, 7])
def test_nobody_but_a_moderator_or_admin_reviews(reporter: object) -> None:
    action = an_action(reporter_type=reporter)
    event = an_event(review_queue_item=an_item(actions=[action]), action=action)
    found = seen(event)
    assert found.review is None
    assert found.opens


def test_the_author_reviews_nothing_even_as_a_moderator() -> None:
    own = an_action(user_id="user-42", type="delete_message")
    item = an_item(entity_creator_id="user-42", actions=[own], reviewed_at=LATER.isoformat(), reviewed_by="user-42")
    assert seen(an_event(review_queue_item=item, action=own)).review is None


REVIEWED = {"reviewed_at": LATER.isoformat()}
BY_ROBOT = an_action(reporter_type="api_integration", user_id="robot", type="delete_message")
BY_AUTOMOD = an_action(reporter_type="automod", user_id="", type="block")


@pytest.mark.parametrize(
    ("item", "by"),
    [
        pytest.param({**REVIEWED, "reviewed_by": "mod-2"}, "mod-2", id="reviewed_at alone is enough"),
        pytest.param({**REVIEWED, "reviewed_by": "mod-2", "actions": [BY_AUTOMOD]}, "mod-2", id="beside automation"),
        pytest.param({**REVIEWED, "reviewed_by": ""}, "", id="by somebody who is not named"),
        pytest.param({**REVIEWED, "actions": [an_action(), BY_ROBOT]}, "", id="a person has acted too"),
    ],
)
def test_reviewed_at_is_a_review(item: dict[str, object], by: str) -> None:
    assert seen(an_item_event(**item)).review == Review(LATER, by, "mark_reviewed")


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({**REVIEWED, "reviewed_by": "robot", "actions": [BY_ROBOT]}, id="an API key reviewed"),
        pytest.param({**REVIEWED, "reviewed_by": "", "actions": [BY_AUTOMOD]}, id="only automation has acted"),
        pytest.param({**REVIEWED, "reviewed_by": "automod"}, id="automod is named"),
        pytest.param({"reviewed_at": None, "reviewed_by": "mod-1"}, id="reviewed_at null"),
        pytest.param({"reviewed_at": "0001-01-01T00:00:00Z", "reviewed_by": "mod-1"}, id="reviewed_at Go's zero time"),
        pytest.param({"reviewed_at": {"Time": LATER.isoformat(), "Valid": False}}, id="reviewed_at a NullTime not set"),
        pytest.param({"status": "complete"}, id="status is that of the automatic check"),
        pytest.param({"actions": [an_action(created_at=None)]}, id="an old action of no known time"),
    ],
)
def test_what_is_no_review(item: dict[str, object]) -> None:
    assert seen(an_item_event(**item)).review is None


def test_the_action_of_the_event_may_take_the_events_time() -> None:
    event = an_event(review_queue_item=an_item(), action=an_action(created_at=None))
    assert seen(event).review == Review(REVIEWED_AT, "mod-1", "mark_reviewed")


def test_the_newest_of_several_reviews_counts_and_every_reviewer_is_known() -> None:
    actions = [an_action(user_id="mod-2", created_at=LATER.isoformat(), type="ban"), an_action()]
    found = seen(an_item_event(actions=actions))
    assert found.review == Review(LATER, "mod-2", "ban")
    assert found.facts.seen["review"] == {"mod-1": REVIEWED_AT, "mod-2": LATER}


def test_mark_reviewed_is_a_review_even_when_its_item_says_nothing() -> None:
    assert seen(an_event("moderation.mark_reviewed", item=an_item())).review == Review(REVIEWED_AT, "", "mark_reviewed")
    assert seen(an_event("moderation.mark_reviewed")).review == Review(REVIEWED_AT, "", "mark_reviewed")


def test_mark_reviewed_by_an_api_key_closes_nothing() -> None:
    found = stored_seen("moderation.mark_reviewed__by_api_key")
    assert found.review is None
    assert not found.opens


@pytest.mark.parametrize(
    "created_by",
    [
        pytest.param(None, id="nobody"),
        pytest.param({"id": ""}, id="nobody with a name"),
        pytest.param({"id": "automod"}, id="automod"),
        pytest.param({"id": "x", "role": "api_integration"}, id="an API key"),
        pytest.param({"id": "user-42", "role": "user"}, id="the banned user"),
    ],
)
def test_a_ban_by_no_person_is_no_review_and_opens(created_by: object) -> None:
    event = an_event("user.banned", user={"id": "user-42"}, created_by=created_by, review_queue_item_id="item-1")
    found = seen(event)
    assert found.review is None
    assert found.opens
    assert found.facts.values("reporter") == {"automod"}


def test_a_flag_after_the_review_stays_newer_than_it() -> None:
    found = stored_seen("review_queue_item.updated__flagged_after_review")
    assert found.review is not None
    assert found.facts.seen["reason"]["threat"] == FLAGGED_AGAIN_AT > found.review.at
    assert found.facts.seen["label"]["SELF_HARM"] == FLAGGED_AT < found.review.at


def test_an_appeal_is_no_review_though_it_remembers_them() -> None:
    found = stored_seen("appeal.accepted")
    assert found.review is None
    assert "review" not in found.facts.seen
    assert found.facts.seen["action"] == {"mark_reviewed": REVIEWED_AT}


def test_a_review_repeats_old_flags_without_making_them_new() -> None:
    found = stored_seen("review_queue_item.updated__mark_reviewed")
    assert found.review is not None
    before = found.facts.before(found.review.at)
    for name in ("label", "severity_number", "text_severity", "kind", "author", "channel"):
        assert before.values(name) == found.facts.values(name) != frozenset()


def test_a_flag_without_a_time_counts_as_new() -> None:
    event = an_item_event(flags=[a_flag(created_at=None, labels=["THREAT"])])
    assert seen(event).facts.seen["label"] == {"THREAT": REVIEWED_AT}


STAFF = frozenset({"mod-1", "user-42"})
LEAVES_OPEN = ("escalate", "de_escalate", "flag", "custom", "unban", "bypass")


@pytest.mark.parametrize("last", LEAVES_OPEN)
@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"latest_moderator_action": True}, id="named as the latest"),
        pytest.param({"latest_moderator_action": True, "action": True, "actions": True}, id="named and logged"),
        pytest.param({"action": True}, id="what the event is about"),
        pytest.param({"actions": True}, id="the newest in the log"),
    ],
)
def test_reviewed_at_is_no_review_while_what_was_done_last_leaves_the_matter_open(
    last: str, where: dict[str, bool]
) -> None:
    done = an_action(type=last)
    item = an_item(
        reviewed_at=REVIEWED_AT.isoformat(),
        reviewed_by="mod-1",
        latest_moderator_action=last.upper() if "latest_moderator_action" in where else "",
        actions=[done] if "actions" in where else [],
    )
    found = seen(an_event(review_queue_item=item, **({"action": done} if "action" in where else {})))
    assert found.review is None
    assert "review" not in found.facts.seen
    assert last in found.facts.values("action") or set(where) == {"latest_moderator_action"}


def test_a_review_before_an_escalation_is_still_one() -> None:
    escalated = an_action(type="escalate", created_at=LATER.isoformat())
    item = an_item(
        reviewed_at=REVIEWED_AT.isoformat(), latest_moderator_action="escalate", actions=[an_action(), escalated]
    )
    assert seen(an_event(review_queue_item=item, action=escalated)).review == Review(
        REVIEWED_AT, "mod-1", "mark_reviewed"
    )


def escalated_at(at: datetime, **more: object) -> dict[str, object]:
    stated = {"escalated": True, "escalated_at": at.isoformat(), "escalated_by": "mod-1"}
    return an_item(reviewed_at=REVIEWED_AT.isoformat(), reviewed_by="mod-1", **stated, **more)


@pytest.mark.parametrize("at", [REVIEWED_AT, LATER])
@pytest.mark.parametrize("actions", [[], [an_action(created_at=FLAGGED_AT.isoformat())]], ids=["no log", "an old log"])
def test_reviewed_at_is_no_review_where_all_that_is_as_new_is_the_escalation(
    at: datetime, actions: list[dict[str, object]]
) -> None:
    found = seen(an_event(review_queue_item=escalated_at(at, actions=actions)))
    assert found.review is None or found.review.at == FLAGGED_AT
    assert "escalate" in found.facts.values("action")


def test_reviewed_at_after_an_escalation_is_a_review_though_nothing_else_says_so() -> None:
    assert seen(an_event(review_queue_item=escalated_at(FLAGGED_AT))).review == Review(
        REVIEWED_AT, "mod-1", "mark_reviewed"
    )


def test_a_later_review_ends_what_was_escalated_before() -> None:
    escalated = an_action(type="escalate")
    marked = an_action(created_at=LATER.isoformat())
    item = an_item(
        reviewed_at=LATER.isoformat(), reviewed_by="mod-1", latest_moderator_action="", actions=[marked, escalated]
    )
    assert seen(an_event(review_queue_item=item)).review == Review(LATER, "mod-1", "mark_reviewed")


@pytest.mark.parametrize("action", ENDING)
def test_a_server_side_call_in_the_name_of_a_person_of_the_policy_is_a_review(action: str) -> None:
    done = an_action(type=action, reporter_type="api_integration")
    item = an_item(reviewed_at=REVIEWED_AT.isoformat(), reviewed_by="mod-1", latest_moderator_action=action)
    for event in (an_event(review_queue_item=an_item(), action=done), an_event(review_queue_item=item, action=done)):
        assert seen(event).review is None
        assert seen(event, STAFF).review == Review(REVIEWED_AT, "mod-1", action)
        assert seen(event, frozenset({"MOD-1", "mod_1"})).review is None


def test_a_server_side_call_in_nobodys_name_is_none() -> None:
    done = an_action(reporter_type="api_integration", user_id="")
    assert seen(an_event(review_queue_item=an_item(actions=[done]), action=done), STAFF).review is None


def test_the_author_reviews_nothing_even_as_a_person_of_the_policy() -> None:
    own = an_action(user_id="user-42", reporter_type="api_integration")
    item = an_item(entity_creator_id="user-42", actions=[own], reviewed_at=LATER.isoformat(), reviewed_by="user-42")
    assert seen(an_event(review_queue_item=item, action=own), STAFF).review is None


def test_a_ban_in_the_name_of_a_person_of_the_policy_is_a_review() -> None:
    by = {"id": "mod-1", "role": "api_integration"}
    event = an_event("user.banned", user={"id": "user-9"}, created_by=by, review_queue_item_id="item-1")
    assert seen(event).review is None
    assert seen(event, STAFF).review == Review(REVIEWED_AT, "mod-1", "ban")


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({}, id="the item says nothing"),
        pytest.param({"reviewed_by": ""}, id="an empty reviewed_by"),
        pytest.param({"reviewed_by": "", "reviewed_at": REVIEWED_AT.isoformat()}, id="reviewed by nobody who is named"),
    ],
)
def test_the_user_of_mark_reviewed_is_who_reviewed(item: dict[str, object]) -> None:
    event = an_event("moderation.mark_reviewed", item=an_item(**item), user={"id": "mod-9"})
    assert seen(event).review == Review(REVIEWED_AT, "mod-9", "mark_reviewed")
    assert seen(event).facts.seen["review"] == {"mod-9": REVIEWED_AT}


def test_the_user_of_mark_reviewed_counts_as_little_as_any_other_machine_or_author() -> None:
    for user_id in ("automod", "user-42"):
        item = an_item(entity_creator_id="user-42")
        assert seen(an_event("moderation.mark_reviewed", item=item, user={"id": user_id})).review is None


def test_mark_reviewed_is_a_review_though_its_item_still_shows_an_older_escalation() -> None:
    item = an_item(reviewed_at=FLAGGED_AT.isoformat(), latest_moderator_action="escalate", reviewed_by="mod-1")
    assert seen(an_event("moderation.mark_reviewed", item=item)).review == Review(REVIEWED_AT, "mod-1", "mark_reviewed")


def test_the_user_of_any_other_event_reviews_nothing() -> None:
    event = an_event(review_queue_item=an_item(reviewed_at=LATER.isoformat()), user={"id": "user-7"})
    assert seen(event).review == Review(LATER, "", "mark_reviewed")
