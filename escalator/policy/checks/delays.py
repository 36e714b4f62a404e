"""Delays and waits: no missing delays, no endless repeats."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from escalator.model.policy import Step
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, TreePath, make_warning
from escalator.policy.tree_walk import find_values, parse_pattern
from escalator.policy.yaml_reader import Tree

_ROUNDS = 10
_STEP_DEPTH = len(("paths", "NAME", 0))
_SLOWEST = timedelta(days=1)
_AFTER = "write how long after the step before it, such as `after: 5m`"


def check_clocks(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield delays that are missing or make no sense, and times that contradict each other."""
    yield from _delays(draft)
    yield from _restarts(draft)
    yield from _reminders(draft)


def _delays(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    missing = {
        place for place, step in find_values(draft.tree, parse_pattern("paths.*[]")) if _lacks_delay(place, step)
    }
    for place in sorted(missing, key=str):
        yield PolicyFinding((*place, "after"), "is missing; only the first step may leave it out", _AFTER)
    for name, steps in draft.paths.items():
        for index, step in steps.items():
            if step.repeat and not step.after:
                what = f"would send {step.repeat + 1} times at once"
                yield PolicyFinding(("paths", name, index, "repeat"), what, "write `after`, the time between two sends")
            elif index and not step.after and ("paths", name, index) not in missing:
                what = "is 0: both steps would fire at once"
                yield PolicyFinding(("paths", name, index, "after"), what, "put both into one step, or write a delay")


def _lacks_delay(place: TreePath, step: Tree) -> bool:
    return isinstance(step, dict) and len(place) == _STEP_DEPTH and place[-1] != 0 and "after" not in step


def _restarts(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    place = ("unanswered", "restart_after")
    wait = draft.unanswered.restart_after
    if wait > _SLOWEST:
        yield make_warning(place, "is longer than a day without any message", "write 30m, or a few hours at most")
    lengths = {name: _length(steps.values()) for name, steps in draft.paths.items() if steps}
    fast = [name for name, length in lengths.items() if (length + wait) * _ROUNDS < timedelta(hours=1)]
    if fast:
        what = f"restarts {', '.join(fast)} more than {_ROUNDS} times an hour, when it stops and `alarms` is notified"
        yield make_warning(place, what, "write a longer wait, or longer delays")


def _length(steps: Iterable[Step]) -> timedelta:
    return sum((step.after * (step.repeat + 1) for step in steps), timedelta(0))


def _reminders(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    clock = draft.acknowledged
    if clock is None or clock.remind is None:
        return
    if clock.remind >= clock.resolve_within:
        yield PolicyFinding(("acknowledged", "remind"), "is not shorter than `resolve_within`", "write a shorter time")
    for key, category in draft.categories.items():
        if category.resolve_within is not None and category.resolve_within <= clock.remind:
            what = "ends before the reminder is due, so nobody is reminded"
            yield make_warning(("categories", key, "resolve_within"), what, "write more than `acknowledged.remind`")
