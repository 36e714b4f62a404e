"""What a vendor tells us of what stands there: somebody answered at PagerDuty or in Jira, or something was done."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from escalator.model.destination_kind import DestinationKind

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MARK = re.compile(rf"escalator-(?:[0-9a-f-]+-)?({_UUID})", re.ASCII)


def place_in(reference: str) -> UUID | None:
    """Return the place that a mark of ours names (`escalator-…-UUID`: PagerDuty's key, Jira's label), if it is one."""
    found = _MARK.fullmatch(reference)
    return UUID(found[1]) if found else None


class VendorEventKind(StrEnum):
    """What happened there, as far as it matters here. Noted is what is only shown and recorded."""

    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    MERGED = "merged"
    NOTED = "noted"


class VendorActorKind(StrEnum):
    """Who did it there: only a person's agent answers for a person."""

    PERSON = "person"
    INTEGRATION = "integration"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class VendorActor:
    """Who did it, by the vendor's own id, and by address where the vendor says it."""

    kind: VendorActorKind
    id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class VendorEvent:
    """One thing that a vendor has told us.

    `word` is the vendor's own name for it. `refs` are references that may be ours (`posts.ref`), `alias` is the
    vendor's name for what they stand in, and `merged_into` the alias that it has become part of. `title` is its first
    line there, `at` when it happened by the vendor's clock. None of them is content: all were written by us or name
    something at the vendor.
    """

    vendor: DestinationKind
    kind: VendorEventKind
    word: str
    agent: VendorActor
    refs: tuple[str, ...] = ()
    alias: str = ""
    merged_into: str = ""
    title: str = ""
    at: datetime | None = None
