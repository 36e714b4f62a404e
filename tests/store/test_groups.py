"""Groups whose members nobody tells of, and groups that tell of nobody, are found."""

from datetime import timedelta

import pytest

from escalator.services.core.context import Core
from escalator.store import health
from escalator.store.tables import incidents
from tests.store.rows import SILENT, an_incident, write

KIND = {"grouping_key": "0" * 64}


def found(core: Core) -> dict[str, int]:
    with core.database.reading() as connection:
        counted = health.count_inconsistencies(connection, core.clock.now())
    return {name: count for name, count in counted.items() if count}


@pytest.mark.parametrize(
    ("group", "minutes", "wrong"),
    [
        pytest.param({"member_count": 1, **KIND}, 0, {}, id="a group that waits for an answer"),
        pytest.param({"member_count": 1, "state": "acknowledged"}, 0, {}, id="a group that somebody has"),
        pytest.param({"member_count": 1, "state": "resolved", **SILENT}, 4, {}, id="a group that has just ended"),
        pytest.param(
            {"member_count": 1, "state": "resolved", **SILENT},
            6,
            {"grouped_without_group": 1},
            id="a group that is over",
        ),
        pytest.param({"member_count": 0, **KIND}, 0, {"group_without_members": 1}, id="a group that tells of nobody"),
        pytest.param({"member_count": 0}, 0, {}, id="a group that was opened again"),
    ],
)
def test_every_member_has_a_group_and_every_group_a_member(core: Core, group, minutes, wrong) -> None:
    closed = {"closed_at": core.clock.now() - timedelta(minutes=minutes)} if group.get("state") == "resolved" else {}
    told_by = an_incident(core, **group, **closed)
    write(core, incidents, told_by)
    if group["member_count"]:
        write(core, incidents, an_incident(core, number=1002, state="grouped", group_id=told_by["id"], **SILENT))
    assert found(core) == wrong
