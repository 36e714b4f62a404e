"""What the language has and this version does not go by: said once for each, with what happens instead."""

from collections.abc import Iterator

from escalator.model.policy import DestinationKind
from escalator.policy.draft import Draft
from escalator.policy.problems import Finding, Place, warning
from escalator.policy.walk import found, pattern

_NOT_YET = "is not executed by this version"

_SECTIONS = (
    ("schedules", "`schedule:x` means everybody it names, and a team with a schedule means all its members"),
    ("hours", "`during` and `outside` count as holding in a condition, and a step waits for no hours"),
    ("storms", "every incident is told on its own"),
    ("drills", "nothing is rehearsed"),
)


def findings(draft: Draft) -> Iterator[Finding]:
    """Yield a warning for each section and each way of reaching somebody that is written and not executed."""
    for where, instead in _SECTIONS:
        written = next((place for place, value in found(draft.tree, pattern(where)) if value), None)
        if written is not None:
            yield _not_yet(written, instead)
    yield from _contacts(draft)


def _contacts(draft: Draft) -> Iterator[Finding]:
    for place, kind in found(draft.tree, pattern("people.*.contact[]")):
        if kind == DestinationKind.PAGERDUTY:
            yield _not_yet(place, "the next of their contacts is tried; name a PagerDuty destination in the step")
            return


def _not_yet(place: Place, instead: str) -> Finding:
    return warning(place, _NOT_YET, instead, blocks_production=True)
