"""The `dedup_key` of our alerts at PagerDuty, which holds the incident and the round.

It holds the round because no event notifies again of an alert that was acknowledged there, and every round must.
"""

import re
from uuid import UUID

from escalator.channels.contract import fingerprint_of
from escalator.channels.pagerduty import limits
from escalator.model.message import IncidentStatus

_PREFIX = "escalator-"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_INCIDENT = re.compile(rf"{_PREFIX}({_UUID})-(0|[1-9][0-9]{{0,8}})-{_UUID}", re.ASCII)


def dedup_key(status: IncidentStatus, place: str) -> str:
    """Return the key of an incident's alert in its present round at one place, by its UUID.

    The place tells which of several services an event is about, and finds a posted message that is not known yet.
    """
    return f"{_PREFIX}{status.incident_id}-{status.round}-{place}"


def notice_key(key: str) -> str:
    """Return the key of an alert without an incident, from its notification's key."""
    named = _PREFIX + key
    return named if len(named) <= limits.DEDUP_KEY else _PREFIX + fingerprint_of(key)


def incident_of(key: str) -> tuple[UUID, int] | None:
    """Return the incident and the round of a key, or None for a key of no incident of ours."""
    match = _INCIDENT.fullmatch(key)
    return (UUID(match[1]), int(match[2])) if match else None
