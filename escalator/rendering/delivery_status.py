"""The status of a notification in words: its recipient, and whether it was sent."""

from datetime import timedelta

from escalator.model.destination_kind import DestinationKind
from escalator.model.message import FailureReason, Occasion
from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.rendering.view import spoken

_OCCASIONS = {
    Occasion.ONE_MORE: "one more acknowledgement needed",
    Occasion.HAND_OVER: "handover",
    Occasion.REMIND: "reminder",
    Occasion.ACTION_FAILED: "action in Stream failed",
    Occasion.OVERDUE: "not resolved in time",
    Occasion.RESTART: "path restarted",
}

_SUPPRESSED = {
    "acknowledged": "already acknowledged",
    "resolved": "already resolved",
    "superseded": "a new round had started",
    "snoozed": "snoozed",
    "grouped": "sent as part of a group",
    "merged": "merged into another incident",
    "mode": "not allowed in the current mode",
}
_FAILED = {
    FailureReason.BAD_TARGET: "the address does not exist",
    FailureReason.BAD_CREDENTIALS: "credentials refused",
    FailureReason.NOT_CONFIGURED: "not configured",
    FailureReason.RATE_LIMITED: "rate limited",
    FailureReason.PACED: "rate limited",
    FailureReason.VENDOR_ERROR: "error at the vendor",
    FailureReason.NO_CONTACT: "no address",
}


def recipient_words(destination: str, channel: DestinationKind, policy: Policy) -> str:
    """Return `Ana Ruiz by email`, `critical-alerts (Slack)`."""
    key = destination.removeprefix("person:")
    if key == destination:
        return f"{destination} ({channel.about.title})"
    name = policy.people[key].name if key in policy.people else key
    return f"{name} by {channel.about.title}"


def occasion_words(occasion: Occasion, *, is_copy: bool) -> str:
    """Return the occasion in words; empty for a step of a path."""
    return "copy for a feed" if is_copy else _OCCASIONS.get(occasion, "")


def fate_words(state: str, reason: str | None, took: timedelta | None, attempts: int) -> str:
    """Return `sent after 0.4 s`, `failed after 3 tries: no address`, `not sent: already acknowledged`."""
    tries = f" after {attempts} tries" if attempts > 1 else ""
    why = f": {_why(reason)}" if reason else ""
    match state:
        case "delivered":
            return f"sent after {_short(took)}{f', {attempts} tries' if attempts > 1 else ''}" if took else "sent"
        case "failed":
            return f"failed{tries}{why}"
        case "suppressed":
            return f"not sent{why}"
        case "listed":
            return "sent in a bundle"
        case "sending":
            return "being sent"
        case _:
            return f"waiting to be sent{f', tried {attempts} times' if attempts > 1 else ''}{why}"


def _short(took: timedelta) -> str:
    seconds = took.total_seconds()
    return f"{seconds:.1f} s" if seconds < 10 else words(took)


def _why(reason: str) -> str:
    word = reason.partition(":")[0].strip()
    if word in _SUPPRESSED:
        return _SUPPRESSED[word]
    return _FAILED.get(FailureReason(word), spoken(word)) if word in set(FailureReason) else spoken(reason)
