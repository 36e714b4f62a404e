"""The one name of what answers, hangs or is refused by itself."""

import pytest

from escalator.engine.endpoints import all_endpoints, endpoint_of
from escalator.engine.roster import Roster
from escalator.engine.targets import resolve_targets
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Role
from escalator.model.policy import Destination, Person
from escalator.services.outbound.bulkheads import host_of
from tests.builders import a_policy
from tests.engine.policies import WINDOW_START

PLACES = {
    "room": Destination("room", DestinationKind.SLACK, ("#room",)),
    "leads": Destination("leads", DestinationKind.EMAIL, ("a@example.com", "b@example.com")),
}
ANA = Person("ana", "Ana", role=Role.ADMIN, slack="U0ANA", email="ana@example.com")
POLICY = a_policy(destinations=PLACES, people={"ana": ANA})


@pytest.mark.parametrize(
    ("target", "names"),
    [
        pytest.param("room", ["room"], id="a destination"),
        pytest.param("leads", ["leads:1", "leads:2"], id="each address of several"),
        pytest.param("person:ana", ["person:ana:slack"], id="a person by one channel"),
    ],
)
def test_whoever_is_told_is_told_at_an_endpoint_of_the_policy(target: str, names: list[str]) -> None:
    told = resolve_targets((target,), None, Roster(POLICY, WINDOW_START)).recipients
    assert [one.endpoint for one in told] == names
    assert [endpoint_of(one.destination, one.kind, one.address, POLICY) for one in told] == names
    assert set(names) <= all_endpoints(POLICY)


def test_no_host_is_taken_for_an_endpoint() -> None:
    hosts = {host_of(kind, "https://hook.example.com/in") for kind in DestinationKind}
    assert not hosts & all_endpoints(POLICY)
