"""Claiming deliveries: what was claimable when it was chosen may be another process' by the time it is locked."""

import pytest
from uuid6 import uuid7

from escalator.store import delivery_claims
from escalator.store.tables import deliveries, incidents
from tests.store.rows import a_delivery, an_incident, write


@pytest.fixture
def delivery(core):
    """A page that is due."""
    incident = an_incident(core)
    write(core, incidents, incident)
    page = a_delivery(core, incident, state="pending")
    write(core, deliveries, page)
    return page["id"]


def chosen(core):
    with core.database.reading() as connection:
        return [page.id for page in delivery_claims.candidates(connection, core.clock.now(), 10)]


def claimed(core, ids):
    """Claim in a transaction of its own, and return what was claimed."""
    now = core.clock.now()
    with core.database.writing() as connection:
        locked = [page.id for page in delivery_claims.lock_claimable(connection, ids, now)]
        delivery_claims.claim(connection, locked, uuid7(), now)
    return locked


def test_two_who_have_chosen_the_same_page_do_not_both_claim_it(core, delivery):
    first, second = chosen(core), chosen(core)
    assert first == second == [delivery]
    assert claimed(core, first) == [delivery]
    assert claimed(core, second) == []


def test_what_was_put_off_meanwhile_is_not_claimed(core, delivery):
    ids = chosen(core)
    with core.database.writing() as connection:
        delivery_claims.postpone(connection, ids, core.clock.now() + delivery_claims.MAX_PAUSE)
    assert claimed(core, ids) == []
