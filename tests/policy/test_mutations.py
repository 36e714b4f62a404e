"""Whatever is done to a policy, the answer is a policy or problems; nothing is raised and nothing takes long."""

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from escalator.policy.parse import parse
from escalator.policy.yaml_reader import Tree, read_yaml
from tests.examples import examples
from tests.policy.files import EXAMPLE, MINIMAL

LINES = EXAMPLE.splitlines()
WORDS = st.sampled_from(
    [
        "",
        "~",
        "team",
        "team:",
        "person:eli",
        "*",
        "<<",
        "x-a",
        "-1",
        "0",
        "5m",
        "9" * 30,
        "${A}",
        "${",
        "{",
        "[",
        "]",
        ": ",
    ]
    + ["&a", "*a", "!!int 3", "\t", "\x00", "\u2028", "critical", "divert", "[]", "{}", "2026-13-45", "../etc", "é"]
)
few = hypothesis_settings(max_examples=examples(100))


def test_no_mutation_of_the_text_is_too_much() -> None:
    @few
    @given(
        st.lists(st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 30), WORDS | st.text(max_size=5)), max_size=4)
    )
    def holds(edits: list[tuple[int, int, str]]) -> None:
        text = EXAMPLE
        for start, length, word in edits:
            text = text[:start] + word + text[start + length :]
        assert_sane(text)

    holds()


def test_no_shuffle_of_the_lines_is_too_much() -> None:
    @few
    @given(st.lists(st.sampled_from(LINES), max_size=60))
    def holds(lines: list[str]) -> None:
        assert_sane("\n".join(lines))

    holds()


def test_no_value_in_any_place_is_too_much() -> None:
    trees = st.recursive(
        WORDS | st.none() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | WORDS, inner, max_size=3),
        max_leaves=6,
    )
    places = sorted(read_yaml(MINIMAL).lines, key=str) + [place for place in read_yaml(EXAMPLE).lines if len(place) < 4]  # noqa: PLR2004

    @few
    @given(st.sampled_from(places), trees)
    def holds(place: tuple[str | int, ...], value: Tree) -> None:
        assert_sane(flow(replaced(read_yaml(EXAMPLE).tree, place, value)))

    holds()


def replaced(tree: Tree, place: tuple[str | int, ...], value: Tree) -> Tree:
    if not place:
        return value
    if isinstance(tree, dict) and isinstance(place[0], str):
        return {**tree, place[0]: replaced(tree.get(place[0]), place[1:], value)}
    if isinstance(tree, list) and isinstance(place[0], int):
        return [replaced(item, place[1:], value) if index == place[0] else item for index, item in enumerate(tree)]
    return value


def flow(tree: Tree) -> str:
    """Return the tree as YAML on one line, every text in quotes."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(flow(item) for item in tree) + "]"
    return "" if tree is None else '"' + "".join(_escaped(letter) for letter in tree) + '"'


def _escaped(letter: str) -> str:
    return letter if letter.isascii() and letter.isalnum() else f"\\U{ord(letter):08x}"


def assert_sane(text: str) -> None:
    parsed = parse(text, {})
    assert (parsed.policy is None) == bool(parsed.errors)
    for problem in parsed.problems:
        # One more than there are lines: YAML notices at the end of the file what was left open.
        assert 1 <= problem.line <= len(text.splitlines()) + 1
        assert problem.path
        assert problem.as_line("f").isprintable()
