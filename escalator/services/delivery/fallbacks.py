"""Fallbacks: deliveries that replace one that does not arrive, created once for each."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from uuid6 import uuid7

from escalator.engine.operator_alerts import SuspectedChannels, alternative_recipients
from escalator.engine.targets import Recipient, destination_recipients, person_recipient
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.services.core.contacts import delivery_address
from escalator.services.core.transaction_context import TransactionContext
from escalator.store import deliveries
from escalator.store.deliveries import Delivery, DeliveryKind, DeliveryState


def create_fallbacks(context: TransactionContext, failing: Sequence[Delivery], suspects: SuspectedChannels) -> int:
    """Create the fallback of each of these deliveries, unless it has one; return how many were created.

    They have as much time as the replaced one had: that may have expired.
    """
    known = deliveries.with_fallback(context.connection, [delivery.id for delivery in failing])
    count = 0
    for delivery in failing:
        if delivery.id in known:
            continue
        until = context.now + (delivery.expires_at - delivery.created_at)
        instead = _instead_of(context, delivery, suspects)
        deliveries.insert(context.connection, [replace(new, expires_at=until) for new in instead])
        count += len(instead)
    return count


def has_fallback(context: TransactionContext, delivery: Delivery) -> bool:
    """Whether a delivery whose endpoint hangs, or must wait, has a fallback that would be notified."""
    suspects = SuspectedChannels(frozenset({delivery.channel}), frozenset({delivery.endpoint}))
    return bool(_instead_of(context, delivery, suspects))


def _instead_of(context: TransactionContext, delivery: Delivery, suspects: SuspectedChannels) -> list[Delivery]:
    if delivery.kind is DeliveryKind.ALARM:
        return _of_alarm(context, delivery, suspects)
    return _fallback(context, delivery)


def _fallback(context: TransactionContext, failed: Delivery) -> list[Delivery]:
    """Return the deliveries that replace one that does not arrive; maybe none."""
    if failed.mode is Mode.DIVERT or failed.kind is DeliveryKind.COPY:
        return []
    instead = _next_contact(failed, context.policy) if failed.person else _fallback_destination(failed, context.policy)
    return list(_in_place_of(context, failed, instead))


def _in_place_of(context: TransactionContext, failed: Delivery, instead: Iterable[Recipient]) -> Iterable[Delivery]:
    return (
        replace(
            failed,
            id=uuid7(),
            destination=recipient.destination,
            address=delivery_address(recipient, context.core.settings.environment),
            channel=recipient.kind,
            endpoint=recipient.endpoint,
            created_at=context.now,
            next_attempt_at=context.now,
            attempts=0,
            claim_number=0,
            claimed_by=None,
            claimed_at=None,
            state=DeliveryState.PENDING,
            fallback_of=failed.id,
        )
        for recipient in instead
    )


def _next_contact(failed: Delivery, policy: Policy) -> tuple[Recipient, ...]:
    person = policy.people.get(failed.person or "")
    if person is None or failed.channel not in person.contact:
        return ()
    later = person.contact[person.contact.index(failed.channel) + 1 :]
    addresses = ((kind, address) for kind in later if (address := person.address_of(kind)))
    contacts = (person_recipient(person, kind, address, policy) for kind, address in addresses)
    return tuple(replace(contact, target=failed.target) for contact in contacts)[:1]


def _fallback_destination(failed: Delivery, policy: Policy) -> tuple[Recipient, ...]:
    destination = policy.destinations.get(failed.destination)
    if destination is None or destination.fallback is None:
        return ()
    return tuple(
        replace(recipient, target=failed.target)
        for recipient in destination_recipients((destination.fallback,), policy)
    )


def _of_alarm(context: TransactionContext, failed: Delivery, suspects: SuspectedChannels) -> list[Delivery]:
    """Return the deliveries that replace an operator alert: it must arrive somewhere.

    That is its fallback. Without one, it is anybody reachable by a channel that is not suspected, unless another
    delivery of this alert arrived or may arrive by one. No address gets an alert twice.
    """
    alert_deliveries = (
        deliveries.of_operator_alert(context.connection, failed.operator_alert_id)
        if failed.operator_alert_id
        else [failed]
    )
    known = {(recipient.channel, recipient.address) for recipient in alert_deliveries}
    fallbacks = [
        fallback for fallback in _fallback(context, failed) if (fallback.channel, fallback.address) not in known
    ]
    cut_off = suspects | SuspectedChannels(endpoints=frozenset({failed.endpoint}))
    sent = [(recipient.state, _recipient(recipient)) for recipient in alert_deliveries]
    if fallbacks or any(_arrives(state, recipient, cut_off) for state, recipient in sent):
        return fallbacks
    others = _in_place_of(
        context, failed, alternative_recipients([recipient for _, recipient in sent], context.policy, cut_off)
    )
    return [other for other in others if (other.channel, other.address) not in known]


def _recipient(delivery: Delivery) -> Recipient:
    return Recipient(
        delivery.target, delivery.destination, delivery.channel, delivery.address, delivery.endpoint, delivery.person
    )


def _arrives(state: DeliveryState, to: Recipient, cut_off: SuspectedChannels) -> bool:
    """Whether an alert arrived, or may by a channel not suspected."""
    is_under_way = state in {DeliveryState.PENDING, DeliveryState.SENDING}
    return state is DeliveryState.DELIVERED or (is_under_way and not cut_off.contains(to))
