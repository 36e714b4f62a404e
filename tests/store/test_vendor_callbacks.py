"""What vendors tell us: kept once, given out in order, taken by one process at a time, forgotten in the end."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid6 import uuid7

from escalator.model.destination_kind import DestinationKind
from escalator.services.core.context import Core
from escalator.store import vendor_callbacks
from escalator.store.tables import vendor_callbacks as table
from escalator.store.vendor_callbacks import VendorCallback
from tests.fakes import START

PAGERDUTY, JIRA = DestinationKind.PAGERDUTY, DestinationKind.JIRA


def told(event_id: str, vendor: DestinationKind = PAGERDUTY, seconds: float = 0, subject: str = "") -> VendorCallback:
    return VendorCallback(uuid7(), vendor, event_id, subject, False, START + timedelta(seconds=seconds), b"sealed")


def keep(core: Core, *new: VendorCallback) -> list[bool]:
    with core.database.writing() as connection:
        return [vendor_callbacks.insert(connection, one) for one in new]


def waiting(core: Core, seconds: float = 100) -> list[UUID]:
    with core.database.reading() as connection:
        return [one.id for one in vendor_callbacks.due(connection, START + timedelta(seconds=seconds), 10)]


def test_the_same_event_is_kept_once_for_each_vendor(core: Core) -> None:
    assert keep(core, told("1"), told("1"), told("1", JIRA)) == [True, False, True]


def test_they_are_given_out_in_the_order_in_which_they_came(core: Core) -> None:
    late, early = told("late", seconds=2), told("early", seconds=1)
    keep(core, late, early)
    assert waiting(core) == [early.id, late.id]


def test_one_that_is_put_off_waits_and_its_faults_are_counted(core: Core) -> None:
    one = told("1")
    keep(core, one)
    with core.database.writing() as connection:
        vendor_callbacks.postpone(connection, one.id, START + timedelta(seconds=50), "ValueError", is_fault=True)
        vendor_callbacks.postpone(connection, one.id, START + timedelta(seconds=50), "unreachable", is_fault=False)
    assert waiting(core, 49) == []
    assert waiting(core, 50) == [one.id]
    with core.database.writing() as connection:
        assert vendor_callbacks.lock(connection, one.id).attempts == 1


def test_what_is_told_of_one_thing_is_given_out_one_after_the_other(core: Core) -> None:
    first, second = told("1", seconds=1, subject="PT4KHLK"), told("2", seconds=2, subject="PT4KHLK")
    elsewhere, unnamed = told("3", JIRA, seconds=3, subject="PT4KHLK"), told("4", seconds=4)
    keep(core, first, second, elsewhere, unnamed)
    with core.database.writing() as connection:
        vendor_callbacks.postpone(connection, first.id, START + timedelta(seconds=50), "unreachable", is_fault=False)
    assert waiting(core, 49) == [elsewhere.id, unnamed.id]
    with core.database.writing() as connection:
        vendor_callbacks.mark_done(connection, first.id)
    assert waiting(core, 49) == [second.id, elsewhere.id, unnamed.id]


@pytest.mark.parametrize("end", ["mark_done", "park"])
def test_one_that_is_over_is_given_out_no_more_and_done_once_for_all(core: Core, end: str) -> None:
    one = told("1")
    keep(core, one)
    with core.database.writing() as connection:
        getattr(vendor_callbacks, end)(connection, one.id, "reason")
        assert vendor_callbacks.lock(connection, one.id) is None
    assert waiting(core) == []
    assert keep(core, told("1")) == [False]


def test_the_body_of_what_is_done_is_kept_no_longer(core: Core) -> None:
    done, parked = told("done"), told("parked")
    keep(core, done, parked)
    with core.database.writing() as connection:
        vendor_callbacks.mark_done(connection, done.id)
        vendor_callbacks.park(connection, parked.id, "reason")
    with core.database.reading() as connection:
        bodies = dict(connection.execute(select(table.c.event_id, table.c.sealed_body)).all())
    assert bodies == {"done": None, "parked": b"sealed"}


def test_what_no_vendor_tells_again_is_forgotten(core: Core) -> None:
    keep(core, told("old"), told("new", seconds=1))
    with core.database.writing() as connection:
        vendor_callbacks.delete_before(connection, START + timedelta(days=7, seconds=0.5), timedelta(days=7))
    assert keep(core, told("old"), told("new")) == [True, False]
