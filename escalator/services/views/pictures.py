"""Pictures of an incident: fetched by us when somebody reveals one, for them alone, and kept nowhere."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from escalator.engine.actions import apply_action
from escalator.engine.exposure_limits import Exposure, RevealRequest
from escalator.engine.incident_change import PolicyPair
from escalator.engine.permissions import Refusal, RefusalReason, may_show_pictures
from escalator.model.incident import Incident, Verb
from escalator.model.levels import ContentRule, Mode
from escalator.model.message import Failed
from escalator.rendering.redaction import pictures_of, rule_in_force
from escalator.rendering.replies import refusal_words
from escalator.services.auth.incident_access import find_visible_incident
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.incidents import exposure_limits
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.views.picture_type import picture_type
from escalator.services.views.reveal import reveal_request
from escalator.services.views.viewer_refusal import record_viewer_refusal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PictureAllowed:
    """It is on record that somebody is shown this picture (from 1)."""

    picture: int


@dataclass(frozen=True, slots=True)
class PictureRefused:
    """Why a picture is not shown, in words."""

    why: RefusalReason
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was fetched, and its type by its own first bytes."""

    content_type: str
    data: bytes


def count_pictures(core: Core, viewer: Viewer, incident: Incident, rules: PolicyPair, now: datetime) -> int:
    """Return how many pictures this viewer may reveal."""
    addresses = _addresses(core, incident, rules)
    if not addresses:
        return 0
    request = reveal_request(viewer, RevealRequest(Exposure(), is_insisted=True, picture=(1, len(addresses))))
    return 0 if isinstance(apply_action(request, incident, rules, now), Refusal) else len(addresses)


def reveal_picture(
    core: Core, viewer: Viewer, number: int, picture: int, *, is_insisted: bool
) -> PictureAllowed | PictureRefused | None:
    """Record that somebody is shown a picture (from 1), or return why they are not; None when there is no such picture.

    Raises Unavailable when it could not be recorded.
    """
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.required(connection)
        incident = find_visible_incident(core, connection, viewer, number, running.policy, is_locked=True)
        if incident is None:
            return None
        rules = rules_for(core, connection, incident, running)
        addresses = _addresses(core, incident, rules)
        if not 1 <= picture <= len(addresses):
            return None
        burden = exposure_limits.person_exposure(connection, viewer.person, running.policy, now, incident.id)
        request = reveal_request(
            viewer, RevealRequest(burden, is_insisted=is_insisted, picture=(picture, len(addresses)))
        )
        result = apply_action(request, incident, rules, now)
        if isinstance(result, Refusal):
            record_viewer_refusal(connection, viewer, incident, Verb.REVEAL, result, now)
            return PictureRefused(result.why, refusal_words(result, incident, running.policy, now))
        work.apply([Decision(incident, result)], running, now)
    return PictureAllowed(picture)


def fetch_picture(core: Core, viewer: Viewer, number: int, picture: int) -> Picture | None:
    """Fetch a picture that this viewer may still reveal; None when they may not, or when it is none.

    One call within the limits of `guarded_http.MEDIA`, with no transaction open. Raises Unavailable.
    """
    now = core.clock.now()
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        incident = find_visible_incident(core, connection, viewer, number, running.policy)
        if incident is None:
            return None
        rules = rules_for(core, connection, incident, running)
    addresses = _addresses(core, incident, rules)
    if not 1 <= picture <= len(addresses) or not count_pictures(core, viewer, incident, rules, now):
        return None
    answer = core.vendors.media.get(addresses[picture - 1])
    if isinstance(answer, Failed) or answer.status != 200:
        reason = answer.reason.value if isinstance(answer, Failed) else f"http_{answer.status}"
        log.warning("picture_not_fetched", incident=number, reason=reason)
        return None
    content_type = picture_type(answer.body)
    if content_type is None:
        log.warning("picture_not_fetched", incident=number, reason="no_picture")
        return None
    return Picture(content_type, answer.body)


def _addresses(core: Core, incident: Incident, rules: PolicyPair) -> tuple[str, ...]:
    """Return the addresses of the pictures that may be shown at all. In the sandbox nothing is fetched."""
    is_withheld = rule_in_force(incident, rules.running) is ContentRule.WITHHOLD
    if is_withheld or incident.is_group or not may_show_pictures(incident, rules.running):
        return ()
    return () if core.mode_for(incident, rules.running) is Mode.SANDBOX else pictures_of(incident)
