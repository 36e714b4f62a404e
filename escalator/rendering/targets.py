"""The targets of a step in words."""

from collections.abc import Iterable

from escalator.model.policy import Policy
from escalator.rendering.view import display_name, spoken

MOST_LISTED = 10


def target_words(targets: Iterable[str], assign: str | None, policy: Policy) -> str:
    """Return `senior moderators and PagerDuty`. `assign` is what the target `team` stands for."""
    spoken_targets = [_target(assign if target == "team" and assign else target, policy) for target in targets]
    return join_with_and(dict.fromkeys(spoken_targets))


def join_with_and(words: Iterable[str]) -> str:
    """Return `a, b and c`; of very many the first ones, and the number of the others."""
    shown = list(words) or [""]
    if len(shown) > MOST_LISTED:
        shown = [*shown[:MOST_LISTED], f"{len(shown) - MOST_LISTED} more"]
    *others, last = shown
    return f"{', '.join(others)} and {last}" if others else last


def _target(target: str, policy: Policy) -> str:
    destination = policy.destinations.get(target)
    if destination is not None:
        about = destination.kind.about
        return about.title if about.is_called_by_title else spoken(destination.key)
    prefix, _, key = target.rpartition(":")
    if prefix == "person" and key in policy.people:
        return display_name(key, policy)
    return spoken(key)
