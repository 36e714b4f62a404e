"""What a mail says, before it is plain text or HTML: a full message, or one short word of what became of it."""

from dataclasses import dataclass

from escalator.channels.contract import Notification
from escalator.model.message import Line, Link

WHY = "Sent by Escalator because the escalation policy names this address. Replies are not read."
ALONE = "The links in this email are for you only: do not forward it."


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail. `lead` is what is new and is read first; `answer` is where the reader may answer."""

    lead: str
    heading: str
    lines: tuple[Line, ...]
    answer: Link | None
    small: tuple[str, ...]


def full(one: Notification) -> Letter:
    """Return all that may be said by mail. What a user wrote is not: mail never gets more than `hide` (RULES 5)."""
    card = one.card
    return Letter(
        lead=card.text,
        heading="" if card.header in card.text else card.header,
        lines=tuple(line for line in card.lines if line != (card.text,)),
        answer=one.answer,
        small=(WHY,) if one.answer is None else (ALONE, WHY),
    )


def follow_up(one: Notification) -> Letter:
    """Return what became of what this reader was asked."""
    said = f"{one.standing.headline}: no further action is needed." if one.standing else ""
    return Letter(lead=one.card.text, heading="", lines=((said,),), answer=None, small=(WHY,))
