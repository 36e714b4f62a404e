"""Checks of a policy beyond its form; each yields findings and never raises."""

from collections.abc import Iterator, Mapping

from escalator.policy.checks import (
    actions,
    calendars,
    condition_values,
    coverage,
    delays,
    digests,
    duplicates,
    events,
    hours,
    lengths,
    people,
    placeholders,
    references,
    responders,
    silences,
    sources,
    storms,
    unsupported_keys,
    watched_queues,
)
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding


def all_findings(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield every error between sections, and every warning."""
    yield from references.check_references(draft)
    yield from sources.check_sources(draft, env)
    yield from actions.check_actions(draft)
    yield from duplicates.check_duplicates(draft, env)
    yield from coverage.check_coverage(draft)
    yield from events.check_events(draft)
    yield from condition_values.check_condition_values(draft)
    yield from people.check_people(draft, env)
    yield from responders.check_responders(draft)
    yield from delays.check_clocks(draft)
    yield from hours.check_hours(draft)
    yield from calendars.check_calendars(draft, env)
    yield from silences.check_silences(draft)
    yield from storms.check_storms(draft)
    yield from watched_queues.check_queues(draft)
    yield from digests.check_digests(draft)
    yield from placeholders.check_placeholders(draft, env)
    yield from lengths.check_lengths(draft)
    yield from unsupported_keys.check_unsupported(draft)
