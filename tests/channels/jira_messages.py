"""What the tests of Jira let it be told."""

from escalator.channels.contract import Notification
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Outcome, State
from escalator.model.message import MessageContext, Occasion
from escalator.rendering.card import card, standing
from escalator.rendering.redaction import names_by_key
from tests.doubles.jira import (
    ISSUE_TYPE,
    PROJECT,
)
from tests.rendering.builders import NOW, a_policy, a_view

PLACE = "0198c7a0-0000-7000-8000-0000000000aa"

RESOLVED = {
    "state": State.RESOLVED,
    "outcome": Outcome.ACTION_TAKEN,
    "closed_by": "ana",
    "closed_at": NOW,
    "due_kind": None,
    "due_at": None,
}


def say(ref=None, *, key="key-1", occasion=Occasion.STEP, now=NOW, **incident):
    """A notification about `an_incident`, as the services make it for Jira."""
    running = names_by_key(a_policy())
    view = a_view(channel=DestinationKind.JIRA, occasion=occasion, now=now, running=running, **incident)
    return Notification(
        context=MessageContext(None, 1042, "ts-board"),
        address=PROJECT,
        card=card(view),
        occasion=occasion,
        key=key,
        place=PLACE,
        at=now,
        standing=standing(view),
        ref=ref,
        options={"issue_type": ISSUE_TYPE},
    )
