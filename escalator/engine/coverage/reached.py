"""Which of those who are told hear it: a message to somebody outside their hours reaches nobody.

Whoever may not acknowledge it is told besides, and is nobody here.
"""

from collections.abc import Iterable
from datetime import datetime

from escalator.engine.coverage.values import Listener
from escalator.engine.incident_change import NotificationRequest
from escalator.engine.targets import Recipient
from escalator.model.kind_description import Attention
from escalator.model.policy import Policy
from escalator.schedules.hours import is_open


def listeners_reached(notices: Iterable[NotificationRequest], policy: Policy, at: datetime) -> tuple[Listener, ...]:
    """Return who hears of what is sent at that instant, each once, in the order in which they are told.

    A destination's fallback is for failures, and counts for nothing here.
    """
    heard = (_heard(notice.recipient, policy, at) for notice in notices)
    return unique_listeners(one for one in heard if one is not None)


def unique_listeners(heard: Iterable[Listener]) -> tuple[Listener, ...]:
    """Return everybody once, as they heard first."""
    found: dict[str, Listener] = {}
    for one in heard:
        found.setdefault(one.who, one)
    return tuple(found.values())


def _heard(recipient: Recipient, policy: Policy, at: datetime) -> Listener | None:
    is_person = recipient.person is not None
    is_heard = _person_hears(recipient, policy, at) if is_person else _place_is_watched(recipient, policy)
    who = recipient.person or recipient.destination
    return Listener(who, recipient.kind, recipient.target, is_person) if is_heard else None


def _person_hears(recipient: Recipient, policy: Policy, at: datetime) -> bool:
    """Whether they may acknowledge, have an address, and listen: a pager wakes them, all else within their hours."""
    if not recipient.may_acknowledge:
        return False
    if not recipient.address or recipient.kind.about.attention is Attention.ALWAYS:
        return bool(recipient.address)
    own = policy.hours.get(policy.people[recipient.person or ""].hours or "")
    return own is None or is_open(own, at)


def _place_is_watched(recipient: Recipient, policy: Policy) -> bool:
    """Whether it is a pager, or a channel or a list of which the policy says that it is urgent."""
    attention = recipient.kind.about.attention
    if attention is Attention.IF_URGENT:
        return policy.destinations[recipient.destination].urgent
    return attention is Attention.ALWAYS
