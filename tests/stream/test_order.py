"""The events of one item, in any order and any number of times, add up to the same facts."""

from functools import reduce
from itertools import combinations, permutations

from escalator.model.facts import Content, Facts, Observation
from tests.stream.bodies import (
    FLAGGED_AGAIN_AT,
    FLAGGED_AT,
    an_action,
    an_event,
    an_item,
    an_item_event,
    seen,
    stored_seen,
)

STORY = (
    "moderation_check.completed__flag",
    "review_queue_item.new__text_self_harm_critical",
    "message.flagged__user_report",
    "review_queue_item.updated__escalate",
    "review_queue_item.updated__ban",
)


OTHER_SHAPES = (
    an_event("moderation.custom_action", action_id="page", action_options={"why": "x"}, review_queue_item=an_item()),
    an_item_event(actions=[an_action(type="custom", custom={"id": "page"}, created_at=FLAGGED_AGAIN_AT.isoformat())]),
    an_item_event(escalated=True, escalated_at=FLAGGED_AT.isoformat(), escalation_metadata={"priority": "high"}),
    an_event(review_queue_item=an_item(), action=an_action(type="escalate", created_at=FLAGGED_AGAIN_AT.isoformat())),
    an_event(review_queue_item=an_item(), action=an_action(type="escalate", reporter_type="api_integration")),
    an_event("moderation.mark_reviewed", item=an_item(reviewed_by=""), user={"id": "mod-9"}),
    an_item_event(feeds_v3_comment={"text": "I will do it tonight", "user": {"id": "user-42"}}),
)


def test_facts_and_content_do_not_depend_on_order_or_number() -> None:
    agree_in_every_order([stored_seen(name) for name in STORY])


def test_calls_reviews_and_posts_in_other_shapes_do_not_either() -> None:
    for shapes in combinations(OTHER_SHAPES, 5):
        agree_in_every_order([seen(body) for body in shapes])


def agree_in_every_order(told: list[Observation]) -> None:
    facts = {repr(reduce(Facts.merged, [one.facts for one in order], Facts())) for order in permutations(told)}
    content = {repr(reduce(Content.merged, [one.content for one in order], Content())) for order in permutations(told)}
    twice = repr(reduce(Facts.merged, [one.facts for one in (*told, *told)], Facts()))
    assert facts == {twice}
    assert len(content) == 1
