"""When a digest is due, for which period, and what it counts."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.digests import Counted, DigestPeriod, DigestTurn, counted_by, next_turn
from escalator.model.levels import Severity
from escalator.model.policy import Conditions, Digest

BERLIN, LONDON = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London")
DAILY = Digest("Daily", ("alerts",), time(9))
WEEKLY = Digest("Weekly", ("alerts",), time(9), weekday=0)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def known_at(due: datetime, covered_until: datetime | None = None, digest: Digest = DAILY) -> DigestTurn:
    rule = next_turn(digest, BERLIN, None, due)[0].rule
    return DigestTurn(rule, due, covered_until or due)


@pytest.mark.parametrize(
    ("digest", "known", "now", "period"),
    [
        pytest.param(DAILY, known_at(at(29, 8)), at(30, 7, 59), None, id="a minute before"),
        pytest.param(DAILY, known_at(at(29, 8)), at(30, 8), DigestPeriod(at(29, 8), at(30, 8)), id="at its time"),
        pytest.param(DAILY, known_at(at(30, 8)), at(30, 8), None, id="sent already"),
        pytest.param(DAILY, known_at(at(29, 8)), at(30, 22), DigestPeriod(at(29, 8), at(30, 8)), id="some hours late"),
        pytest.param(
            DAILY,
            known_at(at(26, 8)),
            at(30, 8, 1),
            DigestPeriod(at(26, 8), at(30, 8), has_missed=True),
            id="after an outage of days only the newest, for all of them",
        ),
        pytest.param(DAILY, known_at(at(30, 8)), at(29, 8), None, id="a clock that is set back"),
        pytest.param(
            WEEKLY,
            known_at(at(23, 8), digest=WEEKLY),
            at(30, 8),
            DigestPeriod(at(23, 8), at(30, 8)),
            id="a weekly one on its day",
        ),
        pytest.param(WEEKLY, known_at(at(23, 8), digest=WEEKLY), at(29, 8), None, id="a weekly one on another"),
    ],
)
def test_the_period_that_is_due(digest, known, now, period):
    turn, due = next_turn(digest, BERLIN, known, now)
    assert due == period
    assert turn == (DigestTurn(known.rule, period.until, period.until) if period else known)


def test_a_new_digest_waits_for_its_next_turn_which_covers_a_whole_day():
    turn, period = next_turn(DAILY, BERLIN, None, at(30, 10))
    assert period is None
    assert next_turn(DAILY, BERLIN, turn, at(30, 23))[1] is None
    _turn, period = next_turn(DAILY, BERLIN, turn, at(1, 8, month=12))
    assert period == DigestPeriod(at(30, 8), at(1, 8, month=12))


@pytest.mark.parametrize(
    ("changed", "zone", "due"),
    [
        pytest.param(Digest("Daily", ("alerts",), time(8)), BERLIN, at(1, 7, month=12), id="an earlier time"),
        pytest.param(Digest("Daily", ("alerts",), time(12)), BERLIN, at(30, 11), id="a later time"),
        pytest.param(DAILY, LONDON, at(1, 9, month=12), id="another zone of the policy"),
        pytest.param(
            Digest("Daily", ("alerts",), time(9), timezone=LONDON), BERLIN, at(1, 9, month=12), id="a zone of its own"
        ),
        pytest.param(Digest("Daily", ("alerts",), time(9), weekday=1), BERLIN, at(1, 8, month=12), id="once a week"),
    ],
)
def test_another_time_is_not_due_at_once_and_leaves_nothing_out(changed, zone, due):
    turn, period = next_turn(changed, zone, known_at(at(30, 8)), at(30, 10))
    assert period is None
    assert next_turn(changed, zone, turn, due.replace(second=0) - (at(30, 8) - at(30, 7, 59)))[1] is None
    assert next_turn(changed, zone, turn, due)[1] == DigestPeriod(at(30, 8), due)


@pytest.mark.parametrize(
    ("clock", "days"),
    [
        pytest.param(
            time(2, 30), [at(24, 0, 30, month=10), at(25, 0, 30, month=10), at(26, 1, 30, month=10)], id="back"
        ),
        pytest.param(
            time(2, 30),
            [at(28, 1, 30, month=3), at(29, 1, 0, month=3), at(30, 0, 30, month=3)],
            id="forward: the time does not exist, so at the jump",
        ),
    ],
)
def test_when_clocks_change_it_is_due_once_a_day(clock, days):
    digest = Digest("Night", ("alerts",), clock)
    turn = known_at(days[0], digest=digest)
    for before, due in zip(days, days[1:], strict=False):
        turn, period = next_turn(digest, BERLIN, turn, due)
        assert period == DigestPeriod(before, due)
        for hours in (1, 2, 12, 23):
            assert next_turn(digest, BERLIN, turn, due.replace(minute=0) + hours * (at(30, 8) - at(30, 7)))[1] is None


@pytest.mark.parametrize(
    ("tests", "counted"),
    [
        ({}, Counted()),
        ({"category": ("csam", "hate")}, Counted(categories=frozenset({"csam", "hate"}))),
        ({"category": ("*",)}, Counted(needs_category=True)),
        ({"severity": ("High",)}, Counted(severities=frozenset({Severity.HIGH}))),
        ({"severity": ("*",)}, Counted()),
        ({"min_severity": ("high",)}, Counted(severities=frozenset({Severity.HIGH, Severity.CRITICAL}))),
        (
            {"min_severity": ("high",), "severity": ("low", "critical")},
            Counted(severities=frozenset({Severity.CRITICAL})),
        ),
        ({"min_severity": ("high",), "severity": ("low",)}, Counted(severities=frozenset())),
        ({"source": ("chat",)}, Counted(sources=frozenset({"chat"}))),
        ({"source": ("*", "chat")}, Counted()),
    ],
)
def test_what_a_digest_counts(tests, counted):
    assert counted_by(Conditions(tests)) == counted
