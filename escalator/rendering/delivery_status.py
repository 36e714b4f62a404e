"""What became of a notification, in words: whom it was for, and whether it got through."""

from datetime import timedelta

from escalator.model.destination_kind import DestinationKind
from escalator.model.message import FailureReason, Occasion
from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.rendering.view import spoken

_OCCASIONS = {
    Occasion.ONE_MORE: "asked for one more answer",
    Occasion.HAND_OVER: "told that it is theirs now",
    Occasion.REMIND: "reminded",
    Occasion.OVERDUE: "told that it was not resolved in time",
    Occasion.RESTART: "told that the path began again",
}

_SUPPRESSED = {
    "acknowledged": "somebody had answered",
    "resolved": "it was resolved",
    "superseded": "a new round had begun",
    "snoozed": "it was snoozed",
    "grouped": "a group tells of it",
    "merged": "it goes on in another incident",
    "mode": "the mode is milder now",
}
_FAILED = {
    FailureReason.BAD_TARGET: "no such address",
    FailureReason.BAD_CREDENTIALS: "our credentials were refused",
    FailureReason.NOT_CONFIGURED: "it is not configured",
    FailureReason.RATE_LIMITED: "too many messages",
    FailureReason.PACED: "too many messages",
    FailureReason.VENDOR_ERROR: "the other side failed",
    FailureReason.NO_CONTACT: "there is no address",
}


def recipient_words(destination: str, channel: DestinationKind, policy: Policy) -> str:
    """Return `Ana Ruiz by email`, `critical-alerts (Slack)`."""
    key = destination.removeprefix("person:")
    if key == destination:
        return f"{destination} ({channel.about.title})"
    name = policy.people[key].name if key in policy.people else key
    return f"{name} by {channel.about.title}"


def occasion_words(occasion: Occasion, *, is_copy: bool) -> str:
    """Return what somebody is told besides the steps of a path; nothing for a step."""
    return "a copy for a machine" if is_copy else _OCCASIONS.get(occasion, "")


def fate_words(state: str, reason: str | None, took: timedelta | None, attempts: int) -> str:
    """Return `sent after 0.4 s`, `failed after 3 tries: no such address`, `not sent: somebody had answered`."""
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
            return "told on a list"
        case "sending":
            return "on its way"
        case _:
            return f"waits to be sent{f', tried {attempts} times' if attempts > 1 else ''}{why}"


def _short(took: timedelta) -> str:
    seconds = took.total_seconds()
    return f"{seconds:.1f} s" if seconds < 10 else words(took)


def _why(reason: str) -> str:
    word = reason.partition(":")[0].strip()
    if word in _SUPPRESSED:
        return _SUPPRESSED[word]
    return _FAILED.get(FailureReason(word), spoken(word)) if word in set(FailureReason) else spoken(reason)
