"""Who is told of what when a shift changes."""

from uuid import UUID

import pytest

from escalator.engine.handoff import HandoffRole, handoff_recipients, incidents_to_hand_over
from escalator.model.incident import Incident, State
from escalator.model.levels import Severity
from escalator.model.policy import Team
from tests.builders import EXAMPLE_POLICY, an_incident, some_facts

ON, OFF, LEAD = HandoffRole.ON, HandoffRole.OFF, HandoffRole.LEAD
TEAM = Team("policy", ("ana", "ben", "chen"), lead="dana", schedule="rota")


def waiting(number: int, **changes) -> Incident:
    return an_incident(id=UUID(int=number), number=number, **changes)


def held(number: int, by: str | None, state: State = State.ACKNOWLEDGED, **changes) -> Incident:
    return waiting(number, state=state, owner=by, **changes)


MILD = waiting(1, severity=Severity.HIGH)
GRAVE = waiting(2)
ANAS, SNOOZED = held(3, "ana"), held(4, "ana", State.SNOOZED)
OVERDUE = waiting(5, owner="ana")
NOBODYS = held(6, None)
RESTRICTED = waiting(7, facts=some_facts(label="CSAM"), category="csam")
ALL = [MILD, GRAVE, ANAS, SNOOZED, OVERDUE, NOBODYS, RESTRICTED]


@pytest.mark.parametrize(
    ("part", "reader", "numbers"),
    [
        pytest.param(ON, "ben", [1, 2, 3, 4, 5, 6, 7], id="who comes on: all that the team has"),
        pytest.param(ON, "eli", [1, 2, 3, 4, 5, 6], id="who comes on: only what they may see"),
        pytest.param(OFF, "ana", [3, 4], id="who goes off: what they still hold, and not what rings again"),
        pytest.param(OFF, "ben", [], id="who goes off: nothing of others"),
        pytest.param(LEAD, "dana", [2, 5, 6, 7], id="the lead: what is critical and nobody's"),
        pytest.param(LEAD, "eli", [2, 5, 6], id="the lead: only what they may see"),
        pytest.param(ON, "zoe", [], id="somebody who has left the policy: nothing"),
    ],
)
def test_what_a_reader_is_told_of(part: HandoffRole, reader: str, numbers: list[int]) -> None:
    assert [one.number for one in incidents_to_hand_over(part, reader, ALL, EXAMPLE_POLICY)] == numbers


@pytest.mark.parametrize(
    ("before", "after", "team_has", "expected"),
    [
        pytest.param(["ana"], ["ben"], [MILD], [(ON, "ben")], id="what waits: who comes on"),
        pytest.param(["ana"], ["ben"], [ANAS], [(ON, "ben"), (OFF, "ana")], id="what is held: both"),
        pytest.param(["ana"], ["ben"], [GRAVE], [(ON, "ben"), (LEAD, "dana")], id="what is critical: the lead too"),
        pytest.param(["ana"], ["ben"], [], [], id="nothing open: nobody"),
        pytest.param(
            ["ana", "ben"],
            ["ben", "chen"],
            [ANAS],
            [(ON, "chen"), (OFF, "ana")],
            id="who stays is not told again",
        ),
        pytest.param(["ana"], [], [ANAS], [(OFF, "ana")], id="nobody comes on"),
        pytest.param(["ana"], [], [GRAVE], [(LEAD, "dana")], id="nobody comes on, and the lead hears of it"),
        pytest.param(["ana"], ["dana"], [GRAVE], [(ON, "dana")], id="a lead who comes on is told once"),
        pytest.param(
            ["zoe"],
            ["ben"],
            [held(1, "zoe")],
            [(ON, "ben")],
            id="whom the policy has lost is told nothing",
        ),
        pytest.param(["ana"], ["eli"], [RESTRICTED], [(LEAD, "dana")], id="who may not see it is not told"),
    ],
)
def test_who_is_told(
    before: list[str], after: list[str], team_has: list[Incident], expected: list[tuple[HandoffRole, str]]
) -> None:
    assert handoff_recipients(TEAM, before, after, team_has, EXAMPLE_POLICY) == expected
