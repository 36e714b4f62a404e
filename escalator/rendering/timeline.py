"""Records of the audit log in words, for timelines. Keys become names; there is no content."""

from collections.abc import Mapping
from datetime import datetime

from escalator.model.audit import AuditAction
from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Policy
from escalator.rendering import push_text
from escalator.rendering.stream_actions import part_done_words, part_name, why_not_done
from escalator.rendering.view import display_name

_SAID = {
    AuditAction.OPENED: "Opened by {reason}",
    AuditAction.EVENT_JOINED: "Another event: {reason}",
    AuditAction.RECOVERED: "Recovered from Stream's queue: its webhook never came",
    AuditAction.STREAM_ASKED: "Before the deadline, {asked}",
    AuditAction.NOT_IN_QUEUE: "Stream's queue does not show the item (any more); the incident stays open",
    AuditAction.CHANGED: "Now {severity}, {category}",
    AuditAction.MOVED: "Moved to route {route}",
    AuditAction.ROUND_STARTED: "Round {round}: route {route}, path {path}",
    AuditAction.MERGED: "Merged {merged}{into}",
    AuditAction.ACKNOWLEDGED: "Acknowledged by {actor}",
    AuditAction.ANSWERED: "Acknowledged by {actor}: {given} of {needed}",
    AuditAction.RELEASED: "Released by {actor}",
    AuditAction.RESOLVED: "Resolved by {actor}: {outcome}",
    AuditAction.SNOOZED: "Snoozed by {actor} for {minutes} min",
    AuditAction.SNOOZE_ENDED: "The snooze ended",
    AuditAction.GROUPED: "Added to a group",
    AuditAction.GROUP_OPENED: "Group opened with {members} alerts",
    AuditAction.LEFT_GROUP: "Removed from its group",
    AuditAction.HANDED_OVER: "Handed over by {actor} to {to}",
    AuditAction.TAKEN_OVER: "Taken over by {actor} from {owner}",
    AuditAction.ESCALATED_NOW: "Escalated by {actor}",
    AuditAction.STILL_ON_IT: "{actor} is still on it",
    AuditAction.REVEALED: "{what} revealed by {actor}{line}",
    AuditAction.REOPENED: "Reopened: {reason}",
    AuditAction.NOTED: "Note by {actor}",
    AuditAction.STREAM_ACTION_PROPOSED: "{actor} asked for {name}: a second person has to approve it",
    AuditAction.STREAM_ACTION_APPROVED: "{actor} approved {name}, which {person} asked for",
    AuditAction.STREAM_ACTION_REQUESTED: "{actor} asked for {name}",
    AuditAction.STREAM_PART_DONE: "{part_done} for {actor}",
    AuditAction.STREAM_ACTION_DONE: "{name} is done for {actor}",
    AuditAction.STREAM_ACTION_FAILED: "{part_name} for {actor} failed ({why})",
    AuditAction.STREAM_ACTION_ENDED: "{name}, which {person} asked for, was not approved: {why}",
    AuditAction.STREAM_CONFIRMED: "Stream confirmed our action",
    AuditAction.STREAM_TOLD: "Escalated in Stream",
    AuditAction.STREAM_NOT_TOLD: "Not escalated in Stream: {why}",
    AuditAction.REVIEW_NOTED: "Reviewed in Stream by {by}: {reason}",
    AuditAction.VENDOR_NOTED: "In {vendor}: {reason}",
    AuditAction.REMINDED: "{owner} was reminded",
    AuditAction.OVERDUE: "Not resolved in time",
    AuditAction.RESTARTED: "Not acknowledged: restarted from step 1",
    AuditAction.AUTOMATION_STOPPED: "Automation stopped after {rounds} rounds in an hour",
    AuditAction.DEADLINE_PARKED: "A deadline failed and is parked: {reason}",
    AuditAction.REFUSED: "{actor} tried to {verb}: {reason}",
    AuditAction.REDACTED: "Content rule changed from {before} to {after} after {visible_s} s",
    AuditAction.CONTENT_PURGED: "Content deleted",
    AuditAction.HELD: "Hold set by {actor}: the content is kept until it is lifted",
    AuditAction.HOLD_LIFTED: "Hold lifted by {actor}",
    AuditAction.EVENT_READ: "Body of an unreadable request read by {actor}",
    AuditAction.STEP_FIRED: "Step {step}{repeat}: {told} notified",
    AuditAction.STEP_REACHED_NOBODY: "Step {step} reached nobody",
    AuditAction.STEP_SILENCED: "Step {step}{repeat}: silenced, nobody notified",
    AuditAction.STEP_FAILED: "Step {step}: every delivery failed",
    AuditAction.TARGET_MISSING: "{target} is no longer in the policy",
    AuditAction.NOBODY_ON_CALL: "Nobody is on call for {target}",
    AuditAction.NOT_ALLOWED: "Not sent to {target}: the category is restricted",
    AuditAction.EXPORTED: "{actor} exported {what}",
    AuditAction.DRILL_PASSED: "Drill passed: {by}, after {seconds} s",
    AuditAction.DRILL_FAILED: "Drill failed: {reason}",
    AuditAction.DELIVERED: "Sent to {destination}",
    AuditAction.DELIVERY_FAILED: "Not sent to {destination}, failed: {reason}",
    AuditAction.DELIVERY_LISTED: "Sent to {destination} in a bundle",
    AuditAction.DELIVERY_SUPPRESSED: "Not sent to {destination}: {reason}",
    AuditAction.DESTINATION_TESTED: "Test message to {destination}: {reason}",
    AuditAction.PERSON_LINKED: "{actor} linked {slack} in Slack",
    AuditAction.POLICY_ACTIVATED: "Policy {sha256} activated",
    AuditAction.POLICY_REFUSED: "Policy {sha256} refused, {problems} problems",
    AuditAction.SHIFT_CHANGED: "On call for {team}: {people}",
    AuditAction.SILENCE_BEGUN: "{actor} silenced {category}{route} until {ends_at}",
    AuditAction.SILENCE_ENDED: "The silence for {category}{route} ended",
    AuditAction.DRILL_STARTED: "{actor} started the drill {drill}",
    AuditAction.SIGNED_IN: "{actor} signed in",
    AuditAction.SIGNED_OUT: "{actor} signed out",
    AuditAction.INVITED: "{person} was invited by {actor}",
    AuditAction.OVERRIDE_BEGUN: "Override by {actor}: {person} on call on {schedule} from {from} to {to}",
    AuditAction.OVERRIDE_ENDED: "Override ended by {actor}: {person} on {schedule}",
    AuditAction.TOKEN_MADE: "{actor} created an API token for {person}: {scopes}",
    AuditAction.TOKEN_REVOKED: "{actor} revoked an API token of {person}",
    AuditAction.TROUBLE_FOUND: "Operator alert: {reason}",
    AuditAction.TROUBLE_ENDED: "Operator alert ended: {reason}",
}
_OUTCOMES: Mapping[str, str] = {outcome.value: words for outcome, words in push_text.OUTCOMES.items()}
_PEOPLE = frozenset({"actor", "to", "owner", "by", "person"})
_INSTANTS: Mapping[str, tuple[str, ...]] = {
    AuditAction.SILENCE_BEGUN: ("ends_at",),
    AuditAction.OVERRIDE_BEGUN: ("from", "to"),
}
_HASH_CHARS = 12
_PLACES = {
    "dashboard": "in the dashboard",
    "slack": "in Slack",
    "sandbox": "in the sandbox",
    **{kind.value: f"in {kind.about.title}" for kind in DestinationKind},
    "email": "by email",
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
    "stream_action": "act in Stream",
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
    "not_offered": "the policy does not offer it",
    "no_stream_id": "their id in Stream is not known",
    "already_requested": "an action was already under way",
    "already_done": "already done",
}
"""Why an action was refused, where the recorded word needs an explanation."""

_ASKED = {
    "unreviewed": "Stream was asked: still unreviewed",
    "reviewed": "Stream was asked: nothing new since its review",
    "changed": "Stream was asked: something had changed there",
    "not_shown": "Stream was asked: its queue does not show the item",
}
"""What Stream answered; any other word is why it could not be asked."""

STORY = frozenset(
    {
        AuditAction.OPENED,
        AuditAction.STEP_SILENCED,
        AuditAction.DELIVERED,
        AuditAction.DELIVERY_FAILED,
        AuditAction.DELIVERY_LISTED,
        AuditAction.ANSWERED,
        AuditAction.ACKNOWLEDGED,
        AuditAction.RELEASED,
        AuditAction.SNOOZED,
        AuditAction.HANDED_OVER,
        AuditAction.TAKEN_OVER,
        AuditAction.ESCALATED_NOW,
        AuditAction.OVERDUE,
        AuditAction.RESTARTED,
        AuditAction.REOPENED,
        AuditAction.REVIEW_NOTED,
        AuditAction.STREAM_PART_DONE,
        AuditAction.STREAM_ACTION_FAILED,
    }
)
"""The actions that a senior who joins later needs to know."""


def place_words(via: str) -> str:
    """Return where somebody did something: `in Slack`."""
    return _PLACES.get(via, f"by {_spaced(via)}")


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def record_words(action: str, actor: str, reason: str, after: Mapping[str, str], policy: Policy) -> str:
    """Return a record as a sentence, with the actor's usual name."""
    named = _named(action, {"actor": actor, "reason": reason, **after}, policy)
    if action == AuditAction.OPENED and actor in policy.people:
        named["reason"] = display_name(actor, policy)
    if action == AuditAction.REVEALED:
        named["what"] = "Picture" if "picture" in after else "Text"
        named["line"] = _which_line(after, is_over=reason == _OVER_LIMIT)
    if action == AuditAction.REFUSED:
        named |= _refused(named["actor"], reason, after.get("verb", ""))
    if action == AuditAction.STREAM_ASKED:
        named["asked"] = _ASKED.get(reason, f"Stream could not be asked: {_spaced(reason)}")
    if action == AuditAction.EXPORTED:
        named["what"] = f"audit records as {after['form']}" if "form" in after else "the incident"
    named |= _in_stream(reason, after, policy)
    if "outcome" in named:
        named["outcome"] = _OUTCOMES.get(named["outcome"], _spaced(named["outcome"]))
    if int(named.get("sending", 1)) > 1:
        named["repeat"] = f", repeat {int(named['sending']) - 1}"
    sentence = _SAID[AuditAction(action)] if action in set(_SAID) else _spaced(action)
    text = sentence.format_map(_Blank(named))
    return text if actor in policy.people else text[:1].upper() + text[1:]


def _in_stream(reason: str, after: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """Return what an action in Stream is called and did, and why it failed."""
    part, rule = after.get("part", ""), policy.actions.get(after.get("name", ""))
    parts = {"part_done": part_done_words(part), "part_name": part_name(part)} if part else {}
    return {"why": why_not_done(reason), **parts, **({"name": f"“{rule.label}”"} if rule else {})}


def _which_line(after: Mapping[str, str], *, is_over: bool) -> str:
    line = f", line {after['line']} of {after['of']}" if "line" in after else ""
    line = f", {after['picture']} of {after['of']}" if "picture" in after else line
    return f"{line}, after the exposure limit was reached" if is_over else line


def _named(action: str, values: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """Return the values of a record in words."""
    named = {name: display_name(value, policy) if name in _PEOPLE else value for name, value in values.items()}
    named |= {name: _when(named[name], policy) for name in _INSTANTS.get(action, ()) if name in named}
    if "people" in named:
        named["people"] = (
            ", ".join(display_name(person, policy) for person in named["people"].split(",") if person) or "nobody"
        )
    if "sha256" in named:
        named["sha256"] = named["sha256"][:_HASH_CHARS]
    if "destination" in named:
        named["destination"] = _destination(named["destination"], policy)
    return named


def _refused(who: str, reason: str, verb: str) -> dict[str, str]:
    """Return who wanted what and why it was refused. Somebody who is not in the policy has no name."""
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
