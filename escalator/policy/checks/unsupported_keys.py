"""Keys of the policy that are not supported: each is reported once, with what happens instead."""

from collections.abc import Iterator

from escalator.model.destination_kind import DestinationKind
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, make_warning
from escalator.policy.tree_walk import find_values, parse_pattern

NOT_SUPPORTED = "PagerDuty as a personal contact is not supported yet"


def check_unsupported(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield an error for `retention.records`, and one warning for people whose contact is PagerDuty."""
    for place, _duration in find_values(draft.tree, parse_pattern("retention.records")):
        what = "is not supported: audit records are kept for ever, because deleting any would break the hash chain"
        yield PolicyFinding(
            place,
            what,
            "remove `records`; they contain ids only, and `content` limits how long content is kept",
        )
    for place, kind in find_values(draft.tree, parse_pattern("people.*.contact[]")):
        if kind == DestinationKind.PAGERDUTY:
            instead = "use a PagerDuty destination in the step; until then the person's next contact is used"
            yield make_warning(place, NOT_SUPPORTED, instead, blocks_production=True)
            return
