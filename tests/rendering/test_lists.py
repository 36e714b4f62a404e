"""What a list says: how many, how grave, of what, their numbers; never more, and never in more than eight lines."""

from hypothesis import given
from hypothesis import strategies as st

from escalator.model.message import Card
from escalator.model.ranks import Severity
from escalator.rendering.lists import Listed, list_card

SELF_HARM = [Listed(number, Severity.CRITICAL, "Self-harm") for number in range(1042, 1054)]
HATE = [Listed(number, Severity.HIGH, "Hate") for number in (1001, 1100)]


def lines(card: Card) -> list[str]:
    return ["".join(str(part) for part in line) for line in card.lines]


def test_a_locked_phone_shows_the_gravest_how_many_and_their_numbers() -> None:
    card = list_card([*HATE, *SELF_HARM], 0)
    assert card.text == "CRITICAL · 14 more alerts · #1001 to #1100"
    assert card.header == "CRITICAL · 14 more alerts"
    assert card.buttons == ()


def test_the_gravest_stand_first_with_the_first_of_their_numbers() -> None:
    assert lines(list_card([*HATE, *SELF_HARM], 3)) == [
        "CRITICAL · Self-harm: 12 (#1042, #1043, #1044, #1045, #1046, …)",
        "HIGH · Hate: 2 (#1001, #1100)",
        "Dealt with meanwhile: 3",
        "`escalator incidents` lists them all.",
    ]


def test_a_single_one_is_named() -> None:
    assert list_card(SELF_HARM[:1], 0).text == "CRITICAL · 1 more alert · #1042"


def test_a_diverted_list_is_marked_and_so_is_one_of_drills_alone() -> None:
    drills = [Listed(1001, Severity.LOW, "Spam", is_drill=True)]
    assert list_card(drills, 0, is_test=True).text == "TEST · DRILL · LOW · 1 more alert · #1001"
    mixed = list_card([*drills, *HATE], 0)
    assert mixed.text.startswith("HIGH · 3 more alerts")
    assert "DRILL · LOW · Spam: 1 (#1001)" in lines(mixed)


def test_what_nobody_could_grade_is_not_taken_for_the_least() -> None:
    unknown, low = Listed(1001, Severity.UNKNOWN, "Uncategorised"), Listed(1002, Severity.LOW, "Spam")
    assert list_card([low, unknown], 0).severity is Severity.UNKNOWN


@given(
    st.lists(
        st.builds(Listed, st.integers(1, 99_999), st.sampled_from(Severity), st.sampled_from("ABCDEFGH")), min_size=1
    ),
    st.integers(0, 5),
)
def test_it_has_at_most_eight_lines_and_counts_everybody(listed: list[Listed], answered: int) -> None:
    card = list_card(listed, answered)
    assert 1 + len(card.lines) <= 8
    assert f"· {len(listed)} more alert" in card.text
