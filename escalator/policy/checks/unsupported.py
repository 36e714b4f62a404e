"""What the language has and this version does not go by: said once for each, with what happens instead."""

from collections.abc import Iterator

from escalator.model.destination_kind import DestinationKind
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, make_warning
from escalator.policy.tree_walk import find_values, parse_pattern


def check_unsupported(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield an error for what never was executed, and a warning, once, for people to be paged by PagerDuty itself."""
    for place, _duration in find_values(draft.tree, parse_pattern("retention.records")):
        what = "is not supported: audit records are kept for ever, as deleting any would break their hash chain"
        yield PolicyFinding(
            place,
            what,
            "remove `records`; they contain ids only, and `content` limits how long what people wrote is kept",
        )
    for place, kind in find_values(draft.tree, parse_pattern("people.*.contact[]")):
        if kind == DestinationKind.PAGERDUTY:
            instead = "the next of their contacts is tried; name a PagerDuty destination in the step"
            yield make_warning(place, "is not executed by this version", instead, blocks_production=True)
            return
