"""Answers by a link in an email: viewing changes nothing; acknowledging is one transaction like any other."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason, allowed_people, check_permission
from escalator.model.audit import Actor
from escalator.model.incident import HELD_STATES, Incident, State
from escalator.model.levels import Mode
from escalator.model.policy import Person
from escalator.rendering import card, push_text
from escalator.rendering.redaction import names_by_key
from escalator.rendering.replies import refusal_words
from escalator.rendering.view import View
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.actions import is_in_sandbox, record_refusal
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.notifications import compose
from escalator.services.notifications.answer_links import AnswerLink
from escalator.store import incidents


@dataclass(frozen=True, slots=True)
class LinkPage:
    """An incident's state for the page under a link; all in words, a person by their key.

    `note` is what else the reader should know: the result of their answer, or why they cannot give one. With
    `must_sign_in`, and with `is_of_nobody`, the page shows nothing of the incident but its number.
    """

    number: int
    person: str
    headline: str = ""
    stands: str = ""
    note: str = ""
    can_answer: bool = False
    is_refused: bool = False
    must_sign_in: bool = False
    is_of_nobody: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    """The incident as read, the running policy, and the link's person."""

    core: Core
    connection: Connection
    link: AnswerLink
    incident: Incident
    running: RunningPolicy
    now: datetime

    @property
    def person(self) -> Person | None:
        return self.running.policy.people.get(self.link.person)

    @property
    def is_restricted(self) -> bool:
        return allowed_people(self.incident, self.running.policy) is not None


def view_by_link(core: Core, link: AnswerLink) -> LinkPage | None:
    """Return its state; None when there is no such incident where the link is valid. Raises Unavailable."""
    with core.database.reading() as connection:
        incidents_by_id = incidents.read(connection, {link.incident_id}, core.seal)
        case = _case(core, connection, link, incidents_by_id.get(link.incident_id))
        return None if case is None else _looked_at(case)


def acknowledge_by_link(core: Core, link: AnswerLink) -> LinkPage | None:
    """Acknowledge for the link's person, and return the new state. Raises Unavailable."""
    with unit_of_work(core) as work:
        incidents_by_id = incidents.lock(work.connection, [link.incident_id], core.seal)
        case = _case(core, work.connection, link, incidents_by_id.get(link.incident_id))
        if case is None:
            return None
        result = _judge(case)
        if isinstance(result, Change):
            work.apply([Decision(case.incident, result)], case.running, case.now)
            return _answered(replace(case, incident=result.incident))
        actor = Actor("stranger" if case.person is None else "person", link.person)
        record_refusal(work.connection, case.incident, actor, link.channel.value, link.verb.value, result, case.now)
        return _refused(case, result)


def _case(core: Core, connection: Connection, link: AnswerLink, incident: Incident | None) -> _Case | None:
    running = core.policies.required(connection)
    if incident is None or is_in_sandbox(core, incident, running.policy) is not link.is_sandbox:
        return None
    return _Case(core, connection, link, incident, running, core.clock.now())


def _judge(case: _Case) -> Change | Refusal:
    if case.person is None:
        return Refusal(RefusalReason.UNKNOWN_PERSON)
    if case.is_restricted:
        # Also for those who may: a forwarded link must not answer what is restricted.
        return Refusal(RefusalReason.RESTRICTED)
    request = ActionRequest(verb=case.link.verb, person=case.person, via=case.link.channel.value)
    return apply_action(
        request, case.incident, rules_for(case.core, case.connection, case.incident, case.running), case.now
    )


def _looked_at(case: _Case) -> LinkPage:
    shown = _picture(case)
    if case.person is None or shown.must_sign_in or case.incident.state is not State.TRIGGERED:
        return shown
    refused = check_permission(case.link.verb, case.person, case.incident, case.running.policy)
    if refused is not None:
        return replace(shown, note=_words(case, refused))
    if any(answer.person == case.person.key for answer in case.incident.acknowledgements):
        return replace(shown, note=_words(case, Refusal(RefusalReason.ALREADY_ANSWERED)))
    is_older = case.link.round < case.incident.round
    return replace(shown, can_answer=True, note="A new round has started since that email." if is_older else "")


def _answered(case: _Case) -> LinkPage:
    is_taken = case.incident.state is not State.TRIGGERED
    note = (
        "You acknowledged it. It is yours now."
        if is_taken
        else "Your acknowledgement counts. One more person has to acknowledge it."
    )
    return replace(_picture(case), note=note)


def _refused(case: _Case, why: Refusal) -> LinkPage:
    incident = case.incident
    if incident.state in HELD_STATES and incident.owner == case.link.person:
        return replace(_picture(case), note="You have already acknowledged it.")
    return replace(_picture(case), note=_words(case, why), is_refused=True)


def _words(case: _Case, why: Refusal) -> str:
    return refusal_words(why, case.incident, names_by_key(case.running.policy), case.now)


def _picture(case: _Case) -> LinkPage:
    """Return what the link's holder may see: what the email had, and the present state."""
    incident, policy = case.incident, case.running.policy
    if case.person is None:
        text = _words(case, Refusal(RefusalReason.UNKNOWN_PERSON))
        return LinkPage(incident.number, case.link.person, note=text, is_of_nobody=True)
    if case.is_restricted:
        return LinkPage(incident.number, case.link.person, must_sign_in=True)
    view = View(
        incident=incident,
        frozen=case.core.policies.version(case.connection, incident.policy_version),
        running=names_by_key(policy),
        now=case.now,
        is_test=case.core.mode_for(incident, policy) is Mode.DIVERT,
        others=compose.related_incidents(case.connection, [incident])[incident.id],
        channel=case.link.channel,
    )
    return LinkPage(incident.number, case.link.person, card.standing(view).headline, _state_words(view))


def _state_words(view: View) -> str:
    incident = view.incident
    if incident.state is State.LOGGED:
        return "Logged only: nobody is notified."
    if incident.state is not State.TRIGGERED:
        return f"{card.text(view)}."
    answered = len({answer.person for answer in incident.acknowledgements})
    acknowledged_words = (
        f"{answered} of {incident.acks_needed} have acknowledged" if answered else "Not acknowledged yet"
    )
    return f"{acknowledged_words}. Waiting for {push_text.words(view.waited)}."
