"""The content of an email before it is plain text or HTML: a full message, or a short follow-up."""

from dataclasses import dataclass

from escalator.channels.contract import Notification
from escalator.model.message import Line, Link

WHY = "Sent by Escalator because the escalation policy names this address. Replies are not read."
ALONE = "The links in this email are for you only: do not forward it."


@dataclass(frozen=True, slots=True)
class Letter:
    """An email. `lead` is new and is read first; `answer` is the link by which the reader may answer."""

    lead: str
    heading: str
    lines: tuple[Line, ...]
    answer: Link | None
    small: tuple[str, ...]


def full(notification: Notification) -> Letter:
    """Return the full message, never with what a user wrote: email never gets more than `hide` (RULES 5)."""
    card = notification.card
    return Letter(
        lead=card.text,
        heading="" if card.header in card.text else card.header,
        lines=tuple(line for line in card.lines if line != (card.text,)),
        answer=notification.answer,
        small=(WHY,) if notification.answer is None else (ALONE, WHY),
    )


def follow_up(notification: Notification) -> Letter:
    """Return the follow-up for somebody who was notified before."""
    text = f"{notification.standing.headline}: no further action is needed." if notification.standing else ""
    return Letter(lead=notification.card.text, heading="", lines=((text,),), answer=None, small=(WHY,))
