"""Texts in bounded places: cut visibly, by the unit that counts, never inside what a reader sees as one character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.rendering.truncate import MORE, cut, pieces, utf16

FAMILY = "👩‍👩‍👧‍👦"
ODD = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from([FAMILY, "🇩🇪", "👍🏽", "e\u0301", "مرحبا", "&", "<", "\u202e", "각", "🏴\U000e0067\U000e007f"]),
    )
).map("".join)


@given(ODD, st.integers(0, 40), st.sampled_from([len, utf16]))
def test_what_is_cut_fits_and_says_so(text, limit, cost):
    said = cut(text, limit, cost)
    assert cost(said) <= limit
    assert said == text or said == "" or (said.endswith(MORE) and text.startswith(said[:-1]))


@pytest.mark.parametrize(
    ("whole", "text", "limit"),
    [
        pytest.param(FAMILY, f"ab{FAMILY}cd", 6, id="a family of seven code points"),
        pytest.param("🇩🇪", "🇫🇷🇩🇪🇵🇱", 4, id="a flag of two"),
        pytest.param("👍🏽", "a👍🏽bc", 3, id="a skin tone"),
        pytest.param("e\u0301", "ae\u0301bc", 3, id="an accent of its own"),
        pytest.param("\u1112\u1161\u11ab", "a\u1112\u1161\u11abbc", 4, id="a syllable of three"),
    ],
)
def test_no_character_is_cut_in_two(whole, text, limit):
    said = cut(text, limit)
    assert said.endswith(MORE)
    assert said[:-1] == text[: text.index(whole)]


def test_a_heap_of_accents_pushes_nothing_else_out():
    assert len(cut("a" + "\u0301" * 500, 100)) > 30


@given(st.text(st.characters(exclude_categories=())))
def test_a_text_takes_what_its_code_points_take_one_by_one(text):
    assert utf16(text) == sum(2 if char > "\uffff" else 1 for char in text)


@given(ODD, st.integers(130, 200))
def test_pieces_are_the_whole_text(text, limit):
    found = list(pieces(text * 20, limit, utf16))
    assert "".join(found) == text * 20
    assert all(0 < utf16(piece) <= limit for piece in found)
