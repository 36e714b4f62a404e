"""Reading an incident's content: what is shown at once, and hidden text, line by line and recorded."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.exposure_limits import Exposure, RevealRequest, is_asked_to_stop
from escalator.engine.incident_change import PolicyPair
from escalator.engine.permissions import Refusal, RefusalReason, is_withheld
from escalator.model.incident import Incident, Verb
from escalator.model.levels import ContentRule, Role
from escalator.model.policy import Policy
from escalator.rendering.redaction import Disclosure, disclose, lines_of, rule_in_force
from escalator.rendering.replies import refusal_words
from escalator.services.auth.incident_access import find_visible_incident
from escalator.services.auth.viewer import DASHBOARD, Viewer
from escalator.services.core.context import Core
from escalator.services.incidents import exposure_limits
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.views.viewer_refusal import record_viewer_refusal


@dataclass(frozen=True, slots=True)
class ContentView:
    """What a page shows of the content. `hidden` are the lengths of the lines that this viewer may reveal.

    `why_not` is why they may not; `must_stop`: they are asked to stop before they read on.
    """

    rule: ContentRule
    disclosure: Disclosure
    burden: Exposure
    hidden: tuple[int, ...] = ()
    why_not: RefusalReason | None = None
    must_stop: bool = False


@dataclass(frozen=True, slots=True)
class RevealResult:
    """The result of a request for one line: the line, or why it is not shown, in words. `burden` as of now."""

    line: int
    text: str = ""
    refused: RefusalReason | None = None
    words: str = ""
    burden: Exposure = Exposure()


def content_rule_for(viewer: Viewer, incident: Incident, running: Policy) -> ContentRule:
    """Return the content rule for a viewer; those who may not answer never see more than `hide` allows."""
    rule = ContentRule.WITHHOLD if is_withheld(incident, running) else rule_in_force(incident, running)
    return rule if viewer.person.role >= Role.MODERATOR else max(rule, ContentRule.HIDE)


def content_view(
    connection: Connection, viewer: Viewer, incident: Incident, rules: PolicyPair, now: datetime
) -> ContentView:
    """Return what this viewer sees of the content, without any hidden text."""
    rule = content_rule_for(viewer, incident, rules.running)
    disclosure = disclose(incident, rule, now)
    burden = exposure_limits.person_exposure(connection, viewer.person, rules.running, now, incident.id)
    if rule is ContentRule.SHOW:
        return ContentView(rule, disclosure, burden)
    result = apply_action(reveal_request(viewer, RevealRequest(burden, is_insisted=True)), incident, rules, now)
    if isinstance(result, Refusal):
        return ContentView(rule, disclosure, burden, why_not=result.why)
    hidden = tuple(len(line) for line in lines_of(incident))
    return ContentView(
        rule, disclosure, burden, hidden, must_stop=is_asked_to_stop(incident.severity, burden, rules.running)
    )


def reveal_line(
    core: Core, viewer: Viewer, number: int, line: int, *, is_insisted: bool = False
) -> RevealResult | None:
    """Record that somebody is shown one line (from 1) and return it, or why it is not shown.

    None when there is no such line of an incident that they may see. Raises Unavailable when it could not be recorded.
    """
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.required(connection)
        incident = find_visible_incident(core, connection, viewer, number, running.policy, is_locked=True)
        if incident is None:
            return None
        burden = exposure_limits.person_exposure(connection, viewer.person, running.policy, now, incident.id)
        lines = lines_of(incident)
        request = reveal_request(viewer, RevealRequest(burden, (line, len(lines)), is_insisted))
        result = apply_action(request, incident, rules_for(core, connection, incident, running), now)
        if isinstance(result, Refusal):
            record_viewer_refusal(connection, viewer, incident, Verb.REVEAL, result, now)
            words = refusal_words(result, incident, running.policy, now)
            return RevealResult(line, refused=result.why, words=words, burden=burden)
        if not 1 <= line <= len(lines):
            return None
        work.apply([Decision(incident, result)], running, now)
        after = exposure_limits.person_exposure(connection, viewer.person, running.policy, now, incident.id)
    return RevealResult(line, lines[line - 1], burden=after)


def reveal_request(viewer: Viewer, reading: RevealRequest) -> ActionRequest:
    """Return the reveal request. It has no round and fence: the text is the same in any state."""
    return ActionRequest(
        Verb.REVEAL, viewer.person, viewer.via, reading=reading, is_in_dashboard=viewer.via == DASHBOARD
    )
