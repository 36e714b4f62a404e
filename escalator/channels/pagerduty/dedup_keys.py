"""The names of our alerts at PagerDuty: the `dedup_key`, which says the incident and the round.

The round is part of it because no event makes an alert ring again that was acknowledged there, and every round rings.
"""

import re
from uuid import UUID

from escalator.channels.contract import digest_of
from escalator.channels.pagerduty import limits
from escalator.model.message import IncidentStatus

_PREFIX = "escalator-"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_INCIDENT = re.compile(rf"{_PREFIX}({_UUID})-(0|[1-9][0-9]{{0,8}})-{_UUID}", re.ASCII)


def dedup_key(status: IncidentStatus, place: str) -> str:
    """Return the key of an incident's alert in its present round at one place, named by its UUID.

    By the place it is told which of several services an event is about, and what stands where nobody knows it yet.
    """
    return f"{_PREFIX}{status.incident_id}-{status.round}-{place}"


def notice_key(key: str) -> str:
    """Return the key of what is about no incident, by that of its notification."""
    named = _PREFIX + key
    return named if len(named) <= limits.DEDUP_KEY else _PREFIX + digest_of(key)


def incident_of(key: str) -> tuple[UUID, int] | None:
    """Return the incident and the round that a key names, or None for a key that is not of an incident of ours."""
    match = _INCIDENT.fullmatch(key)
    return (UUID(match[1]), int(match[2])) if match else None
