"""Calls for people in Stream: escalations and custom actions, by whom and when (RULES 1)."""

from datetime import datetime, timedelta

import pytest

from escalator.model.facts import Facts
from tests.stream.bodies import REVIEWED_AT, an_action, an_event, an_item, an_item_event, seen

EARLIER = REVIEWED_AT - timedelta(minutes=1)
OPTIONS = {"severity": "high", "notify": True, "count": 3}
CUSTOM = {"id": "page_oncall", "options": OPTIONS}


def called(facts: Facts) -> dict[str, datetime]:
    return {name.removeprefix("call:"): at for name, (at, _by) in facts.latest.items() if name.startswith("call:")}


def escalated(**more: object) -> dict[str, object]:
    return {"escalated": True, "escalated_at": REVIEWED_AT.isoformat(), "escalated_by": "mod-1", **more}


def test_an_escalation_is_a_call_at_its_own_time_however_it_is_told() -> None:
    done = an_action(type="escalate")
    for event in (
        an_event(review_queue_item=an_item(), action=done),
        an_item_event(actions=[done]),
        an_item_event(**escalated()),
        an_item_event(**escalated(escalated_by="")),
        an_item_event(**escalated(actions=[done])),
    ):
        assert called(seen(event).facts) == {"escalate": REVIEWED_AT}


def test_the_newest_of_several_escalations_counts() -> None:
    first = an_action(type="escalate", created_at=EARLIER.isoformat())
    facts = seen(an_item_event(actions=[first, an_action(type="escalate")])).facts
    assert called(facts) == {"escalate": REVIEWED_AT}
    assert facts.seen["action"]["escalate"] == EARLIER


@pytest.mark.parametrize("reporter", ["api_integration", "automod", "velocity_filter", "user"])
def test_what_no_person_escalated_is_no_call(reporter: str) -> None:
    done = an_action(type="escalate", reporter_type=reporter, user_id="bot")
    for event in (
        an_event(review_queue_item=an_item(), action=done),
        an_event(review_queue_item=an_item(**escalated(escalated_by="bot", actions=[done])), action=done),
    ):
        facts = seen(event).facts
        assert called(facts) == {}
        assert facts.values("automatic") == {"escalate"}
        assert "escalate" in facts.values("action")


def test_a_server_side_escalation_in_the_name_of_a_person_of_the_policy_is_a_call() -> None:
    done = an_action(type="escalate", reporter_type="api_integration")
    event = an_event(review_queue_item=an_item(**escalated(actions=[done])), action=done)
    assert called(seen(event).facts) == {}
    assert called(seen(event, frozenset({"mod-1"})).facts) == {"escalate": REVIEWED_AT}


def test_the_author_calls_for_nobody() -> None:
    item = an_item(**escalated(escalated_by="user-42", entity_creator_id="user-42"))
    assert called(seen(an_event(review_queue_item=item)).facts) == {}


def test_a_custom_action_says_the_same_in_the_log_as_by_its_webhook() -> None:
    webhook = an_event(
        "moderation.custom_action", action_id="page_oncall", action_options=OPTIONS, review_queue_item=an_item()
    )
    logged = an_item_event(actions=[an_action(type="custom", custom=CUSTOM)])
    other_spelling = {"action_id": "page_oncall", "action_options": OPTIONS}
    spelled = an_item_event(actions=[an_action(type="custom", custom=other_spelling)])
    for event in (webhook, logged, spelled):
        facts = seen(event).facts
        assert facts.values("action") == {"custom", "page_oncall"}
        assert "moderation.custom_action" in facts.values("event")
        assert called(facts) == {"custom": REVIEWED_AT, "page_oncall": REVIEWED_AT}
        options = {name: facts.values(f"custom.{name}") for name in OPTIONS}
        assert options == {"severity": {"high"}, "notify": {"true"}, "count": {"3"}}


def test_the_log_says_when_and_by_whom_the_custom_action_of_a_webhook_was_made() -> None:
    for reporter, calls in (("moderator", {"custom": EARLIER, "page_oncall": EARLIER}), ("api_integration", {})):
        done = an_action(type="custom", custom=CUSTOM, created_at=EARLIER.isoformat(), reporter_type=reporter)
        event = an_event("moderation.custom_action", action_id="page_oncall", review_queue_item=an_item(actions=[done]))
        assert called(seen(event).facts) == calls


def test_the_id_of_a_custom_action_is_kept_as_it_is() -> None:
    event = an_event("moderation.custom_action", action_id=" Page-OnCall ", review_queue_item=an_item())
    assert seen(event).facts.values("action") == {"custom", " Page-OnCall "}


@pytest.mark.parametrize("custom", [None, 7, [], {}, {"id": None}, {"id": {"a": 1}, "options": []}])
def test_an_odd_custom_action_is_only_a_custom_action(custom: object) -> None:
    facts = seen(an_item_event(actions=[an_action(type="custom", custom=custom)])).facts
    assert facts.values("action") == {"custom"}


def test_the_priority_of_an_escalation_is_a_fact() -> None:
    item = an_item(**escalated(escalation_metadata={"reason": "legal", "priority": "HIGH"}))
    assert seen(an_event(review_queue_item=item)).facts.values("escalation_priority") == {"high"}
