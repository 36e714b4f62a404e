"""What the language has and this version does not go by: said once for each, with what happens instead."""

from collections.abc import Iterator

from escalator.model.policy import DestinationKind
from escalator.policy.draft import Draft
from escalator.policy.problems import Finding, Place, listed, warning
from escalator.policy.walk import found, pattern

_NOT_YET = "is not executed by this version"

_SECTIONS = (
    ("schedules", "`schedule:x` means everybody it names, and a team with a schedule means all its members"),
    ("hours", "`during` and `outside` count as holding in a condition, and a step waits for no hours"),
    ("feeds", "no copy is sent"),
    ("storms", "every incident is told on its own"),
    ("drills", "nothing is rehearsed"),
    ("teams.*.slack_group", "the members are mentioned one by one"),
)


def findings(draft: Draft) -> Iterator[Finding]:
    """Yield a warning for each section and each kind of destination that is written and not executed."""
    for where, instead in _SECTIONS:
        written = next((place for place, value in found(draft.tree, pattern(where)) if value), None)
        if written is not None:
            yield _not_yet(written, instead)
    yield from _kinds(draft)
    yield from _contacts(draft)


def _kinds(draft: Draft) -> Iterator[Finding]:
    for kind in DestinationKind:
        places = [place for place, _ in found(draft.tree, pattern(f"destinations.*.{kind}"))]
        if kind is DestinationKind.SLACK or not places:
            continue
        alone = [str(place[1]) for place in places if not _falls_back(draft, str(place[1]))]
        instead = "what is sent there has failed at once, and goes to the fallback"
        if alone:
            instead += f"; nobody is told by {listed(alone)}, for want of one"
        yield _not_yet(places[0], instead)


def _falls_back(draft: Draft, name: str) -> bool:
    return name in draft.destinations and draft.destinations[name].fallback is not None


def _contacts(draft: Draft) -> Iterator[Finding]:
    for place, kind in found(draft.tree, pattern("people.*.contact[]")):
        if kind in (DestinationKind.EMAIL, DestinationKind.PAGERDUTY):
            yield _not_yet(place, "people are told in Slack only")
            return


def _not_yet(place: Place, instead: str) -> Finding:
    return warning(place, _NOT_YET, instead, blocks_production=True)
