"""Who is next, in words."""

import pytest

from escalator.rendering.targets import target_words
from tests.rendering.builders import a_policy


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ((), ""),
        (("team",), "child safety"),
        (("team:senior-moderators", "ts-pager"), "senior moderators and PagerDuty"),
        (("ts-leads", "schedule:seniors-on-call"), "ts leads and seniors on call"),
        (("person:dana", "ts-board", "ts-leads"), "Dana Fox, Jira and ts leads"),
        (("person:gone",), "gone"),
    ],
)
def test_targets_are_told_in_words(targets, said):
    assert target_words(targets, "child-safety", a_policy()) == said
