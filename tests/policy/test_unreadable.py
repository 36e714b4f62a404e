"""Texts of which no tree can be made, or only within bounds."""

import pytest

from escalator.policy.parse import parse
from escalator.policy.yaml_reader import MAX_CHARACTERS, read_yaml
from tests.policy.files import minimal

LAUGHS = "a0: &a0 [lol, lol]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
CHAIN = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 500))
MERGES = "a0: &a0 {b: c}\n" + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 500))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        pytest.param("", 1, "is empty", id="nothing"),
        pytest.param("# only a comment\n", 1, "is empty", id="only a comment"),
        pytest.param("just words", 1, "is not a mapping", id="one text"),
        pytest.param("version: 1\nname: \x00\nteams:\n", 2, "holds the character U+0000", id="a NUL byte further up"),
        pytest.param("version: 1\nname: \x00", 2, "holds the character U+0000", id="a NUL byte"),
        pytest.param("version: 1\nname: \ud800", 2, "holds the character U+D800", id="half a surrogate"),
        pytest.param(b"version: 1\nname: \xff", 2, "is not UTF-8", id="another encoding"),
        pytest.param("version: 1".encode("utf-16"), 1, "is not UTF-8", id="UTF-16"),
        pytest.param("a:\n" + "[" * 500, 2, "is nested more than 40 deep", id="brackets without end"),
        pytest.param("x" * (MAX_CHARACTERS + 1), 1, f"is longer than {MAX_CHARACTERS} characters", id="too long"),
        pytest.param(LAUGHS, 1, "its aliases unfold to more than 50000 values", id="a billion laughs"),
        pytest.param(CHAIN, 1, "an alias contains itself, or too many others", id="aliases of aliases"),
        pytest.param(MERGES, 1, "an alias contains itself, or too many others", id="merges of merges"),
        pytest.param("a: &a {b: *a}\n", 1, "an alias contains itself, or too many others", id="an alias of itself"),
        pytest.param("a: &a {<<: *a}\n", 1, "an alias contains itself, or too many others", id="a merge of itself"),
    ],
)
def test_what_cannot_be_read_is_one_problem(text: str | bytes, line: int, what: str) -> None:
    parsed = parse(text, {})
    assert parsed.policy is None
    (problem,) = parsed.problems
    assert (problem.line, problem.what) == (line, what)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(minimal().encode("utf-8-sig"), id="a byte order mark"),
        pytest.param(minimal().replace("\n", "\r\n"), id="lines of Windows"),
        pytest.param("---\n" + minimal() + "...\n", id="marks of a document"),
    ],
)
def test_what_editors_leave_behind_is_read(text: str | bytes) -> None:
    assert parse(text, {}).problems == ()


def test_every_place_has_the_line_of_its_key_or_item() -> None:
    document = read_yaml("a:\n  b: 1\n  c:\n    - x\n    - d: 2\n      e: >\n        long\n")
    assert document.lines == {
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 3,
        ("a", "c", 0): 4,
        ("a", "c", 1): 5,
        ("a", "c", 1, "d"): 5,
        ("a", "c", 1, "e"): 6,
    }


def test_a_key_without_a_value_is_nothing_and_not_an_empty_text() -> None:
    assert read_yaml("a:\nb: ''\n").tree == {"a": None, "b": ""}
