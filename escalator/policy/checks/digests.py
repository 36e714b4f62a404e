"""Digests: can their conditions be counted, and are they for people to read."""

from collections.abc import Iterator

from escalator.model.kind_description import Attention
from escalator.model.policy import Digest
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, make_warning, quoted

COUNTED = ("source", "category", "severity", "min_severity")
"""The conditions that limit a digest: those by which incidents are counted without reading their content."""

_FOR_PEOPLE = "name a channel, a mailbox, a team or a person"


def check_digests(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield conditions by which a digest cannot count, and destinations that would page somebody for a summary."""
    for index, digest in draft.digests.items():
        for condition in digest.when.tests:
            if condition not in COUNTED:
                what = "is not a condition that limits a digest"
                yield PolicyFinding(("digests", index, "when", condition), what, f"known: {', '.join(COUNTED)}")
        yield from _never_counted(index, digest, draft)
        for target in digest.to:
            destination = draft.destinations.get(target)
            if destination is None:
                continue
            about = destination.kind.about
            if about.attention is Attention.ALWAYS:
                what = f"{quoted(target)} would page somebody with every digest"
                yield PolicyFinding(("digests", index, "to"), what, _FOR_PEOPLE)
            elif about.is_for_machines:
                what = f"{quoted(target)} is read by programs, but a digest is for people"
                yield PolicyFinding(("digests", index, "to"), what, _FOR_PEOPLE)


def _never_counted(index: int, digest: Digest, draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield a warning for restricted categories of a digest to a destination, whose readers are not known."""
    shared = [target for target in digest.to if target in draft.destinations]
    for key in digest.when.tests.get("category", ()):
        category = draft.categories.get(key)
        if shared and category is not None and category.restricted_to:
            what = f"{quoted(key)} is restricted, so it is not counted in what {quoted(shared[0])} gets"
            right = "name people or teams in `to`, or leave the category out"
            yield make_warning(("digests", index, "when", "category"), what, right)
