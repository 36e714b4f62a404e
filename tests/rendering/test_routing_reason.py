"""Why a route took an incident, in words."""

import pytest

from escalator.engine.routing import MatchedCondition
from escalator.rendering.routing_reason import reason_words
from tests.builders import EXAMPLE_POLICY

SELF_HARM = MatchedCondition("category", ("self_harm", "threat"), ("self_harm",))


@pytest.mark.parametrize(
    ("met", "said"),
    [
        pytest.param(
            [SELF_HARM, MatchedCondition("outside", ("office",))], "category is Self-harm; outside office", id="two"
        ),
        pytest.param([MatchedCondition("min_severity", ("high",))], "severity is at least high", id="a threshold"),
        pytest.param([MatchedCondition("min_reports", ("3",))], "reported by at least 3", id="so many reports"),
        pytest.param([MatchedCondition("label", ("*",), ("a", "b"))], "label is a or b", id="anything: what it was"),
        pytest.param(
            [MatchedCondition("custom.region", ("eu",), ("eu",))], "custom.region is eu", id="the customer's own"
        ),
        pytest.param([], "", id="nothing to say"),
    ],
)
def test_why(met, said):
    assert reason_words(met, EXAMPLE_POLICY, is_withheld=False) == said


def test_of_what_is_withheld_only_what_the_policy_asks_for_is_said():
    assert (
        reason_words([MatchedCondition("author", ("*",), ("user-42",))], EXAMPLE_POLICY, is_withheld=True)
        == "author is *"
    )
