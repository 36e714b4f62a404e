"""Silences of the file: within the limits that hold for people, and by an author who may silence that."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from escalator.model.levels import Role, Severity
from escalator.model.silence import Silence, SilenceScope, max_silence_length
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, TreePath, make_warning, quoted
from escalator.policy.responders import people_who_may_view


def check_silences(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield silences that are too long, whose author may not silence that, or that match nothing."""
    for index, silence in draft.silences.items():
        place: TreePath = ("silences", index)
        yield from _lengths(place, silence, draft)
        yield from _authors(place, silence, draft)
        if not silence.is_for_critical and _is_always_critical(silence, draft):
            what = f"silences nothing: every {quoted(silence.name)} incident is critical"
            yield make_warning(place, what, "add `critical: true`, or remove the silence")


def _lengths(place: TreePath, silence: Silence, draft: PolicyDraft) -> Iterator[PolicyFinding]:
    max_length = max_silence_length(is_for_critical=silence.is_for_critical)
    right = f"end it within {max_length // timedelta(hours=1)}h"
    if silence.ends_at - silence.starts_at > max_length:
        yield PolicyFinding((*place, "to"), "is too late: silences are limited in length", right)
        return
    alike = [other for other in draft.silences.values() if _is_alike(other, silence)]
    is_first = not any(other.starts_at < silence.starts_at <= other.ends_at for other in alike)
    if is_first and _reach(silence, alike) - silence.starts_at > max_length:
        yield PolicyFinding(place, "is too long together with the silences that follow without a gap", right)


def _is_alike(first: Silence, second: Silence) -> bool:
    return (first.of, first.name, first.is_for_critical) == (second.of, second.name, second.is_for_critical)


def _reach(silence: Silence, alike: list[Silence]) -> datetime:
    """Return when it ends, together with all that follow without a gap."""
    reach = silence.ends_at
    for following in sorted(alike, key=lambda following: following.starts_at):
        if silence.starts_at <= following.starts_at <= reach:
            reach = max(reach, following.ends_at)
    return reach


def _authors(place: TreePath, silence: Silence, draft: PolicyDraft) -> Iterator[PolicyFinding]:
    author = draft.people.get(silence.author)
    if author is None:
        return
    if author.role < Role.SENIOR:
        what = f"{quoted(author.key)} may not silence anything"
        yield PolicyFinding((*place, "by"), what, "name somebody whose role is senior or admin")
    elif _is_closed(silence, author.key, draft):
        what = f"{quoted(author.key)} may not see {quoted(silence.name)}"
        yield PolicyFinding((*place, "by"), what, "name somebody in its `restricted_to`")


def _is_closed(silence: Silence, author: str, draft: PolicyDraft) -> bool:
    """Whether it is about a restricted category that its author may not see."""
    known = (draft.categories[key] for key in _categories(silence, draft) if key in draft.categories)
    return any(author not in people_who_may_view(draft, category) for category in known)


def _categories(silence: Silence, draft: PolicyDraft) -> set[str]:
    if silence.of is SilenceScope.CATEGORY:
        return {silence.name}
    named = [route.when.tests.get("category", ()) for route in draft.routes.values() if route.name == silence.name]
    return {key for keys in named for key in keys}


def _is_always_critical(silence: Silence, draft: PolicyDraft) -> bool:
    known = [draft.categories[key] for key in _categories(silence, draft) if key in draft.categories]
    return bool(known) and all(category.at_least is Severity.CRITICAL for category in known)
