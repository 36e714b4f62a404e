"""A storm: the first alerts of a kind are told one by one, the others as one, which one answer takes."""

from collections.abc import Iterator

import pytest

from tests.doubles.slack_state import Message
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import SELF_HARM, TITLE, labelled

STORMS = "\nstorms: {group: {by: [category, author], within: 10m, after: 5}}\n"


@pytest.fixture
def h(bare: Harness) -> Iterator[Harness]:
    """A running installation that groups what is alike in category and author."""
    yield bare.start(POLICY.read_text() + STORMS)


def alert(h: Harness, *items: int, **changes: object) -> None:
    for item in items:
        h.post(SELF_HARM, item=item, **changes)


def state(h: Harness, *numbers: int) -> list[str]:
    return [str(h.incident(number)["state"]) for number in numbers]


def page(number: int) -> str:
    return f"{TITLE} · acknowledge within 5 min · #{number}"


def storm(h: Harness, alerts: int = 6) -> list[Message]:
    """So many alerts of one kind have come: #1006 is the group, #1007 the first that it tells of."""
    alert(h, *range(1, 6))
    for number in range(1001, 1006):
        for place in ("#critical-alerts", "U0ANA", "U0BEN"):
            h.expect_message(place, page(number))
    alert(h, 6)
    messages = [h.expect_message(place, page(1006)) for place in ("#critical-alerts", "U0ANA", "U0BEN")]
    alert(h, *range(7, alerts + 1))
    return messages


def test_the_first_are_told_one_by_one_and_the_next_opens_a_group_that_is_told_at_once(h: Harness) -> None:
    storm(h)
    assert state(h, *range(1001, 1008)) == ["triggered"] * 6 + ["grouped"]
    assert h.incident(1006)["members"] == 1
