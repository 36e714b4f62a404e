"""Answers to people whose action was refused or only partly done: who was first, and what to do."""

from datetime import datetime, timedelta

from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.incident import HELD_STATES, Incident, State
from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.rendering.view import display_name

ROLE_REFUSED = "Nothing changed: your role does not allow this. Ask a senior moderator."
_SAID = {
    RefusalReason.UNKNOWN_PERSON: (
        "Nothing changed: you are not in the escalation policy. Ask an administrator to add you."
    ),
    RefusalReason.WRONG_WORKSPACE: "Nothing changed: this Slack workspace is not the one of these alerts.",
    RefusalReason.NO_INCIDENT: "Nothing changed: there is no such incident.",
    RefusalReason.ROLE: ROLE_REFUSED,
    RefusalReason.RESTRICTED: (
        "Nothing changed: #{number} is restricted to a few people, and you are not one of them."
    ),
    RefusalReason.NOT_YOURS: "Nothing changed: #{number} is owned by {by}. A senior moderator can take it over.",
    RefusalReason.ALREADY_TAKEN: "#{number} was already acknowledged by {by}{ago}.",
    RefusalReason.ALREADY_ANSWERED: "You have already acknowledged #{number}. A second person must acknowledge it too.",
    RefusalReason.RESOLVED: "#{number} was already resolved by {by}{ago}.",
    RefusalReason.STALE: "Nothing changed: that message was out of date. #{number} is {state} now.",
    RefusalReason.NOT_NOW: "Nothing changed: that is not possible while #{number} is {state}.",
    RefusalReason.ONE_MORE_NEEDED: (
        "Your acknowledgement of #{number} counts; a second person has to acknowledge it first."
    ),
    RefusalReason.WITHHELD: "Nothing changed: that is not possible with withheld content.",
    RefusalReason.TOO_LONG: "Nothing changed: #{number} can be snoozed for 15 min only.",
    RefusalReason.TOO_OFTEN: (
        "Nothing changed: that was done too often in a row. Resolve, release or escalate #{number}."
    ),
    RefusalReason.NO_REFERENCE: "Nothing changed: enter where it was referred to.",
    RefusalReason.NOBODY_ELSE: "Nothing changed: nobody else may acknowledge #{number}. Release it or escalate it.",
    RefusalReason.OF_A_GROUP: (
        "#{number} is a group of alerts and has no text of its own. Open its alerts one by one."
    ),
    RefusalReason.OVER_LIMIT: (
        "You have read a lot of distressing content today. Take a break, or let somebody else look at #{number}. "
        "If it has to be you, you can still open it in the dashboard."
    ),
    RefusalReason.MERGED: "Nothing changed: #{number} was merged into another incident.",
    RefusalReason.NOT_OFFERED: "Nothing changed: the policy does not offer this for #{number} any more.",
    RefusalReason.NO_STREAM_ID: (
        "Nothing changed: your id in Stream is not known. Ask an administrator to add `stream: ID` to your entry."
    ),
    RefusalReason.ALREADY_REQUESTED: "Nothing changed: {by} already asked for an action in Stream{ago}.",
    RefusalReason.ALREADY_DONE: "Nothing changed: that was already done for {by}{ago}.",
}
_WITHOUT_INCIDENT = frozenset({RefusalReason.UNKNOWN_PERSON, RefusalReason.WRONG_WORKSPACE, RefusalReason.ROLE})
_STATES = {
    State.TRIGGERED: "unacknowledged",
    State.ACKNOWLEDGED: "owned by {by}",
    State.SNOOZED: "snoozed by {by}",
    State.RESOLVED: "resolved",
    State.MERGED: "merged into another incident",
    State.GROUPED: "part of a group",
    State.LOGGED: "logged only",
}


def stranger_words(slack_id: str) -> str:
    """Return the answer to somebody in Slack who is not in the policy."""
    return (
        "Nothing changed: you are not in the escalation policy. Ask an administrator to add "
        f"`slack: {slack_id}`, or the email address of your Slack account, to your entry."
    )


def refusal_words(refusal: Refusal, incident: Incident | None, policy: Policy, now: datetime) -> str:
    """Return the answer to a refused action. `policy` is the running one; `incident` None where there is none."""
    if refusal.why is RefusalReason.UNKNOWN_PERSON and refusal.by:
        return stranger_words(refusal.by)
    if incident is None:
        return _SAID[refusal.why if refusal.why in _WITHOUT_INCIDENT else RefusalReason.NO_INCIDENT]
    owner = display_name(incident.owner, policy) if incident.owner else "its team"
    return _SAID[refusal.why].format(
        number=incident.number,
        by=display_name(refusal.by, policy) if refusal.by else owner,
        ago=_ago(now - refusal.at) if refusal.at else "",
        state=_STATES[incident.state].format(by=owner),
    )


def done_words(person: str, incident: Incident, policy: Policy) -> str:
    """Return the answer to an action that was done where no message of the incident shows it."""
    if incident.owner == person and incident.state in HELD_STATES:
        return f"#{incident.number} is yours now"
    if incident.state is State.TRIGGERED and any(answer.person == person for answer in incident.acknowledgements):
        return f"Your acknowledgement of #{incident.number} counts; one more person has to acknowledge it"
    owner = display_name(incident.owner, policy) if incident.owner else "its team"
    return f"#{incident.number} is {_STATES[incident.state].format(by=owner)} now"


def _ago(passed: timedelta) -> str:
    return f" {words(passed)} ago"
