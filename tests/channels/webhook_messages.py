"""What the tests of webhooks let a receiver be told."""

from dataclasses import replace

from escalator.channels.contract import Notification
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Outcome, State
from escalator.model.message import MessageContext, Occasion
from escalator.rendering.card import alarm, card, standing
from tests.doubles.webhook import SECRET
from tests.rendering.builders import INCIDENT_ID, NOW, TAKEN, a_view

KEY, PLACE = "0198c7a0-0000-7000-8000-0000000000b1", "0198c7a0-0000-7000-8000-0000000000aa"

RESOLVED = {**TAKEN, "state": State.RESOLVED, "outcome": Outcome.NO_VIOLATION, "closed_by": "ana", "closed_at": NOW}


def say(double, *, ref=None, options=None, key=KEY, now=NOW, **how):
    view = a_view(channel=DestinationKind.WEBHOOK, now=now, **how)
    return Notification(
        context=MessageContext(INCIDENT_ID, 1042, "bi-feed"),
        address=double.url,
        card=card(view),
        occasion=view.occasion,
        key=key,
        place=PLACE,
        at=now,
        standing=standing(view),
        ref=ref,
        options={"secret": SECRET} if options is None else options,
    )


def notice(double, occasion=Occasion.ALARM, text="Escalator needs attention: destination", details=("ts-pager",)):
    one = say(double, occasion=occasion)
    return replace(one, standing=None, card=alarm(text, details))
