"""`jira: {fields: ...}`: typed as written, in quotes or without, and never what the product itself sets."""

import pytest

from escalator.policy.parse import parse
from tests.policy.files import minimal

BOARD = "destinations:\n  board: {{jira: {{project: P, issue_type: Task, fields: {}}}}}\n"


def read(fields, env=None):
    return parse(minimal(("destinations:\n", BOARD.format(fields))), env or {})


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-2.5", -2.5),
        ('"3"', "3"),
        ("'2.5'", "2.5"),
        ("true", True),
        ('"true"', "true"),
        ("NO", "NO"),
        ("no", "no"),
        ("007", "007"),
        ("2026-01-05", "2026-01-05"),
        ("18:00", "18:00"),
        ("1e5", "1e5"),
        ("Trust and Safety", "Trust and Safety"),
        ("{value: Safety}", {"value": "Safety"}),
        ('{id: "10001"}', {"id": "10001"}),
        ("[{name: A}, {name: B}]", [{"name": "A"}, {"name": "B"}]),
        ("[a, 2, true]", ["a", 2, True]),
        ("{value: A, child: {value: B}}", {"value": "A", "child": {"value": "B"}}),
        ('"${TEAM}"', "${TEAM}"),
    ],
)
def test_a_value_is_what_it_looks_like_unless_it_is_quoted(written, value):
    found = read("{customfield_10042: " + written + "}", {"TEAM": "x"})
    assert found.errors == ()
    given = found.policy.destinations["board"].further_fields["customfield_10042"]
    assert (type(given), given) == (type(value), value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("{summary: mine}", "is set by the product itself"),
        ("{Labels: [a]}", "is set by the product itself"),
        ("{Team Name: a}", "is not the id of a field"),
        ("{customfield_10042: }", "has no value"),
        ("{customfield_10042: {}}", "has no value"),
        ("{customfield_10042: {value: }}", "has no value"),
        ("[a]", "is not a mapping"),
        ("x", "is not a mapping"),
    ],
)
def test_what_cannot_be_given_is_refused_where_it_stands(fields, said):
    [problem] = read(fields).errors
    assert said in problem.what
    assert problem.path.startswith("destinations.board.jira.fields")
    assert problem.line > 1


def test_a_name_that_is_not_set_is_told():
    assert any("NOT_THERE" in one.what for one in read('{customfield_10042: {value: "${NOT_THERE}"}}').warnings)
