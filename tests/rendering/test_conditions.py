"""Conditions of the policy in words."""

import pytest

from escalator.model.policy import Conditions
from escalator.policy.parse import load
from escalator.rendering.conditions import condition_words
from tests.commands.conftest import EXAMPLE

POLICY = load(EXAMPLE.read_bytes(), {})


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        pytest.param(
            {"category": ("self_harm", "threat")}, "category is Self-harm or Threat", id="categories by title"
        ),
        pytest.param({"category": ("gone",)}, "category is gone", id="a category that is not there any more"),
        pytest.param({"min_severity": ("high",)}, "severity is at least high", id="a floor"),
        pytest.param({"min_reports": ("3",)}, "reported by at least 3", id="a number of reporters"),
        pytest.param({"outside": ("office",)}, "outside office", id="hours"),
        pytest.param({"source": ("chat-prod",)}, "from chat-prod", id="a source"),
        pytest.param({"label": ("*",)}, "label is anything", id="whatever it says"),
        pytest.param({"custom.plan": ("gold",)}, "plan is gold", id="something of the customer's own"),
        pytest.param({"stream_team": ("a", "b", "c")}, "stream team is a or b or c", id="any of several"),
    ],
)
def test_a_condition_reads_as(tests, words):
    assert [one.words for one in condition_words(Conditions(tests), POLICY)] == [words]


def test_conditions_stand_in_the_order_of_the_file():
    said = condition_words(Conditions({"during": ("office",), "category": ("csam",)}), POLICY)
    assert [one.words for one in said] == ["during office", "category is Child safety"]


@pytest.mark.parametrize(
    ("tests", "named"),
    [
        pytest.param({"category": ("csam",)}, ("category", "csam"), id="a category"),
        pytest.param({"during": ("night",)}, ("hours", "night"), id="hours"),
        pytest.param({"category": ("gone",)}, ("", ""), id="nothing, where there is none of that name"),
        pytest.param({"label": ("csam",)}, ("", ""), id="nothing, where the word is Stream's"),
    ],
)
def test_a_value_says_which_part_of_the_policy_it_names(tests, named):
    [condition] = condition_words(Conditions(tests), POLICY)
    assert [(one.section, one.key) for one in condition.values] == [named]
