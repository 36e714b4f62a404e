"""Which recipients a message reaches: one sent to a person outside their hours reaches nobody.

Recipients who may not acknowledge do not count.
"""

from collections.abc import Iterable
from datetime import datetime

from escalator.engine.coverage.values import ReachedRecipient
from escalator.engine.incident_change import NotificationRequest
from escalator.engine.targets import Recipient
from escalator.model.kind_description import Attention
from escalator.model.policy import Policy
from escalator.schedules.hours import is_open


def reached_recipients(
    notices: Iterable[NotificationRequest], policy: Policy, at: datetime
) -> tuple[ReachedRecipient, ...]:
    """Return who is reached by what is sent at that instant, each once, in the order of the notices.

    A destination's fallback is for failures and does not count.
    """
    reached = (_reached_recipient(notice.recipient, policy, at) for notice in notices)
    return unique_recipients(recipient for recipient in reached if recipient is not None)


def unique_recipients(recipients: Iterable[ReachedRecipient]) -> tuple[ReachedRecipient, ...]:
    """Return each recipient once, in the order in which they were first reached."""
    unique: dict[str, ReachedRecipient] = {}
    for recipient in recipients:
        unique.setdefault(recipient.who, recipient)
    return tuple(unique.values())


def _reached_recipient(recipient: Recipient, policy: Policy, at: datetime) -> ReachedRecipient | None:
    is_person = recipient.person is not None
    is_reached = _is_person_reached(recipient, policy, at) if is_person else _is_place_watched(recipient, policy)
    who = recipient.person or recipient.destination
    return ReachedRecipient(who, recipient.kind, recipient.target, is_person) if is_reached else None


def _is_person_reached(recipient: Recipient, policy: Policy, at: datetime) -> bool:
    """Whether they may acknowledge, have an address, and notice it: a pager always, all else within their hours."""
    if not recipient.may_acknowledge:
        return False
    if not recipient.address or recipient.kind.about.attention is Attention.ALWAYS:
        return bool(recipient.address)
    hours = policy.hours.get(policy.people[recipient.person or ""].hours or "")
    return hours is None or is_open(hours, at)


def _is_place_watched(recipient: Recipient, policy: Policy) -> bool:
    """Whether it is a pager, or a channel or mailing list that the policy marks as urgent."""
    attention = recipient.kind.about.attention
    if attention is Attention.IF_URGENT:
        return policy.destinations[recipient.destination].urgent
    return attention is Attention.ALWAYS
