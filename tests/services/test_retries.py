"""When what has failed is tried again: pages soon, copies over days, never all at once; the vendor's word rules."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Failed, FailureReason, Occasion
from escalator.services.delivery.retry import is_permanent_failure, retry_at
from escalator.store.deliveries import Delivery, DeliveryKind
from escalator.store.posted_messages import PostedMessage
from tests.fakes import START

DOWN = Failed(FailureReason.VENDOR_ERROR, "http_503")
HOUR = 3600


def a_delivery(kind: DeliveryKind = DeliveryKind.PAGE, attempts: int = 0, hours: int = 2, number: int = 1) -> Delivery:
    return Delivery(
        id=UUID(int=number),
        kind=kind,
        occasion=Occasion.STEP,
        target="hook",
        destination="hook",
        endpoint="hook",
        address="${HOOK}",
        channel=DestinationKind.WEBHOOK,
        mode=Mode.PRODUCTION,
        urgency=1,
        created_at=START,
        next_attempt_at=START,
        expires_at=START + timedelta(hours=hours),
        attempts=attempts,
    )


def a_post(channel: DestinationKind, attempts: int) -> PostedMessage:
    return PostedMessage(
        id=UUID(int=1),
        incident_id=UUID(int=2),
        destination="hook",
        endpoint="hook",
        address="${HOOK}",
        slot=0,
        mode=Mode.PRODUCTION,
        channel=channel,
        person=None,
        vendor_ref="msg_1",
        wanted_revision=2,
        shown_revision=1,
        claim_number=1,
        attempts=attempts,
    )


def wait_s(one: Delivery | PostedMessage, failed: Failed = DOWN) -> float:
    return (retry_at(one, failed, START) - START).total_seconds()


@pytest.mark.parametrize(
    ("waits", "one"),
    [
        pytest.param((1, 2, 4, 8, 15, 30, 60, 60, 60), a_delivery(), id="a page"),
        pytest.param(
            (5, 30, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR), a_delivery(DeliveryKind.COPY), id="a copy"
        ),
        pytest.param((1, 2, 4, 8, 15, 30, 60, 60), a_post(DestinationKind.SLACK, 0), id="what people see"),
        pytest.param((5, 30, 300, 1800, 1800, 1800), a_post(DestinationKind.WEBHOOK, 0), id="what a machine is shown"),
    ],
)
def test_each_wait_is_longer_by_a_tenth_more_or_less(waits: tuple[int, ...], one: Delivery | PostedMessage) -> None:
    for attempts, wait in enumerate(waits):
        assert max(1, 0.9 * wait) <= wait_s(replace(one, attempts=attempts)) <= 1.1 * wait


def test_what_fails_together_does_not_come_back_together() -> None:
    waits = [wait_s(a_delivery(attempts=6, number=number)) for number in range(50)]
    assert max(waits) - min(waits) > 6


def test_asked_twice_it_is_the_same_instant() -> None:
    assert wait_s(a_delivery(attempts=6)) == wait_s(a_delivery(attempts=6))


@pytest.mark.parametrize("kind", DeliveryKind)
def test_the_vendors_word_rules(kind: DeliveryKind) -> None:
    assert wait_s(a_delivery(kind, attempts=6), replace(DOWN, retry_after=timedelta(seconds=17))) == 17
    assert wait_s(a_delivery(kind), replace(DOWN, retry_after=timedelta(0))) == 1


@pytest.mark.parametrize(("kind", "hours"), [(DeliveryKind.PAGE, 2), (DeliveryKind.COPY, 72)])
def test_it_ends_with_its_time(kind: DeliveryKind, hours: int) -> None:
    one, now = a_delivery(kind, hours=hours), START
    while not is_permanent_failure(one, DOWN, now):
        one, now = replace(one, attempts=one.attempts + 1), retry_at(one, DOWN, now)
    assert timedelta(hours=hours) * 0.8 < now - START < timedelta(hours=hours)
