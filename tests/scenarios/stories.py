"""How scenarios begin: the samples they are about, the words they expect, and a page that has just gone out."""

from tests.doubles.slack_state import Message
from tests.scenarios.harness import Harness

SELF_HARM = "review_queue_item.new__text_self_harm_critical"
REVIEWED = "review_queue_item.updated__mark_reviewed"
TITLE = "CRITICAL · Self-harm"
PAGE = f"{TITLE} · acknowledge within 5 min · #1001"
TRIGGERED = ["Acknowledge", "Reveal", "Escalate now", "Snooze 15 min"]
TAKEN = ["Resolve", "False alarm", "Hand over", "Release", "Reveal", "Note", "Escalate now"]

Messages = tuple[Message, Message, Message]


def nobody(minutes: int) -> str:
    return f"Nobody answered for {minutes} min: {TITLE} is now with you · #1001"


def still(waited: str) -> str:
    return f"Still unanswered after {waited}: {TITLE} is now with you · #1001"


def paged(h: Harness) -> Messages:
    """A goodbye note has come, and its first step has told the channel, Ana and Ben."""
    h.post(SELF_HARM)
    return h.expect_message("#critical-alerts", PAGE), h.expect_dm("ana", PAGE), h.expect_dm("ben", PAGE)


def taken_by_ana(h: Harness) -> Messages:
    """The same, and Ana has acknowledged it after 57 s."""
    messages = paged(h)
    h.fast_forward(seconds=57)
    h.click("ana", "Acknowledge", on=messages[1])
    h.expect_updates(*messages, text="#1001 taken by Ana Ruiz after 57 s")
    return messages


def labelled(label: str, severity: str = "critical", number: int = 90) -> dict[str, object]:
    """Return the changes that give the self-harm sample another label and severity."""
    flag = {
        "type": "bodyguard",
        "user_id": "",
        "labels": [label],
        "reason": "",
        "result": [{"label": label, "severity": severity}],
        "created_at": "2026-08-20T14:03:07.123456Z",
    }
    item = {"severity": number, "ai_text_severity": severity, "flags": [flag]}
    return {"review_queue_item": item, "flags": [flag]}
