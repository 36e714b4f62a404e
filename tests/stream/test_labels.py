"""Stream's labels: one or two levels, and how sure Stream is."""

import pytest

from escalator.stream.labels import MAX_LABELS, StreamLabel, read_labels
from tests.stream.bodies import a_flag, an_event, an_item_event, seen


def labels(event: dict[str, object]) -> list[StreamLabel]:
    return read_labels(seen(event).content["labels"])


def analysed(*tree: object) -> dict[str, object]:
    images = {"photo": {"action": "flag", "classifications": list(tree)}}
    return an_event("moderation.image_analysis.complete", images=images)


def node(name: object, confidence: object = None, *below: object) -> dict[str, object]:
    return {"name": name, "confidence": confidence, "subclassifications": list(below)}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param([node("Violence", 0.9)], [("", "Violence", 0.9)], id="one level"),
        pytest.param(
            [node("Violence", 0.99, node("Weapon Violence", 0.94))], [("Violence", "Weapon Violence", 0.94)], id="two"
        ),
        pytest.param(
            [node("Violence", 0.99, node("Weapon Violence", 0.94, node("Knife", 0.5)))],
            [("Violence", "Weapon Violence", 0.94), ("Violence", "Knife", 0.5)],
            id="three: each with the first above it",
        ),
        pytest.param([node("Violence", 94)], [("", "Violence", 0.94)], id="a percentage"),
        pytest.param([node("Violence")], [], id="neither a second level nor a confidence"),
        pytest.param([node("Violence", None, node("Blood"))], [("Violence", "Blood", None)], id="a second level alone"),
        pytest.param([node("A", 0.2), node("B", 0.8)], [("", "B", 0.8), ("", "A", 0.2)], id="the surest first"),
        pytest.param([node("A", 0.2), node("A", 0.8)], [("", "A", 0.8)], id="each once"),
        pytest.param([node("A\tB\nC", 0.5)], [("", "A B C", 0.5)], id="spaces of all kinds"),
        pytest.param([node("", 0.5), node(7, 0.5), node("A", 1e9)], [], id="what is none"),
    ],
)
def test_an_analysis_is_read_as_labels(tree: list[object], expected: list[tuple[object, ...]]) -> None:
    assert labels(analysed(*tree)) == [StreamLabel(*one) for one in expected]


def test_the_results_of_flags_are_labels_too() -> None:
    flags = [a_flag(labels=["SELF_HARM"], result=[{"label": "SELF_HARM", "confidence": 0.94}])]
    assert labels(an_item_event(flags=flags)) == [StreamLabel("", "SELF_HARM", 0.94)]


def test_they_are_bounded() -> None:
    assert len(labels(analysed(*(node(f"label {number}", 0.5) for number in range(50))))) == MAX_LABELS


def test_a_text_that_is_none_gives_none() -> None:
    assert read_labels("what an older version wrote") == []
