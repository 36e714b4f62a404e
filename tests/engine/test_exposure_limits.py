"""When somebody who has read much is asked to stop."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.exposure_limits import Exposure, RevealRequest, day_and_week_start, exposure_of, is_asked_to_stop
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.incident import Verb
from escalator.model.levels import Severity
from escalator.model.policy import ExposureLimit
from tests.builders import EXAMPLE_POLICY, a_policy, an_incident, minute, rules

MADRID, THIS, OTHER = ZoneInfo("Europe/Madrid"), UUID(int=1), UUID(int=2)
POLICY = a_policy(care=ExposureLimit(2))


def utc(day: int, hour: int, minutes: int = 0) -> datetime:
    return datetime(2026, 8, day, hour, minutes, tzinfo=UTC)


def test_a_day_and_a_week_begin_where_somebody_lives() -> None:
    assert day_and_week_start(utc(20, 23), MADRID) == (utc(20, 22), utc(16, 22))


def test_an_incident_counts_once_for_the_day_on_which_it_was_last_read() -> None:
    read = {THIS: utc(20, 9), OTHER: utc(18, 9)}
    assert exposure_of(read, utc(20, 10), MADRID, THIS) == Exposure(today=1, week=2, has_begun_this=True)
    assert exposure_of(read, utc(20, 23), MADRID, THIS) == Exposure(today=0, week=2)


def test_a_day_and_a_week_include_their_first_instant() -> None:
    read = {THIS: utc(19, 22), OTHER: utc(16, 22)}
    assert exposure_of(read, utc(20, 10), MADRID, THIS) == Exposure(today=1, week=2, has_begun_this=True)


@pytest.mark.parametrize(
    ("severity", "burden", "stops"),
    [
        pytest.param(Severity.CRITICAL, Exposure(today=1), False, id="below the limit"),
        pytest.param(Severity.CRITICAL, Exposure(today=2), True, id="at the limit"),
        pytest.param(Severity.HIGH, Exposure(today=3), True, id="beyond it"),
        pytest.param(Severity.MEDIUM, Exposure(today=3), False, id="what is not grave is no burden"),
        pytest.param(Severity.HIGH, Exposure(today=2, has_begun_this=True), False, id="not in the middle of one"),
        pytest.param(Severity.HIGH, Exposure(week=9), False, id="another day's"),
    ],
)
def test_who_is_asked_to_stop(severity: Severity, burden: Exposure, stops: bool) -> None:
    assert is_asked_to_stop(severity, burden, POLICY) is stops
    assert not is_asked_to_stop(severity, burden, EXAMPLE_POLICY), "a policy without a limit asks nobody"


def test_who_insists_is_shown_it_and_it_is_recorded_why() -> None:
    incident, person = an_incident(), POLICY.people["ana"]
    asked = RevealRequest(Exposure(today=2), (1, 3))
    refused = apply_action(
        ActionRequest(Verb.REVEAL, person, "dashboard", reading=asked), incident, rules(POLICY), minute(1)
    )
    assert refused == Refusal(RefusalReason.OVER_LIMIT)
    insisting = RevealRequest(Exposure(today=2), (1, 3), is_insisted=True)
    done = apply_action(
        ActionRequest(Verb.REVEAL, person, "dashboard", reading=insisting), incident, rules(POLICY), minute(1)
    )
    assert isinstance(done, Change)
    (entry,) = done.entries
    assert (entry.reason, entry.after) == ("over_limit", {"line": "1", "of": "3"})
