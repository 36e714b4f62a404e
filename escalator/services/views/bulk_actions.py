"""Acknowledges several incidents at once: each on its own, so that a refusal stops no other."""

from collections.abc import Iterable
from dataclasses import dataclass

from escalator.model.incident import Verb
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.views.perform_action import ViewerAction, act_as_viewer


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The result: how many were acknowledged, and the message to the person about all."""

    count: int
    words: str


def acknowledge_many(core: Core, viewer: Viewer, numbers: Iterable[int]) -> BulkResult:
    """Acknowledge each of these incidents for somebody. Raises Unavailable when one could not be recorded."""
    acknowledged, others = [], []
    for number in dict.fromkeys(numbers):
        outcome = act_as_viewer(core, viewer, number, ViewerAction(Verb.ACKNOWLEDGE))
        if outcome is None:
            others.append(f"There is no #{number}.")
        elif outcome.refused is None and outcome.incident.owner == viewer.person.key:
            acknowledged.append(outcome.words)
        else:
            others.append(outcome.words)
    first = acknowledged if len(acknowledged) == 1 else [f"{len(acknowledged)} acknowledged"] if acknowledged else []
    return BulkResult(len(acknowledged), " ".join(_sentence(words) for words in dict.fromkeys([*first, *others])))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
