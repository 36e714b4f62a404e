"""What the message of a group says, and what it never says of one of those it tells of."""

from datetime import timedelta

import pytest

from escalator.model.facts import Facts
from escalator.model.incident import Outcome, State
from escalator.model.levels import ContentRule
from escalator.model.policy import Grouping
from escalator.rendering.card import card
from tests.rendering.builders import NOW, OPENED, SECRETS, a_policy, a_view, some_facts, spoken


def a_group(*, by=("category", "author"), members=37, **how):
    facts = some_facts().merged(Facts({"author": {"user-42": OPENED}}))
    policy = a_policy(grouping=Grouping(by, timedelta(minutes=10), 5))
    return a_view(
        **{"member_count": members, "facts": facts, "links": {}, "told_of": (1043, 1083), "frozen": policy} | how
    )


def line(view):
    return next(said for said in spoken(card(view)) if said.startswith("Group of"))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        pytest.param({}, "Group of 37 similar alerts, #1043 to #1083 · author user-42", id="how many and which"),
        pytest.param(
            {"member_count": 1, "told_of": (1043, 1043)}, "Group of 1 alert, #1043 · author user-42", id="one yet"
        ),
        pytest.param({"by": ("category",)}, "Group of 37 similar alerts, #1043 to #1083", id="of several authors"),
        pytest.param(
            {"content_rule": ContentRule.WITHHOLD},
            "Group of 37 similar alerts, #1043 to #1083",
            id="an author who is withheld",
        ),
        pytest.param(
            {"state": State.RESOLVED, "outcome": Outcome.TEST, "closed_at": NOW, "due_at": None, "member_count": 0},
            "Group of similar alerts, #1043 to #1083 · author user-42",
            id="over",
        ),
        pytest.param(
            {"member_count": 0},
            "Group of similar alerts, #1043 to #1083 · author user-42",
            id="opened again without them",
        ),
    ],
)
def test_a_group_says_how_many_it_tells_of(how, said):
    assert line(a_group(**how)) == said


@pytest.mark.parametrize("rule", ContentRule)
def test_nothing_of_a_single_alert_is_said_of_all(rule):
    shown = card(a_group(by=("category",), content_rule=rule))
    said = "\n".join([shown.text, *spoken(shown)])
    assert [secret for secret in SECRETS if secret in said] == []
    assert "Reveal" not in [button.label for button in shown.buttons]
