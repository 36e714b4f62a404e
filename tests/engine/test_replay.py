"""What has happened, through a policy: the same engine, run over what is over."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.replay import Notified, PastAction, PastEvent, replay
from escalator.model.incident import Outcome, Verb
from escalator.model.levels import Severity
from escalator.model.schedule import Booking, Schedule
from tests.builders import EXAMPLE_POLICY, a_policy, a_route, a_step, an_observation, minute

POLICY = a_policy(
    routes=(a_route("two", "Harm", category="self_harm"),),
    default="silent",
    paths={"two": (a_step("person:ana"), a_step("person:dana", after=5), a_step("person:eli", after=10)), "silent": ()},
    categories={key: replace(one, resolve_within=None) for key, one in EXAMPLE_POLICY.categories.items()},
    acknowledged=None,
)


def heard(at: float = 0, **seen) -> PastEvent:
    return PastEvent(minute(at), an_observation(at, **{"label": "SELF_HARM"} | seen))


def acted(at: float, verb: Verb, person: str = "ana", **more) -> PastAction:
    return PastAction(minute(at), verb, person, "slack", **more)


def told(*happened, until: float = 20, policy=POLICY) -> list[tuple[float, str]]:
    found = replay("chat-prod", happened, minute(until), policy, {})
    return [(one.after / timedelta(minutes=1), one.to) for one in found.notified]


ANA, DANA, ELI = (0, "person:ana"), (5, "person:dana"), (15, "person:eli")


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        pytest.param([heard()], [ANA, DANA, ELI], id="nobody answers: everybody in turn"),
        pytest.param(
            [heard(), acted(4, Verb.ACKNOWLEDGE)], [ANA], id="an answer after 4 minutes: who was told till then"
        ),
        pytest.param([heard(), acted(6, Verb.ACKNOWLEDGE)], [ANA, DANA], id="after 6: the next one too"),
        pytest.param([heard(), acted(6, Verb.ACKNOWLEDGE, "pagerduty:P1")], [ANA, DANA], id="by a stranger too"),
        pytest.param(
            [heard(), acted(1, Verb.ACKNOWLEDGE), acted(2, Verb.RELEASE)],
            [ANA, (2, "person:ana"), (7, "person:dana"), (17, "person:eli")],
            id="a release: from the top again",
        ),
        pytest.param(
            [heard(), acted(2, Verb.RESOLVE, outcome=Outcome.REFERRED), heard(3)],
            [ANA],
            id="a referral, whose words we do not know, ends it",
        ),
        pytest.param(
            [heard(), acted(1, Verb.SNOOZE, minutes=15)], [ANA, (16, "person:ana")], id="a snooze as long as it was"
        ),
        pytest.param(
            [heard(), acted(1, Verb.ACKNOWLEDGE), acted(2, Verb.HAND_OVER, to="eli")],
            [ANA, (2, "person:eli"), (7, "person:dana"), (17, "person:eli")],
            id="a hand over to whom it was",
        ),
        pytest.param([heard(), heard(1), heard(2)], [ANA, DANA, ELI], id="more of the same changes nothing"),
        pytest.param([heard(label="HATRED")], [], id="a silent path tells nobody"),
        pytest.param([heard(opens=False)], [], id="what opens nothing tells nobody"),
        pytest.param([acted(1, Verb.ACKNOWLEDGE), heard(2)], [(0, "person:ana"), DANA, ELI], id="an answer to nothing"),
    ],
)
def test_who_would_have_been_told(happened, expected):
    assert told(*happened, until=20) == expected


def test_a_snooze_lasts_as_long_as_it_did():
    policy = replace(POLICY, routes=(a_route("two", "Threat", category="threat"),))
    threat, snooze = heard(label="THREAT"), acted(1, Verb.SNOOZE, minutes=60)
    assert told(threat, snooze, until=60, policy=policy) == [ANA]
    assert told(threat, snooze, until=61, policy=policy) == [ANA, (61, "person:ana")]


def test_whoever_a_calendar_had_on_call_is_told():
    schedule = Schedule("rota", ZoneInfo("UTC"))
    policy = replace(POLICY, schedules={"rota": schedule}, paths={"two": (a_step("schedule:rota"),), "silent": ()})
    calendars = {"rota": (Booking(minute(-60), minute(60), ("ben",)),)}
    found = replay("chat-prod", [heard()], minute(1), policy, calendars)
    assert [one.to for one in found.notified] == ["person:ben"]


def test_nothing_is_told_after_the_end():
    assert told(heard(), until=4.9) == [ANA]
    assert told(heard(), until=5) == [ANA, DANA]


def test_what_this_policy_does_not_let_somebody_do_does_not_count():
    path = (a_step("person:ana"), a_step("person:ben", after=5))
    policy = a_policy(routes=(a_route("grave", "Grave", category="csam"),), default="silent", paths={"grave": path})
    note = heard(label="CSAM")
    assert told(note, acted(1, Verb.ACKNOWLEDGE, "ana"), until=6, policy=policy) == [ANA]
    assert told(note, acted(1, Verb.ACKNOWLEDGE, "eli"), until=6, policy=policy) == [ANA, (5, "person:ben")]


def test_a_fate_says_what_and_by_which_route():
    found = replay("chat-prod", [heard()], minute(1), POLICY, {})
    assert (found.category, found.severity, found.route) == ("self_harm", Severity.CRITICAL, "Harm")
    assert found.notified == (Notified(timedelta(0), "person:ana"),)


def test_a_path_without_end_is_followed_a_bounded_number_of_times():
    policy = a_policy(routes=(a_route("one", "Harm", category="self_harm"),), paths={"one": (a_step("person:ana"),)})
    assert len(told(heard(), until=60 * 24 * 365, policy=policy)) <= 1002
