"""Who receives an operator alert, so that it never depends on what it reports."""

import pytest

from escalator.engine.operator_alerts import (
    NOT_SUSPECTED,
    SuspectedChannels,
    alternative_recipients,
    operator_alert_recipients,
)
from escalator.engine.roster import Roster
from escalator.engine.targets import destination_recipients
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Role
from escalator.model.policy import Destination, Person, Policy
from tests.builders import START, a_policy

SLACK, EMAIL, JIRA = DestinationKind.SLACK, DestinationKind.EMAIL, DestinationKind.JIRA
SLACK_IS_DOWN = SuspectedChannels(frozenset({SLACK}))
EMAIL_TOO = SuspectedChannels(frozenset({SLACK, EMAIL}))

# The room falls back to the desk and that to the board. Ana can be reached in two ways, as can Eli, the only admin.
PEOPLE = {
    "ana": Person("ana", "Ana", email="ana@example.com", slack="U0ANA", contact=(SLACK, EMAIL)),
    "ben": Person("ben", "Ben", slack="U0BEN", contact=(SLACK, EMAIL)),
    "eli": Person("eli", "Eli", role=Role.ADMIN, email="eli@example.com", slack="U0ELI", contact=(SLACK, EMAIL)),
}
DESTINATIONS = {
    "room": Destination("room", SLACK, ("#room",), fallback="desk"),
    "desk": Destination("desk", EMAIL, ("desk@example.com",), fallback="board"),
    "board": Destination("board", JIRA, ("TS",)),
    "pager": Destination("pager", DestinationKind.PAGERDUTY, ("key",), urgent=True),
    "alerts": Destination("alerts", SLACK, ("#alerts",), urgent=True),
}
POLICY = a_policy(people=PEOPLE, destinations=DESTINATIONS)


def told(
    targets: list[str], suspects: SuspectedChannels, policy: Policy = POLICY
) -> tuple[list[tuple[str, str]], bool]:
    found = operator_alert_recipients(targets, Roster(policy, START), suspects)
    return [(recipient.destination, recipient.address) for recipient in found.recipients], found.has_safe_way


ELI = ("person:eli", "eli@example.com")


@pytest.mark.parametrize(
    ("targets", "suspects", "expected"),
    [
        pytest.param(["room"], NOT_SUSPECTED, [("room", "#room")], id="nothing is suspected: whom the policy names"),
        pytest.param(
            ["room", "desk"],
            SLACK_IS_DOWN,
            [("room", "#room"), ("desk", "desk@example.com")],
            id="one of them is reached another way: nobody else",
        ),
        pytest.param(
            ["room"],
            SLACK_IS_DOWN,
            [("room", "#room"), ("desk", "desk@example.com"), ("board", "TS"), ELI],
            id="else the fallbacks and every admin besides",
        ),
        pytest.param(
            ["person:ana"],
            SLACK_IS_DOWN,
            [("person:ana", "U0ANA"), ("person:ana", "ana@example.com"), ELI],
            id="and the other contacts of who is named",
        ),
        pytest.param(
            ["person:ben"], SLACK_IS_DOWN, [("person:ben", "U0BEN"), ELI], id="of which somebody may have none"
        ),
        pytest.param(["person:eli"], SLACK_IS_DOWN, [("person:eli", "U0ELI"), ELI], id="each once"),
        pytest.param(
            ["person:ana"], EMAIL_TOO, [("person:ana", "U0ANA"), ("pager", "key")], id="else what is urgent and works"
        ),
    ],
)
def test_who_is_told(targets: list[str], suspects: SuspectedChannels, expected: list[tuple[str, str]]) -> None:
    assert told(targets, suspects) == (expected, True)


def test_where_no_way_is_left_the_answer_says_so() -> None:
    everything = SuspectedChannels(frozenset(DestinationKind))
    assert told(["room"], everything) == ([("room", "#room")], False)


def test_a_single_endpoint_may_be_suspected() -> None:
    (room,) = destination_recipients(["room"], POLICY)
    suspects = SuspectedChannels(endpoints=frozenset({room.endpoint}))
    assert suspects.contains(room)
    assert not suspects.contains(*destination_recipients(["alerts"], POLICY))
    assert told(["room"], suspects)[0][1] == ("desk", "desk@example.com")


def test_suspicions_add_up() -> None:
    (room,), (desk,) = (destination_recipients([name], POLICY) for name in ("room", "desk"))
    both = SLACK_IS_DOWN | SuspectedChannels(frozenset({JIRA}), frozenset({desk.endpoint}))
    assert both == SuspectedChannels(frozenset({SLACK, JIRA}), frozenset({desk.endpoint}))
    assert (both.contains(room), both.contains(desk)) == (True, True)


def test_nobody_is_told_again_by_the_same_address() -> None:
    already = destination_recipients(["room", "desk"], POLICY)
    found = alternative_recipients(already, POLICY, SLACK_IS_DOWN)
    assert [(one.destination, one.address) for one in found] == [("board", "TS"), ELI]
