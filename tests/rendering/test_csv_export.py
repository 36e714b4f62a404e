"""Rows as CSV: what stands in a cell stays text."""

import pytest

from escalator.rendering.csv_export import csv_of


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        pytest.param("=1+1", "'=1+1", id="no text becomes a formula"),
        pytest.param("Self-harm", "Self-harm", id="other text stays as it is"),
        pytest.param(-0.5, "-0.5", id="a number is no text"),
    ],
)
def test_a_cell_is_what_it_was(cell, written):
    assert csv_of([["x", cell]]) == f"x,{written}\r\n"
