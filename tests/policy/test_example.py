"""The contract of the language: the example loads as it stands, and means what its comments say."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import ContentRule, Mode, Role, Severity
from escalator.model.policy import AcknowledgedRule, Conditions, Drill, Grouping, Policy, Step, UnansweredRule
from escalator.model.schedule import Hours, Layer, Override, RotationUnit
from escalator.policy.parse import load, parse
from tests.policy.files import EXAMPLE, SHIPPED

SET = {
    "STREAM_API_KEY": "key",
    "STREAM_API_SECRET": "secret",
    "PAGERDUTY_ROUTING_KEY": "routing",
    "BI_WEBHOOK_SECRET": "shh",
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(EXAMPLE, {})


def test_it_loads_with_an_empty_environment_and_only_warnings() -> None:
    parsed = parse(EXAMPLE, {})
    assert parsed.policy is not None
    assert {problem.path for problem in parsed.warnings if "is not set" in problem.what} == {
        "sources.chat-prod.api_key",
        "sources.chat-prod.api_secret[0]",
        "destinations.ts-pager.pagerduty",
        "destinations.bi-feed.secret",
    }


def test_what_is_set_is_not_warned_of() -> None:
    assert not [problem for problem in parse(EXAMPLE, SET).problems if "is not set" in problem.what]


def test_nothing_in_it_is_told_to_be_not_executed() -> None:
    assert not [problem for problem in parse(EXAMPLE, SET).problems if "is not supported yet" in problem.what]


def test_only_what_is_unset_keeps_it_from_production() -> None:
    assert all("is not set" in problem.what for problem in parse(EXAMPLE, {}).problems if problem.blocks_production)
    assert not [problem for problem in parse(EXAMPLE, SET).problems if problem.blocks_production]
    others = [problem.path for problem in parse(EXAMPLE, {}).problems if not problem.blocks_production]
    assert others == ["routes[1]", "routes[8]"]


def test_no_text_is_expanded(policy: Policy) -> None:
    assert policy.sources["chat-prod"].api_key == "${STREAM_API_KEY}"
    assert policy.sources["chat-prod"].api_secrets == ("${STREAM_API_SECRET}", "${STREAM_API_SECRET_OLD:-}")


def test_sources_and_places(policy: Policy) -> None:
    assert policy.timezone == ZoneInfo("America/New_York")
    assert policy.sources["chat-prod"].mode is None
    assert (policy.sources["chat-staging"].mode, policy.sources["chat-staging"].divert_to) == (
        Mode.DIVERT,
        "staging-alerts",
    )
    assert {key: (place.kind, place.addresses) for key, place in policy.destinations.items()} == {
        "critical-alerts": (DestinationKind.SLACK, ("#critical-alerts",)),
        "child-safety-room": (DestinationKind.SLACK, ("C0CHILDSAFE",)),
        "staging-alerts": (DestinationKind.SLACK, ("#staging-alerts",)),
        "ts-pager": (DestinationKind.PAGERDUTY, ("${PAGERDUTY_ROUTING_KEY}",)),
        "ts-leads": (DestinationKind.EMAIL, ("leads@example.com",)),
        "ts-board": (DestinationKind.JIRA, ("TS",)),
        "bi-feed": (DestinationKind.WEBHOOK, ("https://bi.example.com/moderation",)),
    }
    assert {key: place.options for key, place in policy.destinations.items() if place.options} == {
        "ts-board": {"issue_type": "Incident"},
        "bi-feed": {"secret": "${BI_WEBHOOK_SECRET}"},
    }
    assert policy.destinations["critical-alerts"].urgent
    assert policy.destinations["ts-leads"].fallback == "critical-alerts"


def test_people_have_at_least_the_role_of_their_team(policy: Policy) -> None:
    assert {key: person.role for key, person in policy.people.items()} == {
        "ana": Role.MODERATOR,
        "ben": Role.MODERATOR,
        "chen": Role.SENIOR,
        "dana": Role.SENIOR,
        "eli": Role.ADMIN,
    }


def test_hours_have_days_a_zone_and_holidays(policy: Policy) -> None:
    new_york = ZoneInfo("America/New_York")
    assert policy.hours == {
        "office": Hours("office", time(9), time(18), frozenset(range(5)), new_york, "US"),
        "night": Hours("night", time(22), time(6), frozenset(range(7)), new_york),
    }


def test_schedules_have_layers_overrides_a_calendar_and_people(policy: Policy) -> None:
    rota = policy.schedules["child-safety-rota"]
    assert (rota.timezone, rota.people, rota.ical) == (ZoneInfo("Europe/Madrid"), (), None)
    assert rota.layers == (Layer(("ana", "ben"), RotationUnit.WEEKS, date(2026, 1, 5), time(9), 0),)
    assert rota.overrides == (Override("ben", datetime(2026, 12, 24), datetime(2026, 12, 27)),)  # noqa: DTZ001
    feed = policy.schedules["seniors-on-call"]
    assert (feed.timezone, feed.people, feed.ical) == (policy.timezone, ("dana",), "${SENIORS_ICAL_URL:-}")


def test_storms_and_drills(policy: Policy) -> None:
    assert policy.grouping == Grouping(("category", "author"), timedelta(minutes=10), 5)
    assert policy.drills == (Drill("Weekly fire drill", "Child safety", 1, time(10), timedelta(minutes=10)),)
    assert policy.silences == ()


def test_categories(policy: Policy) -> None:
    csam = policy.categories["csam"]
    assert (csam.title, csam.at_least, csam.content) == ("Child safety", Severity.CRITICAL, ContentRule.WITHHOLD)
    assert csam.labels == ("CSAM", "PEDOPHILIA", "CHILD_SAFETY", "Child Exploitation")
    assert csam.restricted_to == ("child-safety", "senior-moderators")
    assert not csam.review_resolves
    assert csam.resolve_within == timedelta(hours=4)
    hate = policy.categories["hate"]
    assert (hate.at_least, hate.content, hate.review_resolves) == (Severity.UNKNOWN, ContentRule.HIDE, True)


def test_routes_in_the_order_of_the_file(policy: Policy) -> None:
    assert [route.name for route in policy.routes[:3]] == [
        "Child safety",
        "Escalated in Stream",
        "Urgent harms, office hours",
    ]
    visible = policy.routes[4]
    assert visible.when == Conditions({"min_severity": ("high",)})
    assert visible.unless == Conditions({"action": ("remove", "shadow", "bounce_remove")})
    assert [route.acknowledgements for route in policy.routes[:2]] == [2, 1]
    assert policy.default == "triage"


def test_paths(policy: Policy) -> None:
    assert policy.paths["child-safety"] == (
        Step(("team", "child-safety-room")),
        Step(("team:senior-moderators", "ts-pager"), timedelta(minutes=5)),
        Step(("ts-leads", "schedule:seniors-on-call"), timedelta(minutes=10), repeat=3),
    )
    assert policy.paths["quiet"][0].during == "office"
    assert policy.paths["log-only"] == ()


def test_clocks(policy: Policy) -> None:
    assert policy.unanswered == UnansweredRule(timedelta(minutes=30), ("person:eli",))
    assert policy.alarms == ("critical-alerts", "person:eli")
    assert policy.acknowledged == AcknowledgedRule(timedelta(minutes=30), timedelta(minutes=5))
    assert policy.retain_content == timedelta(days=30)
    assert policy.heartbeat is not None
    assert policy.heartbeat.every == timedelta(minutes=1)


def test_the_demo_has_no_problem_at_all() -> None:
    assert parse((SHIPPED / "demo.yml").read_bytes(), {}).problems == ()


def test_the_starter_only_wants_its_names_set() -> None:
    text = (SHIPPED / "starter.yml").read_bytes()
    problems = parse(text, {}).problems
    assert problems
    assert all(problem.is_warning and "is not set" in problem.what for problem in problems)
    names = ("STREAM_API_KEY", "STREAM_API_SECRET", "SLACK_MODERATOR_ONE", "SLACK_MODERATOR_TWO")
    env = {name: f"U{number}" for number, name in enumerate((*names, "SLACK_SENIOR", "SLACK_LEAD"))}
    assert parse(text, env).problems == ()


@pytest.mark.parametrize("file", ["demo.yml", "starter.yml"])
def test_what_a_moderator_escalates_in_stream_goes_the_shipped_policies_strongest_way(file: str) -> None:
    policy = parse((SHIPPED / file).read_bytes(), {}).policy
    assert policy is not None
    first = policy.routes[0]
    assert first.when.tests == {"action": ("escalate",), "severity": ("*",)}
    told = {target for step in policy.paths[first.path] for target in step.notify}
    assert "team" in told
    assert policy.teams[first.assign].role is Role.SENIOR
