"""What a button brings back."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.rendering.buttons import ButtonValue, decode, encode

VALUES = st.builds(
    ButtonValue,
    st.uuids(),
    st.integers(min_value=0, max_value=10**9),
    st.integers(min_value=0, max_value=10**9),
    st.none() | st.integers(min_value=1, max_value=60),
)


@given(VALUES)
def test_what_was_encoded_comes_back(value):
    assert decode(encode(value)) == value


def test_a_value_holds_the_incident_its_round_and_its_fence():
    value = ButtonValue(UUID(int=7), 2, 5, 15)
    assert encode(value) == "00000000-0000-0000-0000-000000000007:2:5:15"


@pytest.mark.parametrize(
    "text",
    ["", "x", ":::", "00000000-0000-0000-0000-000000000007", "00000000-0000-0000-0000-000000000007:1",
     "00000000-0000-0000-0000-000000000007:1:x", "00000000-0000-0000-0000-000000000007:1:2:3:4",
     "00000000-0000-0000-0000-000000000007:1:" + "9" * 5000],
)  # fmt: skip
def test_what_is_none_of_ours_is_none(text):
    assert decode(text) is None
