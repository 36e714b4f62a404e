"""The ordered words compare by their rank, whichever way they are compared."""

from itertools import product

import pytest

from escalator.model.levels import ContentRule, Mode, Ranked, Role, Severity


@pytest.mark.parametrize("words", [Severity, ContentRule, Mode, Role])
def test_every_comparison_goes_by_the_place_in_the_class(words: type[Ranked]) -> None:
    order = list(words)
    for (low, left), (high, right) in product(enumerate(order), repeat=2):
        assert (left < right, left <= right) == (low < high, low <= high)
        assert (left > right, left >= right) == (low > high, low >= high)


def test_the_highest_is_the_last() -> None:
    assert max(Severity) is Severity.CRITICAL
    assert sorted([Role.ADMIN, Role.AUDITOR, Role.SENIOR]) == [Role.AUDITOR, Role.SENIOR, Role.ADMIN]
