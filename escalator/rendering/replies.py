"""What somebody is told whose act changed nothing, or not all that they wanted: who was first, and what to do."""

from datetime import datetime, timedelta

from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.incident import HELD_STATES, Incident, State
from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.rendering.view import called

ROLE_REFUSED = "Nothing changed: your role does not allow this. Ask a senior moderator."
_SAID = {
    RefusalReason.UNKNOWN_PERSON: (
        "Nothing changed: the escalation policy does not know you. Ask whoever runs it to add you."
    ),
    RefusalReason.WRONG_WORKSPACE: "Nothing changed: this is not the workspace that answers these alerts.",
    RefusalReason.NO_INCIDENT: "Nothing changed: there is no such incident.",
    RefusalReason.ROLE: ROLE_REFUSED,
    RefusalReason.RESTRICTED: (
        "Nothing changed: #{number} is restricted, and you are not among those who may handle it."
    ),
    RefusalReason.NOT_YOURS: "Nothing changed: #{number} is with {by}. A senior moderator may take it over.",
    RefusalReason.ALREADY_TAKEN: "#{number} was already taken by {by}{ago}.",
    RefusalReason.ALREADY_ANSWERED: "Your answer to #{number} counts already; now somebody else has to answer.",
    RefusalReason.RESOLVED: "#{number} was already resolved by {by}{ago}.",
    RefusalReason.STALE: "Nothing changed: that message was out of date. #{number} is {state} now.",
    RefusalReason.NOT_NOW: "Nothing changed: that cannot be done while #{number} is {state}.",
    RefusalReason.ONE_MORE_NEEDED: (
        "Your answer to #{number} counts; somebody else has to answer before this can be done."
    ),
    RefusalReason.WITHHELD: "Nothing changed: that cannot be done with withheld content.",
    RefusalReason.TOO_LONG: "Nothing changed: #{number} can be snoozed for 15 min only.",
    RefusalReason.TOO_OFTEN: (
        "Nothing changed: that was done too often in a row. Resolve it, release it or escalate it."
    ),
    RefusalReason.NO_REFERENCE: "Nothing changed: say where it was referred to.",
    RefusalReason.NOBODY_ELSE: "Nothing changed: nobody else may answer #{number}. Release it or escalate it.",
    RefusalReason.OF_A_GROUP: (
        "#{number} stands for several alerts and has no text of its own. Look at them one by one."
    ),
    RefusalReason.OVER_LIMIT: (
        "You have read a lot that is hard to read today. Take a break, or let somebody else look at #{number}. "
        "If it has to be you, the dashboard shows it anyway."
    ),
    RefusalReason.MERGED: "Nothing changed: #{number} goes on in another incident.",
}
_WITHOUT_INCIDENT = frozenset({RefusalReason.UNKNOWN_PERSON, RefusalReason.WRONG_WORKSPACE, RefusalReason.ROLE})
_STATES = {
    State.TRIGGERED: "waiting for an answer",
    State.ACKNOWLEDGED: "with {by}",
    State.SNOOZED: "snoozed by {by}",
    State.RESOLVED: "resolved",
    State.MERGED: "merged into another one",
    State.GROUPED: "told within a group",
    State.LOGGED: "only logged",
}


def stranger_words(slack_id: str) -> str:
    """Return what somebody in Slack is told whom the policy does not know."""
    return (
        "Nothing changed: the escalation policy does not know you. Ask whoever runs it to write "
        f"`slack: {slack_id}`, or the e-mail address that you have in Slack, beside your name."
    )


def refusal_words(refusal: Refusal, incident: Incident | None, policy: Policy, now: datetime) -> str:
    """Return the answer to who acted. `policy` is the running one; without an incident nothing of one is said."""
    if refusal.why is RefusalReason.UNKNOWN_PERSON and refusal.by:
        return stranger_words(refusal.by)
    if incident is None:
        return _SAID[refusal.why if refusal.why in _WITHOUT_INCIDENT else RefusalReason.NO_INCIDENT]
    owner = called(incident.owner, policy) if incident.owner else "its team"
    return _SAID[refusal.why].format(
        number=incident.number,
        by=called(refusal.by, policy) if refusal.by else owner,
        ago=_ago(now - refusal.at) if refusal.at else "",
        state=_STATES[incident.state].format(by=owner),
    )


def done_words(person: str, incident: Incident, policy: Policy) -> str:
    """Return what somebody is told whose act has been done where no message of the incident's shows it."""
    if incident.owner == person and incident.state in HELD_STATES:
        return f"#{incident.number} is yours now"
    if incident.state is State.TRIGGERED and any(given.person == person for given in incident.answers):
        return f"Your answer to #{incident.number} counts; somebody else has to answer too"
    owner = called(incident.owner, policy) if incident.owner else "its team"
    return f"#{incident.number} is {_STATES[incident.state].format(by=owner)} now"


def _ago(passed: timedelta) -> str:
    return f" {words(passed)} ago"
