"""Storms: whether a group could combine alerts about many people."""

from collections.abc import Iterator

from escalator.model.levels import Severity
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, make_warning

_AUTHOR = "author"


def check_storms(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield a warning where alerts about many people, critical ones too, become one message."""
    rule = draft.storms
    if rule is None or _AUTHOR in rule.by:
        return
    critical = [key for key, category in draft.categories.items() if category.at_least is Severity.CRITICAL]
    named = f"including critical ones ({', '.join(critical)})" if critical else "including critical ones"
    what = f"does not tell authors apart: alerts about many people, {named}, become one message"
    yield make_warning(("storms", "group", "by"), what, "add author")
