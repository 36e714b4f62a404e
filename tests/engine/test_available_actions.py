"""What somebody is offered: what the engine would do for them now."""

from dataclasses import replace

import pytest

from escalator.engine.available_actions import available_actions
from escalator.model.incident import DueKind, State, Verb
from escalator.model.levels import ContentRule, Severity
from tests.builders import EXAMPLE_POLICY, an_incident, minute, rules

TRIGGERED = an_incident()
HELD = replace(
    TRIGGERED,
    state=State.ACKNOWLEDGED,
    owner="ben",
    acknowledged_at=minute(0),
    due_kind=DueKind.REMIND,
    due_at=minute(10),
)
HIGH = replace(TRIGGERED, severity=Severity.HIGH)
WITHHELD = replace(TRIGGERED, content_rule=ContentRule.WITHHOLD)
RESOLVED = replace(TRIGGERED, state=State.RESOLVED, due_kind=None, due_at=None)
ANSWERS = [Verb.ACKNOWLEDGE, Verb.RESOLVE, Verb.FALSE_ALARM]
HOLDERS = [Verb.RESOLVE, Verb.FALSE_ALARM, Verb.STILL_ON_IT, Verb.SNOOZE, Verb.HAND_OVER, Verb.RELEASE]
ALWAYS = [Verb.ESCALATE_NOW, Verb.NOTE]


@pytest.mark.parametrize(
    ("who", "incident", "offered"),
    [
        pytest.param("ana", TRIGGERED, [*ANSWERS, Verb.SNOOZE, *ALWAYS], id="critical: one snooze"),
        pytest.param("ana", HIGH, [*ANSWERS, Verb.SNOOZE, Verb.SNOOZE, *ALWAYS], id="high: two snoozes"),
        pytest.param("ana", WITHHELD, [*ANSWERS, *ALWAYS], id="withheld: it cannot rest"),
        pytest.param("ben", HELD, [*HOLDERS, *ALWAYS], id="who has it"),
        pytest.param("ana", HELD, ALWAYS, id="a moderator, of what another has"),
        pytest.param("dana", HELD, [Verb.TAKE_OVER, *HOLDERS, *ALWAYS], id="a senior, of what another has"),
        pytest.param("ana", RESOLVED, [Verb.NOTE], id="a moderator, of what is over"),
        pytest.param("dana", RESOLVED, [Verb.REOPEN, Verb.NOTE], id="a senior, of what is over"),
        pytest.param("dana", replace(RESOLVED, state=State.MERGED), [], id="what goes on elsewhere"),
    ],
)
def test_what_is_offered(who, incident, offered) -> None:
    found = available_actions(EXAMPLE_POLICY.people[who], incident, rules(), minute(1))
    assert [one.verb for one in found] == offered


def test_who_hands_over_chooses_among_those_who_may_answer_their_team_first() -> None:
    found = available_actions(EXAMPLE_POLICY.people["ben"], HELD, rules(), minute(1))
    (to,) = (one.to for one in found if one.verb is Verb.HAND_OVER)
    assert [person.key for person in to] == ["chen", "ana", "dana", "eli"]
