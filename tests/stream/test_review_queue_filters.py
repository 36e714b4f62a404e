"""Which conditions Stream's review queue can be asked by: each field of ours is one that Stream documents."""

import pytest

from escalator.model.conditions import COMPARISONS
from escalator.model.policy import Conditions, SeverityScale
from escalator.stream.review_queue_filters import FILTERED, not_filtered, review_queue_filter
from tests.doubles.stream import FILTERS

SCALE = SeverityScale()


def asked(**tests: str | tuple[str, ...]) -> dict[str, object]:
    named = {name: (values,) if isinstance(values, str) else values for name, values in tests.items()}
    return review_queue_filter(Conditions(named), SCALE)


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ({}, {}),
        ({"label": "CSAM"}, {"label": "CSAM"}),
        ({"label": ("CSAM", "HATE")}, {"label": {"$in": ["CSAM", "HATE"]}}),
        ({"reason": "spam"}, {"user_report_reason": "spam"}),
        ({"reporter": "user"}, {"reporter_type": "user"}),
        ({"action": ("flag", "remove")}, {"recommended_action": {"$in": ["flag", "remove"]}}),
        ({"entity_type": "message"}, {"entity_type": "stream:chat:v1:message"}),
        ({"author": "u1"}, {"entity_creator_id": "u1"}),
        ({"config_key": "chat"}, {"config_key": "chat"}),
        ({"language": ("de", "fr")}, {"language": {"$in": ["de", "fr"]}}),
        ({"stream_team": "red"}, {"teams": "red"}),
        ({"channel": "messaging:a"}, {"channel_cid": "messaging:a"}),
        ({"escalation_priority": "high"}, {"escalation_priority": "high"}),
        ({"escalation_priority": "*"}, {"escalated": True}),
        ({"kind": "video"}, {"has_video": True}),
        ({"min_severity": "high"}, {"severity": {"$gte": 70}}),
        ({"min_severity": ("critical", "medium")}, {"severity": {"$gte": 40}}),
        ({"source": "chat"}, {}),
    ],
)
def test_a_condition_is_asked_by_the_field_of_stream(tests, expected):
    assert asked(**tests) == {"reviewed": False, **expected}
    assert set(asked(**tests)) <= FILTERS


def test_every_condition_that_is_filtered_is_one_of_the_policy():
    assert set(FILTERED) <= set(COMPARISONS)


@pytest.mark.parametrize(
    ("condition", "values", "what"),
    [
        *(
            (name, ("x",), "is not a condition that Stream's review queue")
            for name in COMPARISONS
            if name not in FILTERED
        ),
        ("custom.game", ("chess",), "is not a condition that Stream's review queue"),
        ("min_severity", ("low",), "has no number to be compared with"),
        ("kind", ("text", "image"), "must be one kind"),
        ("kind", ("call",), "must be one kind"),
        ("action", ("escalate",), "must be what Stream's engines recommend"),
        ("label", ("*",), "cannot be anything"),
        ("channel", ("a:b", "c:d"), "has several values"),
    ],
)
def test_what_stream_cannot_be_asked_by_is_refused(condition, values, what):
    [problem] = not_filtered(Conditions({condition: values}), SCALE)
    assert problem.condition == condition
    assert problem.what.startswith(what)


@pytest.mark.parametrize("condition", FILTERED)
def test_what_it_can_be_asked_by_is_accepted(condition):
    value = {"min_severity": "high", "kind": "image", "action": "flag"}.get(condition, "x")
    assert list(not_filtered(Conditions({condition: (value,)}), SCALE)) == []
