"""A record of the audit trail in words, for the story so far and the timeline. Keys become names, never content."""

from collections.abc import Mapping
from datetime import datetime

from escalator.model.audit import Action
from escalator.model.policy import Policy
from escalator.rendering.view import called

_SAID = {
    Action.OPENED: "Opened by {reason}",
    Action.EVENT_JOINED: "Another event: {reason}",
    Action.CHANGED: "Now {severity}, {category}",
    Action.MOVED: "Moved to route {route}",
    Action.ROUND_STARTED: "Round {round}: route {route}, path {path}",
    Action.MERGED: "Merged {merged}{into}",
    Action.ACKNOWLEDGED: "Acknowledged by {actor}",
    Action.ANSWERED: "Acknowledged by {actor}: {given} of {needed}",
    Action.RELEASED: "Released by {actor}",
    Action.RESOLVED: "Resolved by {actor}: {outcome}",
    Action.SNOOZED: "Snoozed by {actor} for {minutes} min",
    Action.SNOOZE_ENDED: "The snooze ended",
    Action.GROUPED: "Added to a group",
    Action.GROUP_OPENED: "Group opened with {members} alerts",
    Action.LEFT_GROUP: "Removed from its group",
    Action.HANDED_OVER: "Handed over by {actor} to {to}",
    Action.TAKEN_OVER: "Taken over by {actor} from {owner}",
    Action.ESCALATED_NOW: "Escalated by {actor}",
    Action.STILL_ON_IT: "{actor} is still on it",
    Action.REVEALED: "Text revealed by {actor}{line}",
    Action.REOPENED: "Reopened: {reason}",
    Action.NOTED: "Note by {actor}",
    Action.REVIEW_NOTED: "Reviewed in Stream by {by}: {reason}",
    Action.VENDOR_NOTED: "In {vendor}: {reason}",
    Action.REMINDED: "{owner} was reminded",
    Action.OVERDUE: "Not resolved in time",
    Action.RESTARTED: "Not acknowledged: restarted from step 1",
    Action.AUTOMATION_STOPPED: "Automation stopped after {rounds} rounds in an hour",
    Action.DEADLINE_PARKED: "A deadline failed and is parked: {reason}",
    Action.REFUSED: "{actor} tried to {verb}: {reason}",
    Action.REDACTED: "Content rule changed from {before} to {after} after {visible_s} s",
    Action.CONTENT_PURGED: "Content deleted",
    Action.HELD: "Hold set by {actor}: the content is kept until it is lifted",
    Action.HOLD_LIFTED: "Hold lifted by {actor}",
    Action.EVENT_READ: "Body of an unreadable request read by {actor}",
    Action.STEP_FIRED: "Step {step}, send {sending}: {told} notified",
    Action.STEP_REACHED_NOBODY: "Step {step} reached nobody",
    Action.STEP_SILENCED: "Step {step}, send {sending}: silenced, nobody notified",
    Action.STEP_FAILED: "Step {step}: every delivery failed",
    Action.TARGET_MISSING: "{target} is no longer in the policy",
    Action.NOBODY_ON_CALL: "Nobody is on call for {target}",
    Action.NOT_ALLOWED: "Not sent to {target}: the category is restricted",
    Action.EXPORTED: "{actor} exported {what}",
    Action.DRILL_PASSED: "Drill passed: {by}, after {seconds} s",
    Action.DRILL_FAILED: "Drill failed: {reason}",
    Action.DELIVERED: "Sent to {destination}",
    Action.DELIVERY_FAILED: "Not sent to {destination}, failed: {reason}",
    Action.DELIVERY_LISTED: "Sent to {destination} in a bundle",
    Action.DELIVERY_SUPPRESSED: "Not sent to {destination}: {reason}",
    Action.DESTINATION_TESTED: "Test message to {destination}: {reason}",
    Action.PERSON_LINKED: "{actor} linked {slack} in Slack",
    Action.POLICY_ACTIVATED: "Policy {sha256} activated",
    Action.POLICY_REFUSED: "Policy {sha256} refused, {problems} problems",
    Action.SHIFT_CHANGED: "On call for {team}: {people}",
    Action.SILENCE_BEGUN: "{actor} silenced {category}{route} until {ends_at}",
    Action.SILENCE_ENDED: "The silence for {category}{route} ended",
    Action.DRILL_STARTED: "{actor} started the drill {drill}",
    Action.SIGNED_IN: "{actor} signed in",
    Action.SIGNED_OUT: "{actor} signed out",
    Action.INVITED: "{person} was invited by {actor}",
    Action.OVERRIDE_BEGUN: "Override by {actor}: {person} on call on {schedule} from {from} to {to}",
    Action.OVERRIDE_ENDED: "Override ended by {actor}: {person} on {schedule}",
    Action.TOKEN_MADE: "{actor} created an API token for {person}: {scopes}",
    Action.TOKEN_REVOKED: "{actor} revoked an API token of {person}",
    Action.TROUBLE_FOUND: "Operator alert: {reason}",
    Action.TROUBLE_ENDED: "Operator alert ended: {reason}",
}
_PEOPLE = frozenset({"actor", "to", "owner", "by", "person"})
_INSTANTS: Mapping[str, tuple[str, ...]] = {
    Action.SILENCE_BEGUN: ("ends_at",),
    Action.OVERRIDE_BEGUN: ("from", "to"),
}
_HASH_CHARS = 12
_PLACES = {
    "dashboard": "in the dashboard",
    "slack": "in Slack",
    "sandbox": "in the sandbox",
    "email": "by email",
    "pagerduty": "in PagerDuty",
    "jira": "in Jira",
    "stream": "in Stream",
    "api": "through the API",
    "cli": "on the command line",
}
_WANTED = {
    "hand_over": "hand it over",
    "take_over": "take it over",
    "false_alarm": "call it a false alarm",
    "escalate_now": "escalate it",
    "still_on_it": "stay on it",
    "reveal": "see the text",
    "note": "add a note",
}
_SOMEBODY, _UNKNOWN = "somebody", "unknown_person"
_OVER_LIMIT = "over_limit"
_REFUSED = {
    _UNKNOWN: "not in the policy",
    "role": "not allowed for this role",
    "restricted": "restricted to a few people",
    "not_yours": "somebody else owns it",
    "already_taken": "already acknowledged",
    "already_answered": "they have acknowledged it already",
    "one_more_needed": "one more acknowledgement needed",
    "resolved": "already resolved",
    "stale": "the message was out of date",
    "not_now": "not possible in this state",
    "merged": "merged into another incident",
    "of_a_group": "it is a group",
    "over_limit": "exposure limit reached",
}
"""Why an act was refused, where the word that the record holds does not say it by itself."""

STORY = frozenset(
    {
        Action.OPENED,
        Action.STEP_SILENCED,
        Action.DELIVERED,
        Action.DELIVERY_FAILED,
        Action.DELIVERY_LISTED,
        Action.ANSWERED,
        Action.ACKNOWLEDGED,
        Action.RELEASED,
        Action.SNOOZED,
        Action.HANDED_OVER,
        Action.TAKEN_OVER,
        Action.ESCALATED_NOW,
        Action.OVERDUE,
        Action.RESTARTED,
        Action.REOPENED,
        Action.REVIEW_NOTED,
    }
)
"""What a senior who is called in later needs to know."""


def place_words(via: str) -> str:
    """Return where somebody did something: `in Slack`."""
    return _PLACES.get(via, f"by {_spaced(via)}")


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def told(action: str, actor: str, reason: str, after: Mapping[str, str], policy: Policy) -> str:
    """Return what a record says, for people: who did it is called as everywhere else."""
    named = _named(action, {"actor": actor, "reason": reason, **after}, policy)
    if action == Action.OPENED and actor in policy.people:
        named["reason"] = called(actor, policy)
    if action == Action.REVEALED:
        named["line"] = _which_line(after, is_over=reason == _OVER_LIMIT)
    if action == Action.REFUSED:
        named |= _refused(named["actor"], reason, after.get("verb", ""))
    if action == Action.EXPORTED:
        named["what"] = f"audit records as {after['form']}" if "form" in after else "the incident"
    if "outcome" in named:
        named["outcome"] = _spaced(named["outcome"])
    sentence = _SAID[Action(action)] if action in set(_SAID) else _spaced(action)
    said = sentence.format_map(_Blank(named))
    return said if actor in policy.people else said[:1].upper() + said[1:]


def _which_line(after: Mapping[str, str], *, is_over: bool) -> str:
    line = f", line {after['line']} of {after['of']}" if "line" in after else ""
    return f"{line}, after the exposure limit was reached" if is_over else line


def _named(action: str, values: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """Return what a record holds as people say it."""
    named = {name: called(value, policy) if name in _PEOPLE else value for name, value in values.items()}
    named |= {name: _when(named[name], policy) for name in _INSTANTS.get(action, ()) if name in named}
    if "people" in named:
        named["people"] = ", ".join(called(one, policy) for one in named["people"].split(",") if one) or "nobody"
    if "sha256" in named:
        named["sha256"] = named["sha256"][:_HASH_CHARS]
    if "destination" in named:
        named["destination"] = _destination(named["destination"], policy)
    return named


def _refused(who: str, reason: str, verb: str) -> dict[str, str]:
    """Return who wanted what and why not. Whom the policy does not know has no name that says anything."""
    return {
        "actor": _SOMEBODY if reason == _UNKNOWN else who,
        "reason": _REFUSED.get(reason, _spaced(reason)),
        "verb": _WANTED.get(verb, _spaced(verb)) or "answer",
    }


def _spaced(key: str) -> str:
    return key.replace(".", " ").replace("_", " ")


def _when(written: str, policy: Policy) -> str:
    local = datetime.fromisoformat(written).astimezone(policy.timezone)
    return f"{local.day} {local:%b %H:%M}"


def _destination(key: str, policy: Policy) -> str:
    person = key.removeprefix("person:")
    return policy.people[person].name if key != person and person in policy.people else key
