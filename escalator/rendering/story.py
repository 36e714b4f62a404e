"""A record of the audit trail in words, for the story so far and the timeline. Keys become names, never content."""

from collections.abc import Mapping

from escalator.model.policy import Policy
from escalator.model.records import Action

_SAID = {
    Action.OPENED: "Opened by {reason}",
    Action.EVENT_JOINED: "Another event: {reason}",
    Action.CHANGED: "Now {severity}, {category}",
    Action.MOVED: "Moved to route {route}",
    Action.ROUND_STARTED: "Round {round}: route {route}, path {path}",
    Action.MERGED: "Merged {merged}{into}",
    Action.ACKNOWLEDGED: "Acknowledged by {actor}",
    Action.ANSWERED: "{actor} answered: {given} of {needed}",
    Action.RELEASED: "Released by {actor}",
    Action.RESOLVED: "Resolved by {actor}: {outcome}",
    Action.SNOOZED: "Snoozed by {actor} for {minutes} min",
    Action.SNOOZE_ENDED: "The snooze ended",
    Action.HANDED_OVER: "Handed over by {actor} to {to}",
    Action.ESCALATED_NOW: "Escalated by {actor}",
    Action.STILL_ON_IT: "{actor} is still on it",
    Action.REVEALED: "Text revealed by {actor}",
    Action.REOPENED: "Reopened: {reason}",
    Action.NOTED: "Note by {actor}",
    Action.REVIEW_NOTED: "Reviewed in Stream by {by}: {reason}",
    Action.VENDOR_NOTED: "At {vendor}: {reason}",
    Action.REMINDED: "{owner} was reminded",
    Action.OVERDUE: "Not resolved in time",
    Action.RESTARTED: "Nobody answered: from the top",
    Action.AUTOMATION_STOPPED: "Automation stopped after {rounds} rounds in an hour",
    Action.DEADLINE_PARKED: "The deadline could not be fired: {reason}",
    Action.REDACTED: "Content rule now {after}, was {before} for {visible_s} s",
    Action.CONTENT_PURGED: "Content deleted",
    Action.STEP_FIRED: "Step {step}, send {sending}: {told} told",
    Action.STEP_REACHED_NOBODY: "Step {step} reached nobody",
    Action.STEP_FAILED: "Step {step}: every delivery failed",
    Action.TARGET_MISSING: "{target} means nobody any more",
    Action.DELIVERED: "Told {destination}",
    Action.DELIVERY_FAILED: "Could not tell {destination}: {reason}",
}
_PEOPLE = frozenset({"actor", "to", "owner", "by"})

STORY = frozenset(
    {
        Action.OPENED,
        Action.DELIVERED,
        Action.DELIVERY_FAILED,
        Action.ANSWERED,
        Action.ACKNOWLEDGED,
        Action.RELEASED,
        Action.SNOOZED,
        Action.HANDED_OVER,
        Action.ESCALATED_NOW,
        Action.OVERDUE,
        Action.RESTARTED,
        Action.REOPENED,
        Action.REVIEW_NOTED,
    }
)
"""What a senior who is called in later needs to know."""


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def told(action: str, actor: str, reason: str, after: Mapping[str, str], policy: Policy) -> str:
    """Return what a record says, for people."""
    values = {"actor": actor, "reason": reason, **after}
    named = {
        name: policy.people[value].name if name in _PEOPLE and value in policy.people else value
        for name, value in values.items()
    }
    if action == Action.OPENED and actor in policy.people:
        named["reason"] = policy.people[actor].name
    if "destination" in named:
        named["destination"] = _destination(named["destination"], policy)
    sentence = _SAID[Action(action)] if action in set(_SAID) else action.replace(".", " ").replace("_", " ")
    return sentence.format_map(_Blank(named))


def _destination(key: str, policy: Policy) -> str:
    person = key.removeprefix("person:")
    return policy.people[person].name if key != person and person in policy.people else key
