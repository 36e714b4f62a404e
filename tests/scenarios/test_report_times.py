"""Times to acknowledge: what Stream had already reviewed when it was opened has none."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from escalator.services.auth.viewer import Viewer
from escalator.services.reports import figures, weekly_review
from tests.scenarios.harness import Harness
from tests.scenarios.stories import REVIEWED, paged

WEEK = timedelta(days=7)


def report_of(h: Harness, person: str) -> figures.Report:
    with h.core.database.reading() as connection:
        running = h.core.policies.required(connection)
    span = figures.ReportPeriod(h.clock.now() - WEEK, h.clock.now() + WEEK)
    return figures.build_report(h.core, Viewer(running.policy.people[person]), running, span)


def review_of(h: Harness, person: str) -> weekly_review.WeeklyReview:
    with h.core.database.reading() as connection:
        running = h.core.policies.required(connection)
    week = weekly_review.parse_week(weekly_review.week_name(h.clock.now().date()), ZoneInfo("UTC"))
    return weekly_review.build_review(h.core, Viewer(running.policy.people[person]), running, week)


def test_a_review_of_an_item_never_seen_has_no_time_to_acknowledge(h: Harness) -> None:
    h.post(REVIEWED)
    assert h.incident()["first_acknowledged_at"] is not None
    h.expect_nothing()
    report = report_of(h, "ana")
    assert (report.whole.alerts, report.whole.answered.count, report.whole.answered_in_time.of) == (1, 0, 0)
    assert report.own.count == 0
    assert (review_of(h, "ana").whole.alerts, review_of(h, "ana").whole.answered) == (1, 0)


def test_a_review_of_what_somebody_was_asked_about_has_one(h: Harness) -> None:
    paged(h)
    h.fast_forward(seconds=40)
    h.post(REVIEWED)
    report = report_of(h, "ana")
    assert report.whole.answered.p50 == timedelta(seconds=40)
    assert report.own.p50 == timedelta(seconds=40)
    assert (review_of(h, "ana").whole.alerts, review_of(h, "ana").whole.answered) == (1, 1)
    h.forget_seen()
