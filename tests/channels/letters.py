"""Notifications for the tests of mail: what is not said is ordinary."""

from dataclasses import replace

from escalator.channels.contract import Notification
from escalator.channels.email.addresses import address, sender
from escalator.channels.email.composing import compose
from escalator.channels.email.letter import full
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Link, MessageContext, Occasion
from escalator.rendering.card import card, standing
from tests.rendering.builders import INCIDENT_ID, NOW, a_view

MAIL_FROM = "Escalator <alerts@example.com>"
RECIPIENT = "leads@example.org"
KEY = "0198c7a0-0000-7000-8000-0000000000b1"
PLACE = "0198c7a0-0000-7000-8000-0000000000aa"
ANSWER = Link("Acknowledge #1042", "https://escalator.example.com/answer/abc")


def a_note(*, now=NOW, occasion=Occasion.STEP, view=None, person=None, **changes):
    shown = a_view(channel=DestinationKind.EMAIL, occasion=occasion, now=now, **(view or {}))
    note = Notification(
        context=MessageContext(INCIDENT_ID, 1042, "ts-leads", person),
        address=RECIPIENT,
        card=card(shown),
        occasion=occasion,
        key=KEY,
        place=PLACE,
        at=now,
        standing=standing(shown),
        answer=ANSWER,
    )
    return replace(note, **changes)


def a_mail():
    return compose(
        full(a_note()),
        sender=sender(MAIL_FROM),
        recipient=address(RECIPIENT),
        subject="CRITICAL · Self-harm",
        id_="<1@example.com>",
        thread=(),
        at=NOW,
    )
