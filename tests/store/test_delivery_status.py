"""Who was told of an incident in its present round, and what became of that."""

import pytest

from escalator.model.destination_kind import DestinationKind
from escalator.store.delivery_status import NotificationStatus, NotifiedDestination, entity_types_of, notified_of
from escalator.store.tables import deliveries, incident_keys, incidents
from tests.store.rows import a_delivery, an_incident, write


@pytest.mark.parametrize(
    ("states", "fate"),
    [
        pytest.param(["delivered"], NotificationStatus.ARRIVED, id="it arrived"),
        pytest.param(["failed", "delivered"], NotificationStatus.ARRIVED, id="it arrived the second time"),
        pytest.param(["delivered", "pending"], NotificationStatus.ARRIVED, id="it arrived, and a repeat is under way"),
        pytest.param(["failed", "sending"], NotificationStatus.COMING, id="it failed, and a repeat is under way"),
        pytest.param(["listed"], NotificationStatus.COMING, id="a list will tell"),
        pytest.param(["failed", "failed"], NotificationStatus.FAILED, id="it never arrived"),
    ],
)
def test_of_all_sends_to_one_destination_the_best_counts(core, states, fate):
    incident = an_incident(core)
    write(core, incidents, incident)
    write(core, deliveries, *(a_delivery(core, incident, state=one, send_number=at) for at, one in enumerate(states)))
    with core.database.reading() as connection:
        assert notified_of(connection, [incident["id"]]) == {
            incident["id"]: [NotifiedDestination("room", DestinationKind.SLACK, fate)]
        }


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"round": 1}, id="an earlier round"),
        pytest.param({"round": 2, "kind": "copy"}, id="copy for a feed"),
        pytest.param({"round": 2, "state": "suppressed"}, id="what was not wanted any more"),
    ],
)
def test_what_does_not_tell_people_now_is_left_out(core, other):
    incident = an_incident(core, round=2)
    write(core, incidents, incident)
    write(core, deliveries, a_delivery(core, incident, **other))
    with core.database.reading() as connection:
        assert notified_of(connection, [incident["id"]]) == {}


def test_the_kind_of_thing_is_the_last_word_of_its_type(core):
    incident = an_incident(core)
    write(core, incidents, incident)
    for kind, value in (("item", "i-1"), ("entity", "stream:chat:v1:message/a:b/c")):
        known = {"source": "chat", "kind": kind, "value": value, "incident_id": incident["id"]}
        write(core, incident_keys, known)
    with core.database.reading() as connection:
        assert entity_types_of(connection, [incident["id"]]) == {incident["id"]: "message"}
