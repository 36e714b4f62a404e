"""Records in words: keys become what people are called, and nobody reads a raw key."""

import pytest

from escalator.model.records import Action
from escalator.rendering.story import told
from tests.rendering.builders import a_policy


@pytest.mark.parametrize(
    ("action", "actor", "after", "said"),
    [
        pytest.param(Action.ACKNOWLEDGED, "ana", {}, "Acknowledged by Ana Ruiz", id="somebody in the policy"),
        pytest.param(
            Action.ACKNOWLEDGED, "pagerduty:PX", {}, "Acknowledged by somebody in PagerDuty", id="a stranger elsewhere"
        ),
        pytest.param(
            Action.ANSWERED,
            "jira:712020",
            {"given": "1", "needed": "2"},
            "Somebody in Jira answered: 1 of 2",
            id="a stranger begins the sentence",
        ),
        pytest.param(
            Action.HANDED_OVER,
            "ana",
            {"to": "senior-moderators"},
            "Handed over by Ana Ruiz to senior moderators",
            id="a team",
        ),
        pytest.param(
            Action.TAKEN_OVER, "ben", {"owner": "ana"}, "Taken over by Ben Okafor from Ana Ruiz", id="from somebody"
        ),
        pytest.param(Action.RELEASED, "zoe", {}, "Released by zoe", id="somebody who has left the policy"),
    ],
)
def test_whoever_did_it_is_called_as_everywhere_else(action, actor, after, said):
    assert told(action, actor, "", after, a_policy()) == said


@pytest.mark.parametrize(
    ("actor", "verb", "reason", "said"),
    [
        pytest.param("ana", "acknowledge", "already_taken", "Ana Ruiz wanted to acknowledge: already taken", id="late"),
        pytest.param("ana", "hand_over", "not_yours", "Ana Ruiz wanted to hand it over: it is with somebody else"),
        pytest.param(
            "pagerduty:PX",
            "acknowledge",
            "restricted",
            "Somebody in PagerDuty wanted to acknowledge: only a few may",
            id="a stranger elsewhere",
        ),
        pytest.param(
            "U0ZOE",
            "resolve",
            "unknown_person",
            "Somebody wanted to resolve: the policy does not know them",
            id="a stranger in Slack",
        ),
    ],
)
def test_what_was_refused_says_who_wanted_what_and_why_not(actor, verb, reason, said):
    assert told(Action.REFUSED, actor, reason, {"verb": verb}, a_policy()) == said
