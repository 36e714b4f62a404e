"""What a list says: how many, how grave, of what, their numbers; never more, and never in more than eight lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.channels.slack import limits
from escalator.model.levels import Severity
from escalator.model.message import Card
from escalator.rendering.bundles import BundleActions, BundledIncident, bundle_result_words, incidents_card, spans

SELF_HARM = [BundledIncident(number, Severity.CRITICAL, "Self-harm") for number in range(1042, 1054)]
HATE = [BundledIncident(number, Severity.HIGH, "Hate") for number in (1001, 1100)]


def lines(card: Card) -> list[str]:
    return ["".join(str(part) for part in line) for line in card.lines]


def test_a_locked_phone_shows_the_gravest_how_many_and_their_numbers() -> None:
    card = incidents_card([*HATE, *SELF_HARM], 0)
    assert card.text == "CRITICAL · 14 more alerts · #1001 to #1100"
    assert card.header == "CRITICAL · 14 more alerts"
    assert card.buttons == ()


def test_the_gravest_stand_first_with_the_first_of_their_numbers() -> None:
    assert lines(incidents_card([*HATE, *SELF_HARM], 3)) == [
        "CRITICAL · Self-harm: 12 (#1042 to #1053)",
        "HIGH · Hate: 2 (#1001, #1100)",
        "Already handled: 3",
    ]


def test_every_incident_is_named_and_the_gravest_have_buttons_of_their_own() -> None:
    listed = [
        BundledIncident(n, Severity.HIGH if n < 40 else Severity.CRITICAL, "Hate", answer=f"v{n}") for n in range(1, 61)
    ]
    card = incidents_card(listed, 0, BundleActions("all"))
    assert [line for line in lines(card) if "#" in line] == [
        "CRITICAL · Hate: 21 (#40 to #60)",
        "HIGH · Hate: 39 (#1 to #39)",
    ]
    first, *others = card.buttons
    assert (first.label, first.value, first.confirm is not None) == ("Acknowledge all 60", "all", True)
    assert [one.value for one in others] == [f"v{n}" for n in (*range(40, 61), 1, 2, 3)]
    assert len(card.buttons) <= limits.ACTIONS
    assert card.is_bulletin


def test_what_waits_for_no_answer_has_no_button_and_one_alone_is_not_all() -> None:
    listed = [BundledIncident(1, Severity.HIGH, "Hate", answer="v1"), BundledIncident(2, Severity.HIGH, "Hate")]
    assert [one.label for one in incidents_card(listed, 0, BundleActions("all")).buttons] == ["Acknowledge #1"]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        pytest.param([7], "#7", id="one"),
        pytest.param([8, 7], "#7, #8", id="two"),
        pytest.param([1, 2, 3, 5, 7, 8, 9, 10], "#1 to #3, #5, #7 to #10", id="spans"),
        pytest.param([4, 4, 5, 6], "#4 to #6", id="twice"),
    ],
)
def test_numbers_are_named_in_spans(numbers: list[int], said: str) -> None:
    assert spans(numbers) == said


def test_what_does_not_fit_in_a_line_is_counted() -> None:
    said = spans(range(10_000, 20_000, 2))
    assert said.endswith("#10158 and 4920 more")
    assert len(said) < limits.SECTION


def test_whoever_acknowledges_a_list_is_told_what_was_done_and_what_was_not() -> None:
    assert (
        bundle_result_words([3, 1, 2], ["#4 was already acknowledged."])
        == "3 acknowledged: #1 to #3.\n#4 was already acknowledged."
    )
    assert bundle_result_words([], []) == "Nothing was acknowledged."
    assert bundle_result_words([1], ["no"] * 25).splitlines()[-1] == "5 more were not acknowledged."


def test_a_single_one_is_named() -> None:
    assert incidents_card(SELF_HARM[:1], 0).text == "CRITICAL · 1 more alert · #1042"


def test_a_diverted_list_is_marked_and_so_is_one_of_drills_alone() -> None:
    drills = [BundledIncident(1001, Severity.LOW, "Spam", is_drill=True)]
    assert incidents_card(drills, 0, is_test=True).text == "TEST · DRILL · LOW · 1 more alert · #1001"
    mixed = incidents_card([*drills, *HATE], 0)
    assert mixed.text.startswith("HIGH · 3 more alerts")
    assert "DRILL · LOW · Spam: 1 (#1001)" in lines(mixed)


def test_what_nobody_could_grade_is_not_taken_for_the_least() -> None:
    unknown, low = BundledIncident(1001, Severity.UNKNOWN, "Uncategorised"), BundledIncident(1002, Severity.LOW, "Spam")
    assert incidents_card([low, unknown], 0).severity is Severity.UNKNOWN


@given(
    st.lists(
        st.builds(BundledIncident, st.integers(1, 99_999), st.sampled_from(Severity), st.sampled_from("ABCDEFGH")),
        min_size=1,
    ),
    st.integers(0, 5),
)
def test_it_has_at_most_eight_lines_and_counts_everybody(listed: list[BundledIncident], answered: int) -> None:
    card = incidents_card(listed, answered)
    assert 1 + len(card.lines) <= 8
    assert f"· {len(listed)} more alert" in card.text
