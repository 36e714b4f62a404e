"""The events of one item, in any order and any number of times, add up to the same facts."""

from functools import reduce
from itertools import permutations

from escalator.model.facts import Content, Facts
from tests.stream.bodies import stored_seen

STORY = (
    "moderation_check.completed__flag",
    "review_queue_item.new__text_self_harm_critical",
    "message.flagged__user_report",
    "review_queue_item.updated__escalate",
    "review_queue_item.updated__ban",
)


def test_facts_and_content_do_not_depend_on_order_or_number() -> None:
    told = [stored_seen(name) for name in STORY]
    facts = {repr(reduce(Facts.merged, [one.facts for one in order], Facts())) for order in permutations(told)}
    content = {repr(reduce(Content.merged, [one.content for one in order], Content())) for order in permutations(told)}
    twice = repr(reduce(Facts.merged, [one.facts for one in (*told, *told)], Facts()))
    assert facts == {twice}
    assert len(content) == 1
