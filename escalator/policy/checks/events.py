"""Conditions on events that never come: RULES 1 lists those that open or change an incident."""

from collections.abc import Iterator

from escalator.model.conditions import comparable_form
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, did_you_mean, make_warning, quoted
from escalator.policy.tree_walk import find_values, parse_pattern
from escalator.stream import manual_incident
from escalator.stream.events import NAMED, means_something

_OURS = frozenset({"*", manual_incident.TYPE})
_PLACES = ("routes[].when.event[]", "routes[].unless.event[]", "feeds[].when.event[]")


def check_events(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield a warning for each event that opens and changes no incident."""
    for where in _PLACES:
        for place, event in find_values(draft.tree, parse_pattern(where)):
            if isinstance(event, str) and event not in _OURS and not means_something(comparable_form("event", event)):
                yield make_warning(place, f"{quoted(event)} opens or changes no incident", did_you_mean(event, NAMED))
