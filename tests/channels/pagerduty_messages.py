"""What the tests of PagerDuty let it be told."""

from escalator.channels.contract import Notification
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Outcome, State
from escalator.model.message import MessageContext, Occasion
from escalator.rendering.card import alarm, card, standing
from tests.rendering.builders import INCIDENT_ID, NOW, a_view

CONTEXT = MessageContext(INCIDENT_ID, 1042, "ts-pager")

PLACE = "0198c7a0-0000-7000-8000-0000000000aa"

KEY = f"escalator-{INCIDENT_ID}-1-{PLACE}"

OVER = {"state": State.RESOLVED, "outcome": Outcome.NO_VIOLATION, "closed_by": "ana", "closed_at": NOW}

QUIET = {"due_kind": None, "due_at": None}


def say(pagerduty, ref=None, occasion=Occasion.STEP, now=NOW, context=CONTEXT, **how):
    view = a_view(channel=DestinationKind.PAGERDUTY, occasion=occasion, now=now, **how)
    return Notification(
        context, pagerduty.routing_key, card(view), occasion, "a-key", PLACE, now, standing=standing(view), ref=ref
    )


def notice(pagerduty, occasion=Occasion.ALARM, key="a-key", said=None):
    said = said or alarm("Escalator needs attention", ("ts-leads cannot be told",))
    return Notification(MessageContext(None, None, "ts-pager"), pagerduty.routing_key, said, occasion, key, PLACE, NOW)
