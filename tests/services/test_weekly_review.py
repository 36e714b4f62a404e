"""The weekly review: what is summed, and that it is of one week, of alerts, and of what somebody may see."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from uuid6 import uuid7

from escalator.model.audit import AuditAction, AuditEntry
from escalator.model.levels import Severity
from escalator.services.auth.viewer import Viewer
from escalator.services.reports import weekly_review as weeks
from escalator.services.reports.weekly_review import (
    SeverityTotals,
    SlowDelivery,
    grand_total,
    merge_failures,
    parse_week,
    slow_deliveries,
    totals_by_severity,
    was_escalated_unanswered,
    week_name,
)
from escalator.store import audit_log
from escalator.store.tables import deliveries, drills, incidents, operator_alerts, silences
from escalator.store.weekly_stats import FailedPages, OpenedAlert, SentPage
from tests.sandboxes import a_core
from tests.store.rows import an_incident

pytestmark = pytest.mark.every_database

POLICY = (Path(__file__).parents[1] / "scenarios" / "policy.yml").read_text(encoding="utf-8")
START = datetime(2026, 8, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


def an_alert(id_=ONE, number=1, severity=Severity.HIGH, answered=None, escalated=None):
    return OpenedAlert(id_, number, severity, "hate", START, answered, escalated)


@pytest.mark.parametrize(
    ("name", "zone", "since", "until"),
    [
        pytest.param("2026-W34", "UTC", "2026-08-17T00:00+00:00", "2026-08-24T00:00+00:00", id="Monday to Monday"),
        pytest.param("2026-W01", "UTC", "2025-12-29T00:00+00:00", "2026-01-05T00:00+00:00", id="over New Year"),
        pytest.param(
            "2026-W43", "Europe/Madrid", "2026-10-18T22:00+00:00", "2026-10-25T23:00+00:00", id="an hour longer"
        ),
    ],
)
def test_a_week_is_seven_days_of_the_policys_zone(name, zone, since, until):
    week = parse_week(name, ZoneInfo(zone))
    assert (week.span.since, week.span.until) == (datetime.fromisoformat(since), datetime.fromisoformat(until))
    assert week.name == week_name(week.sunday) == name


@pytest.mark.parametrize("name", ["2026", "2026-W54", "2026-W00", "2026-W1", "26-W01", "0000-W01", "2026-Wxx", ""])
def test_what_names_no_week_is_refused(name):
    with pytest.raises(ValueError, match=r".*"):
        parse_week(name, ZoneInfo("UTC"))


def test_the_weeks_beside_it_are_named_over_new_year():
    week = parse_week("2026-W53", ZoneInfo("UTC"))
    assert (week.before, week.after) == ("2026-W52", "2027-W01")


def test_alerts_are_summed_by_severity_the_gravest_first():
    later = START + MINUTE
    opened = [
        an_alert(ONE, answered=later, escalated=later),
        an_alert(TWO, 2),
        an_alert(THREE, 3, Severity.CRITICAL),
    ]
    told = [
        SentPage(ONE, "leads", START, None),
        SentPage(ONE, "room", START, later),
        SentPage(ONE, "pager", START, None),
        SentPage(TWO, "room", START, None),
    ]
    sums = totals_by_severity(opened, told)
    assert list(sums.items()) == [
        (Severity.CRITICAL, SeverityTotals(1, 0, 0, 0, 0)),
        (Severity.HIGH, SeverityTotals(2, 2, 1, 1, 1)),
    ]
    assert grand_total(sums.values()) == SeverityTotals(3, 2, 1, 1, 1)
    assert grand_total([]) == SeverityTotals(0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("answered", "escalated", "late"),
    [
        pytest.param(None, None, False, id="neither answered nor escalated yet"),
        pytest.param(1, None, False, id="answered, never escalated"),
        pytest.param(1, 5, False, id="escalated after its answer, by the second clock"),
        pytest.param(6, 5, True, id="answered after it was escalated"),
        pytest.param(None, 5, True, id="escalated and not answered"),
    ],
)
def test_late_is_what_was_escalated_before_anybody_answered(answered, escalated, late):
    instants = [START + at * MINUTE if at else None for at in (answered, escalated)]
    assert was_escalated_unanswered(an_alert(answered=instants[0], escalated=instants[1])) is late


def test_a_message_is_slow_after_a_minute():
    told = [
        SentPage(ONE, "a", START, START + MINUTE),
        SentPage(ONE, "b", START, START + 61 * timedelta(seconds=1)),
        SentPage(ONE, "c", START, START + 5 * MINUTE),
        SentPage(ONE, "d", START, None),
    ]
    assert slow_deliveries([an_alert()], told) == [
        SlowDelivery(1, "c", START, 5 * MINUTE),
        SlowDelivery(1, "b", START, timedelta(seconds=61)),
    ]


def test_failures_are_counted_together_what_failed_most_first():
    said = [
        FailedPages("b", "gone", 1),
        FailedPages("a", "gone", 2),
        FailedPages("b", "gone", 4),
        FailedPages("b", "busy", 2),
    ]
    assert merge_failures(said) == [
        FailedPages("b", "gone", 5),
        FailedPages("a", "gone", 2),
        FailedPages("b", "busy", 2),
    ]


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path, policy=POLICY)
    yield core
    core.database.close()


def put(core, table, **row):
    with core.database.writing() as connection:
        connection.execute(insert(table).values(**row))


def record(core, action, at, incident_id=None, reason="", **after):
    with core.database.writing() as connection:
        audit_log.insert(
            connection, [(AuditEntry(action, reason=reason, after=after, incident_id=incident_id), None)], at
        )


def an_opened(core, number, category, at, **more):
    row = an_incident(core, number=number, category=category, matched_categories=category, opened_at=at, **more)
    put(core, incidents, **row)
    return row["id"]


def a_page(core, incident_id, at, **more):
    place = {"occasion": "step", "round": 1, "step": 0, "send_number": 1, "target": "leads", "address": str(uuid7())}
    how = {"kind": "page", "channel": "slack", "mode": "sandbox", "urgency": 1, "destination": "leads"}
    times = {"created_at": at, "next_attempt_at": at, "expires_at": at}
    put(core, deliveries, id=uuid7(), incident_id=incident_id, **(place | how | times | {"state": "pending"} | more))


@pytest.fixture
def week(core):
    """A week with one alert that all may see and one that only child safety may, and what lies just outside of it."""
    noon = START + timedelta(hours=12)
    seen = an_opened(core, 1001, "hate", noon, escalated_at=noon + 5 * MINUTE)
    hidden = an_opened(core, 1002, "csam", noon, escalated_at=noon + 5 * MINUTE)
    for at in (START - MINUTE, START + timedelta(days=7)):
        an_opened(core, 1003 + int(at > START), "hate", at)
    an_opened(core, 1005, "hate", noon, drill="weekly")
    for one in (seen, hidden):
        a_page(core, one, noon, state="delivered", delivered_at=noon + 2 * MINUTE)
        a_page(core, one, noon, state="suppressed")
        record(core, AuditAction.STEP_FIRED, noon, one, step="1", sending="1", late_ms="9999")
        record(core, AuditAction.STEP_FIRED, noon, one, step="2", sending="1", late_ms="10000")
        record(core, AuditAction.DELIVERY_FAILED, noon, one, "gone", destination="leads")
        record(core, AuditAction.RESTARTED, noon, one)
    for name in ("hate", "csam"):
        put(
            core, silences, id=uuid7(), of="category", name=name, starts_at=START - MINUTE, ends_at=noon,
            is_for_critical=False, author="dana", via="cli", sealed_reason=b"", ended_at=noon,
        )  # fmt: skip
    put(core, drills, id=uuid7(), name="weekly", route="Hate", scheduled_at=noon, expected_by=noon, state="missed")
    put(core, operator_alerts, id=uuid7(), key="broken:leads", detail="", raised_at=START - MINUTE, resolved_at=noon)
    put(
        core,
        operator_alerts,
        id=uuid7(),
        key="over",
        detail="",
        raised_at=START - 2 * MINUTE,
        resolved_at=START - MINUTE,
    )
    record(core, AuditAction.POLICY_REFUSED, noon, sha256="0" * 64, problems="2")
    return parse_week("2026-W34", ZoneInfo("UTC"))


def reviewed(core, person, week):
    with core.database.reading() as connection:
        running = core.policies.required(connection)
    return weeks.build_review(core, Viewer(running.policy.people[person]), running, week)


@pytest.mark.parametrize(
    ("person", "numbers"),
    [
        pytest.param("ben", [1001, 1002], id="somebody of child safety"),
        pytest.param("eli", [1001], id="an admin who is not"),
    ],
)
def test_a_review_is_of_its_week_and_of_what_somebody_may_see(core, week, person, numbers):
    found = reviewed(core, person, week)
    count = len(numbers)
    assert dict(found.sums) == {Severity.HIGH: SeverityTotals(count, count, count, 0, count)}
    assert [one.number for one in found.unanswered_in_time] == numbers
    assert sorted((one.number, one.step, one.late_ms) for one in found.late_steps) == [
        (number, "2", 10000) for number in numbers
    ]
    assert sorted(one.number for one in found.slow) == numbers
    assert found.failures == [FailedPages("leads", "gone", count)]
    assert found.counts == {AuditAction.RESTARTED: count}
    assert {one.name for one in found.silences} == {"hate", "csam"} - ({"csam"} if count == 1 else set())


def test_a_review_says_what_was_rehearsed_decided_and_broken(core, week):
    found = reviewed(core, "ana", week)
    assert [(one.name, one.state) for one in found.drills] == [("weekly", "missed")]
    assert {one.action for one in found.policies} == {AuditAction.POLICY_REFUSED, AuditAction.POLICY_ACTIVATED}
    assert [one.key for one in found.operator_alerts] == ["broken:leads"]


def test_a_week_in_which_nothing_was_has_an_empty_review(core):
    found = reviewed(core, "ana", parse_week("2020-W01", ZoneInfo("UTC")))
    assert (found.whole, found.failures, found.drills) == (SeverityTotals(0, 0, 0, 0, 0), [], [])
