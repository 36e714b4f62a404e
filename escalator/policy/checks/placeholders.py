"""`${NAME}`: where it may stand, whether it is spelled well, and whether the environment has it."""

from collections.abc import Iterator, Mapping

from escalator.policy.draft import Draft
from escalator.policy.expand import has_placeholder, is_malformed, unset_names
from escalator.policy.problems import Finding, Place, warning
from escalator.policy.walk import found, pattern, texts

ALLOWED = (
    "sources.*.api_key",
    "sources.*.api_secret[]",
    "sources.*.dashboard_url",
    "people.*.email",
    "people.*.slack",
    "people.*.stream",
    "people.*.pagerduty",
    "teams.*.slack_group",
    "schedules.*.ical",
    "destinations.*.slack",
    "destinations.*.pagerduty",
    "destinations.*.email[]",
    "destinations.*.jira.project",
    "destinations.*.jira.issue_type",
    "destinations.*.jira.fields.**",
    "destinations.*.webhook",
    "destinations.*.secret",
    "categories.*.runbook",
    "heartbeat.url",
)


def findings(draft: Draft, env: Mapping[str, str]) -> Iterator[Finding]:
    """Yield names in the wrong place, misspelled names, and names that are not set."""
    for place in misplaced(draft):
        yield Finding(place, "holds ${...} where the value itself must stand", "write the value out")
    named: set[str] = set()
    for place, text in _allowed(draft):
        if is_malformed(text):
            yield Finding(place, "holds a ${ that begins no name", "write ${NAME} or ${NAME:-default}")
        for name in unset_names(text, env):
            if name not in named:
                named.add(name)
                what = f"${{{name}}} is not set, so nothing stands there"
                right = f"set {name}, or write ${{{name}:-}} if it may stay empty"
                yield warning(place, what, right, blocks_production=True)


def misplaced(draft: Draft) -> frozenset[Place]:
    """Return the places that hold a placeholder and may not."""
    asking = {place for place, text in texts(draft.tree) if has_placeholder(text)}
    return frozenset(asking - {place for place, _ in _allowed(draft)})


def _allowed(draft: Draft) -> Iterator[tuple[Place, str]]:
    for where in ALLOWED:
        for place, value in found(draft.tree, pattern(where)):
            if isinstance(value, str):
                yield place, value
