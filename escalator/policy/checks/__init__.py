"""What a policy must be besides well-formed; each check yields findings and stops at nothing."""

from collections.abc import Iterator, Mapping

from escalator.policy.checks import (
    calendars,
    clocks,
    condition_values,
    coverage,
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
    unsupported,
)
from escalator.policy.draft import Draft
from escalator.policy.problems import Finding


def findings(draft: Draft, env: Mapping[str, str]) -> Iterator[Finding]:
    """Yield everything that is wrong between the sections, and every warning."""
    yield from references.findings(draft)
    yield from sources.findings(draft, env)
    yield from duplicates.findings(draft, env)
    yield from coverage.findings(draft)
    yield from events.findings(draft)
    yield from condition_values.findings(draft)
    yield from people.findings(draft, env)
    yield from responders.findings(draft)
    yield from clocks.findings(draft)
    yield from hours.findings(draft)
    yield from calendars.findings(draft, env)
    yield from silences.findings(draft)
    yield from storms.findings(draft)
    yield from placeholders.findings(draft, env)
    yield from lengths.findings(draft)
    yield from unsupported.findings(draft)
