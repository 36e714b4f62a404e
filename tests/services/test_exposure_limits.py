"""What people have read is counted from the records, wherever they have read it; of others only the limit is seen."""

import pytest
from sqlalchemy import select

from escalator.engine.exposure_limits import Exposure
from escalator.model.incident import Verb
from escalator.rendering.buttons import ButtonValue
from escalator.services.auth.viewer import Viewer
from escalator.services.incidents import exposure_limits
from escalator.services.incidents.actions import SlackRequest, perform_action
from escalator.services.views.reveal import reveal_line
from escalator.store.tables import incidents
from tests.sandboxes import a_core, alert, demo_policy


@pytest.fixture
def core(database_url, tmp_path):
    policy = demo_policy().replace("version: 1", "version: 1\ncare: {reveals_per_day: 2}")
    core = a_core(database_url, tmp_path, policy=policy)
    for name in ("threat", "self_harm", "threat", "hate_report"):
        alert(core, name)
    yield core
    core.database.close()


def read(core, number, who="ana"):
    """Read the first line in the dashboard; return why not, if not."""
    person = policy_of(core).people[who]
    return reveal_line(core, Viewer(person), number, 1).refused


def read_in_slack(core, number, user="U0ANA"):
    with core.database.reading() as connection:
        row = connection.execute(select(incidents).where(incidents.c.number == number)).one()
    return perform_action(
        core, SlackRequest(user, "", Verb.REVEAL, ButtonValue(row.id, row.round, row.fence), is_sandbox=True)
    )


def policy_of(core):
    with core.database.reading() as connection:
        return core.policies.required(connection).policy


def counted(core, who="ana"):
    policy = policy_of(core)
    with core.database.reading() as connection:
        burden = exposure_limits.person_exposure(connection, policy.people[who], policy, core.clock.now())
        return burden, exposure_limits.people_at_limit(connection, policy.people.values(), policy, core.clock.now())


def test_each_grave_incident_counts_once_in_the_dashboard_and_in_slack(core):
    for number in (1001, 1001, 1004):
        assert read(core, number) is None
    assert counted(core) == (Exposure(today=1, week=1), frozenset())
    assert read_in_slack(core, 1002).view is not None
    assert counted(core) == (Exposure(today=2, week=2), {"ana"})
    assert counted(core, "ben")[0] == Exposure()


def test_who_has_read_enough_is_kindly_refused_in_both_places(core):
    read(core, 1001)
    read(core, 1002)
    reply = read_in_slack(core, 1003)
    assert reply.view is None
    assert reply.text.startswith("You have read a lot of distressing content today. Take a break")
    assert read(core, 1003) == "over_limit"
    assert read(core, 1003, "ben") is None
