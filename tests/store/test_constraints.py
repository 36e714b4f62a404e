"""What the database itself refuses, whoever asks: silence, a second firing, a second incident for one item."""

from typing import Any

import pytest
from uuid6 import uuid7

from escalator.errors import Conflict
from escalator.services.core.context import Core
from escalator.store import policies
from escalator.store.tables import (
    acknowledgements,
    active_policy,
    deliveries,
    events,
    incident_keys,
    incidents,
    posted_messages,
)
from tests.store.rows import SILENT, an_incident, write


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"state": "triggered", **SILENT}, id="triggered without a deadline"),
        pytest.param({"state": "snoozed", **SILENT}, id="snoozed without an end"),
        pytest.param({"state": "resolved"}, id="resolved with a deadline"),
        pytest.param({"state": "logged"}, id="logged with a deadline"),
        pytest.param({"state": "merged"}, id="merged with a deadline"),
        pytest.param({"state": "grouped", **SILENT}, id="grouped without a group"),
        pytest.param({"state": "acknowledged", "due_kind": None}, id="a deadline for nothing"),
        pytest.param({"state": "acknowledged", "due_at": None}, id="nothing that is due never"),
    ],
)
def test_an_incident_that_contradicts_itself_is_refused(core: Core, state: dict[str, Any]) -> None:
    with pytest.raises(Conflict):
        write(core, incidents, an_incident(core, **state))


def test_the_same_incident_with_what_belongs_to_its_state_is_taken(core: Core) -> None:
    for number, state in enumerate(({}, {"state": "resolved", **SILENT}, {"state": "acknowledged", **SILENT})):
        write(core, incidents, an_incident(core, number=number, **state))


@pytest.mark.parametrize("table", [deliveries, posted_messages, acknowledgements, incident_keys], ids=str)
def test_what_may_be_only_once_is_only_once(core: Core, table: Any) -> None:
    incident = an_incident(core)
    write(core, incidents, incident)
    now, about = core.clock.now(), {"incident_id": incident["id"]}
    place = {"destination": "leads", "address": "C1", "mode": "sandbox", "channel": "slack", "created_at": now}
    rows = {
        deliveries: about
        | place
        | {"kind": "page", "occasion": "step", "round": 1, "step": 0, "send_number": 1, "target": "leads", "urgency": 1}
        | {"state": "pending", "next_attempt_at": now, "expires_at": now},
        posted_messages: about | place | {"slot": 0, "wanted_revision": 1, "shown_revision": 0, "next_attempt_at": now},
        acknowledgements: about
        | {"round": 1, "person": "ana", "verb": "acknowledge", "via": "slack", "acknowledged_at": now},
        incident_keys: about | {"source": "chat", "kind": "item", "value": "item-1"},
    }
    row = rows[table]
    with_ids = [row | ({"id": uuid7()} if "id" in table.c else {}) for _ in range(2)]
    write(core, table, with_ids[0])
    with pytest.raises(Conflict):
        write(core, table, with_ids[1])


def test_two_incidents_never_have_one_number(core: Core) -> None:
    write(core, incidents, an_incident(core))
    with pytest.raises(Conflict):
        write(core, incidents, an_incident(core))


def test_of_a_kind_one_group_takes_members(core: Core) -> None:
    kind, told = {"grouping_key": "0" * 64}, {"member_count": 1}
    write(core, incidents, an_incident(core, **kind), an_incident(core, number=1002, **kind))
    write(core, incidents, an_incident(core, number=1003, **kind, **told), an_incident(core, number=1004, **told))
    with pytest.raises(Conflict):
        write(core, incidents, an_incident(core, number=1005, **kind, **told))


def test_there_is_one_active_policy(core: Core) -> None:
    with core.database.reading() as connection:
        version = policies.active_id(connection)
    with pytest.raises(Conflict):
        write(core, active_policy, {"only": 2, "version_id": version, "activated_at": core.clock.now()})


def test_a_delivery_of_streams_is_stored_once_for_each_source(core: Core) -> None:
    now = core.clock.now()
    row = {"sha256": "0" * 64, "type": "t", "received_at": now, "next_at": now, "state": "new"}
    write(core, events, row | {"id": uuid7(), "source": "chat"}, row | {"id": uuid7(), "source": "other"})
    with pytest.raises(Conflict):
        write(core, events, row | {"id": uuid7(), "source": "chat"})
