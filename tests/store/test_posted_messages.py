"""A message of ours that we did not know is taken in: as the one that was on its way to its place, or as a new one."""

from dataclasses import replace

import pytest
from uuid6 import uuid7

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.services.core.context import Core
from escalator.store import posted_message_refs, posted_messages
from escalator.store.posted_messages import PostedMessage
from escalator.store.tables import incidents
from tests.store.rows import an_incident, write

REF = "D0ELI/1700000000.000100"


@pytest.fixture
def clicked(core: Core) -> PostedMessage:
    """What a click tells of a direct message to Eli."""
    row = an_incident(core)
    write(core, incidents, row)
    return PostedMessage(
        id=uuid7(),
        incident_id=row["id"],
        destination="person:eli",
        endpoint="person:eli:slack",
        address="D0ELI",
        slot=2,
        mode=Mode.PRODUCTION,
        channel=DestinationKind.SLACK,
        person="eli",
        vendor_ref=REF,
        wanted_revision=1,
        shown_revision=0,
        claim_number=0,
        attempts=0,
    )


def adopted(core: Core, clicked: PostedMessage, standing: PostedMessage) -> tuple[bool, list[PostedMessage]]:
    """Return whether it was unknown beside what stands, and what stands then."""
    now = core.clock.now()
    with core.database.writing() as connection:
        posted_messages.insert(connection, [standing], None, now)
        is_new = posted_message_refs.adopt(connection, clicked, now)
        return is_new, posted_messages.of_incident(connection, clicked.incident_id, now)


def beside(clicked: PostedMessage, **changes: object) -> PostedMessage:
    return replace(clicked, id=uuid7(), slot=1, address="U0ELI", **changes)


def test_the_message_that_was_on_its_way_is_completed(core: Core, clicked: PostedMessage) -> None:
    on_its_way = beside(clicked, vendor_ref=None)
    assert adopted(core, clicked, on_its_way) == (True, [replace(on_its_way, vendor_ref=REF)])


@pytest.mark.parametrize(
    "place",
    [
        pytest.param({"channel": DestinationKind.EMAIL}, id="a mail to the same person"),
        pytest.param({"mode": Mode.SANDBOX}, id="a message of the sandbox"),
        pytest.param({"mode": Mode.DIVERT}, id="a diverted message"),
    ],
)
def test_what_waits_elsewhere_is_left_to_wait(core: Core, clicked: PostedMessage, place: dict[str, object]) -> None:
    elsewhere = beside(clicked, vendor_ref=None, **place)
    assert adopted(core, clicked, elsewhere) == (True, sorted([elsewhere, clicked], key=lambda one: one.id))


@pytest.mark.parametrize(
    ("place", "is_new"),
    [
        pytest.param({}, False, id="where it stands"),
        pytest.param({"mode": Mode.DIVERT}, False, id="where it stands since another mode"),
        pytest.param({"mode": Mode.SANDBOX}, True, id="where only the sandbox says so"),
        pytest.param({"channel": DestinationKind.JIRA}, True, id="where another vendor calls something so"),
    ],
)
def test_a_message_is_known(core: Core, clicked: PostedMessage, place: dict[str, object], is_new: bool) -> None:
    assert adopted(core, clicked, beside(clicked, **place))[0] is is_new
