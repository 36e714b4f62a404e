"""Events that a vendor reports about our alerts there: somebody answered at PagerDuty or in Jira, for example."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from escalator.model.destination_kind import DestinationKind

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MARK = re.compile(rf"escalator-(?:[0-9a-f-]+-)?({_UUID})", re.ASCII)


def place_in(reference: str) -> UUID | None:
    """Return the id in one of our marks (`escalator-…-UUID`: PagerDuty's key, Jira's label); None for other texts."""
    match = _MARK.fullmatch(reference)
    return UUID(match[1]) if match else None


class VendorEventKind(StrEnum):
    """What happened at the vendor. NOTED is only shown and recorded."""

    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    MERGED = "merged"
    NOTED = "noted"


class VendorActorKind(StrEnum):
    """Who did it at the vendor: only what a person did counts as an answer."""

    PERSON = "person"
    INTEGRATION = "integration"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class VendorActor:
    """Who did it, by the vendor's own id, and by email address where the vendor sends it."""

    kind: VendorActorKind
    id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class VendorEvent:
    """One event reported by a vendor.

    `word` is the vendor's own name for it. `refs` are references that may be ours (`posted_messages.vendor_ref`),
    `vendor_incident_id` is the vendor's id of the incident that they belong to, and `merged_into` that of the one that
    it was merged into. `title` is its first line there, `at` when it happened by the vendor's clock. None of them is
    content: all were written by us or are ids of the vendor.
    """

    vendor: DestinationKind
    kind: VendorEventKind
    word: str
    agent: VendorActor
    refs: tuple[str, ...] = ()
    vendor_incident_id: str = ""
    merged_into: str = ""
    title: str = ""
    at: datetime | None = None
