"""Record that a signed-in person tried an action and why it was refused."""

from datetime import datetime

from sqlalchemy import Connection

from escalator.engine.permissions import Refusal
from escalator.model.audit import Actor
from escalator.model.incident import Incident, Verb
from escalator.services.auth.viewer import Viewer
from escalator.services.incidents.actions import record_refusal


def record_viewer_refusal(  # noqa: PLR0913  # the fields of a record
    connection: Connection, viewer: Viewer, incident: Incident, verb: Verb, why: Refusal, now: datetime
) -> None:
    """Record it in the audit log, in the caller's transaction."""
    record_refusal(connection, incident, Actor("person", viewer.person.key), viewer.via, verb.value, why, now)
