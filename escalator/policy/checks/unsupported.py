"""What the language has and this version does not go by: said once for each, with what happens instead."""

from collections.abc import Iterator

from escalator.model.policy import DestinationKind
from escalator.policy.draft import Draft
from escalator.policy.problems import Finding, warning
from escalator.policy.walk import found, pattern


def findings(draft: Draft) -> Iterator[Finding]:
    """Yield a warning, once, for people who are to be reached by a page of PagerDuty to themselves."""
    for place, kind in found(draft.tree, pattern("people.*.contact[]")):
        if kind == DestinationKind.PAGERDUTY:
            instead = "the next of their contacts is tried; name a PagerDuty destination in the step"
            yield warning(place, "is not executed by this version", instead, blocks_production=True)
            return
