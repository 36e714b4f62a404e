"""Reads one incident by its number: the only place that checks whether somebody may see it."""

from sqlalchemy import Connection

from escalator.model.incident import Incident
from escalator.model.policy import Policy
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.store import incidents


def find_visible_incident(
    core: Core, connection: Connection, viewer: Viewer, number: int, policy: Policy, *, is_locked: bool = False
) -> Incident | None:
    """Return an incident that somebody may see, locked if it is to change; None when there is none."""
    incident_id = incidents.id_by_number(connection, number)
    if incident_id is None:
        return None
    find = incidents.lock if is_locked else incidents.read
    incident = find(connection, [incident_id], core.seal).get(incident_id)
    return incident if incident and viewer.may_see_incident(incident, policy) else None
