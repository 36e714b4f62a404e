"""When a review in Stream counts no more, and what calls for people since (RULES 1). For orders see test_order."""

import pytest

from escalator.engine.reviews import (
    discount_reviews,
    has_new_call,
    has_reviews,
    is_review_outweighed,
    review_facts,
    valid_reviewers,
    without_reviews,
)
from escalator.model.facts import Facts, Review
from escalator.model.policy import Policy
from tests.builders import EXAMPLE_POLICY, a_policy, a_route, an_observation, minute, some_facts


def reviewed(at: float, by: str = "mod-ana") -> Facts:
    return review_facts(Review(minute(at), by, "mark_reviewed"))


def reports(count: int, at: float) -> Facts:
    return some_facts(at, report=[f"user-{number}" for number in range(count)])


@pytest.mark.parametrize(
    ("later", "is_outweighed"),
    [
        pytest.param(Facts(), False, id="nothing"),
        pytest.param(reports(5, 6), True, id="so many reports after it"),
        pytest.param(reports(4, 6), False, id="fewer reports"),
        pytest.param(reports(5, 4), False, id="reports before it"),
        pytest.param(reports(5, 5), True, id="reports at its very instant: the flag wins"),
        pytest.param(some_facts(6, label="SUICIDE"), True, id="a new category"),
        pytest.param(an_observation(6, called="escalate").facts, True, id="a call for people"),
        pytest.param(an_observation(5, called="escalate").facts, False, id="a call at its very instant loses"),
    ],
)
def test_what_outweighs_a_review(later: Facts, is_outweighed: bool) -> None:
    facts = reviewed(5).merged(later)
    assert is_review_outweighed(facts, minute(5), EXAMPLE_POLICY) is is_outweighed


@pytest.mark.parametrize(
    ("spent", "counts"),
    [
        pytest.param(None, True, id="no round was started since"),
        pytest.param(4, True, id="a round that was started before it"),
        pytest.param(5, False, id="a round that was started when it was known"),
    ],
)
def test_a_review_counts_until_people_or_the_clock_start_a_round(spent: float | None, counts: bool) -> None:
    facts = discount_reviews(reviewed(5), None if spent is None else minute(spent))
    assert valid_reviewers(facts, EXAMPLE_POLICY, EXAMPLE_POLICY) == (("ana",) if counts else ())


def test_who_reviewed_first_is_named_first_and_an_unnamed_reviewer_only_alone() -> None:
    both = reviewed(6, "mod-ana").merged(reviewed(5, "mod-ben"))
    assert valid_reviewers(both, EXAMPLE_POLICY, EXAMPLE_POLICY) == ("ben", "ana")
    assert valid_reviewers(both.merged(reviewed(7, "")), EXAMPLE_POLICY, EXAMPLE_POLICY) == ("ben", "ana")
    assert valid_reviewers(reviewed(7, ""), EXAMPLE_POLICY, EXAMPLE_POLICY) == ("stream:",)


def test_reviews_at_one_instant_are_in_the_same_order_whichever_came_first() -> None:
    ana, ben = reviewed(5, "mod-ana"), reviewed(5, "mod-ben")
    for facts in (ana.merged(ben), ben.merged(ana)):
        assert valid_reviewers(facts, EXAMPLE_POLICY, EXAMPLE_POLICY) == ("ana", "ben")


def test_without_reviews_all_else_is_kept() -> None:
    other = some_facts(1, label="SUICIDE", latest="remove")
    facts = without_reviews(discount_reviews(other.merged(reviewed(5)), minute(6)))
    assert not has_reviews(facts)
    assert facts == other


BY_ACTION = a_policy(routes=(a_route("urgent", action="call_a_senior"),))
BY_EVENT = a_policy(routes=(a_route("urgent", event="moderation.custom_action"),))
BY_ANOTHER = a_policy(routes=(a_route("urgent", event="appeal.created"),))


@pytest.mark.parametrize(
    ("action", "policy", "is_call"),
    [
        pytest.param("escalate", BY_ANOTHER, True, id="an escalation, whatever the routes say"),
        pytest.param("call_a_senior", BY_ACTION, True, id="a custom action that a route names"),
        pytest.param("call_a_senior", BY_EVENT, False, id="one that no route names"),
        pytest.param("custom", BY_EVENT, True, id="a custom action without a name, where a route names its event"),
        pytest.param("custom", BY_ACTION, False, id="where none does"),
    ],
)
def test_which_actions_call_for_people(action: str, policy: Policy, is_call: bool) -> None:
    then = some_facts(1, label="THREAT")
    now = then.merged(an_observation(5, called=action).facts)
    assert has_new_call(now, then, policy) is is_call
    assert not has_new_call(now, now, policy), "the same call again is not new"


def test_a_call_that_comes_again_without_its_time_is_the_same_call() -> None:
    dated = an_observation(5, called="escalate").facts
    then = Facts({name: seen for name, seen in dated.seen.items() if name != "action"}, dated.latest)
    now = then.merged(some_facts(6, action="escalate"))
    assert not has_new_call(now, then, EXAMPLE_POLICY)
