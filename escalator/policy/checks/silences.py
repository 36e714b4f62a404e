"""Silences of the file: within the limits of what a person may silence, said by somebody who may."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from escalator.model.levels import Role, Severity
from escalator.model.silence import Silence, SilenceScope, max_silence_length
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, TreePath, make_warning, quoted
from escalator.policy.responders import people_who_may_view


def check_silences(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield silences that last too long, whose author may not silence that, and that silence nothing."""
    for index, silence in draft.silences.items():
        place: TreePath = ("silences", index)
        yield from _lengths(place, silence, draft)
        yield from _authors(place, silence, draft)
        if not silence.is_for_critical and _is_always_critical(silence, draft):
            what = f"silences nothing: every {quoted(silence.name)} incident is critical"
            yield make_warning(place, what, "add `critical: true`, or remove the silence")


def _lengths(place: TreePath, silence: Silence, draft: PolicyDraft) -> Iterator[PolicyFinding]:
    most = max_silence_length(is_for_critical=silence.is_for_critical)
    right = f"end it within {most // timedelta(hours=1)}h"
    if silence.ends_at - silence.starts_at > most:
        yield PolicyFinding((*place, "to"), "is too late: silences are limited in length", right)
        return
    alike = [one for one in draft.silences.values() if _is_alike(one, silence)]
    is_first = not any(one.starts_at < silence.starts_at <= one.ends_at for one in alike)
    if is_first and _reach(silence, alike) - silence.starts_at > most:
        yield PolicyFinding(place, "is too long together with the silences that follow without a gap", right)


def _is_alike(one: Silence, other: Silence) -> bool:
    return (one.of, one.name, one.is_for_critical) == (other.of, other.name, other.is_for_critical)


def _reach(silence: Silence, alike: list[Silence]) -> datetime:
    """Return when it is over, with all that follow without a gap."""
    reach = silence.ends_at
    for one in sorted(alike, key=lambda one: one.starts_at):
        if silence.starts_at <= one.starts_at <= reach:
            reach = max(reach, one.ends_at)
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
    named = [one.when.tests.get("category", ()) for one in draft.routes.values() if one.name == silence.name]
    return {key for keys in named for key in keys}


def _is_always_critical(silence: Silence, draft: PolicyDraft) -> bool:
    known = [draft.categories[key] for key in _categories(silence, draft) if key in draft.categories]
    return bool(known) and all(category.at_least is Severity.CRITICAL for category in known)
