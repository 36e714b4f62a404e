"""Which route takes an item (RULES 2): every condition, and what cannot be judged."""

from dataclasses import replace
from datetime import datetime

import pytest

from escalator.engine.categorize import assess
from escalator.engine.routing import (
    MatchedCondition,
    RoutingSubject,
    all_conditions_hold,
    any_condition_holds,
    choose_route,
    is_event_in_a_route,
    matched_conditions,
    route_rank,
)
from escalator.model.facts import Facts
from escalator.model.policy import Conditions
from tests.builders import START, a_policy, a_route, some_facts

REPORTS = {"report": ["user-1", "user-2", "user-3"]}


def a_subject(facts: Facts) -> RoutingSubject:
    return RoutingSubject("chat-prod", facts, assess(facts, a_policy()), START)


@pytest.mark.parametrize(
    ("condition", "wanted", "facts", "expected"),
    [
        pytest.param("source", ["chat-prod"], {}, True, id="the source"),
        pytest.param("source", ["chat-staging"], {}, False, id="another source"),
        pytest.param("event", ["message.flagged"], {"event": "message.flagged"}, True, id="an event"),
        pytest.param("event", ["message.flagged"], {"event": "user.flagged"}, False, id="another event"),
        pytest.param("category", ["csam", "threat"], {"label": "THREAT"}, True, id="any of a list"),
        pytest.param(
            "category", ["threat"], {"label": ["THREAT", "SUICIDE"]}, False, id="only the category that names it"
        ),
        pytest.param("category", ["*"], {"label": "THREAT"}, True, id="star: some category"),
        pytest.param("category", ["*"], {"label": "wine"}, False, id="star: no category is not something"),
        pytest.param(
            "label", ["weapon violence"], {"label": "Weapon-Violence"}, True, id="a label in another spelling"
        ),
        pytest.param("severity", ["unknown"], {}, True, id="an unknown severity by its name"),
        pytest.param("severity", ["low", "medium"], {"text_severity": "high"}, False, id="another severity"),
        pytest.param("min_severity", ["high"], {"text_severity": "critical"}, True, id="at least high: critical"),
        pytest.param("min_severity", ["high"], {"text_severity": "high"}, True, id="at least high: high"),
        pytest.param("min_severity", ["high"], {"text_severity": "medium"}, False, id="at least high: medium"),
        pytest.param("min_severity", ["critical", "low"], {"text_severity": "high"}, True, id="at least any of a list"),
        pytest.param("min_reports", ["4", "3"], REPORTS, True, id="any of several numbers of reports"),
        pytest.param("min_severity", ["low"], {}, False, id="unknown is at least nothing"),
        pytest.param("min_severity", ["unknown"], {}, False, id="unknown is not even at least unknown"),
        pytest.param("kind", ["image"], {"kind": ["text", "image"]}, True, id="one of several kinds"),
        pytest.param("action", ["escalate"], {"action": "escalate"}, True, id="an action"),
        pytest.param("entity_type", ["stream:user"], {"entity_type": "stream:user"}, True, id="an entity type"),
        pytest.param("reporter", ["velocity_filter"], {"reporter": "velocity_filter"}, True, id="a reporter"),
        pytest.param("reason", ["self harm"], {"reason": "self_harm"}, True, id="a reason"),
        pytest.param("min_reports", ["3"], REPORTS, True, id="three reports"),
        pytest.param("min_reports", ["4"], REPORTS, False, id="too few reports"),
        pytest.param("rule", ["flood"], {"rule": "flood"}, True, id="a rule"),
        pytest.param("language", ["en"], {"language": "EN"}, True, id="a language"),
        pytest.param("channel", ["messaging:general"], {"channel": "messaging:general"}, True, id="a channel"),
        pytest.param("config_key", ["chat:messaging"], {"config_key": "chat:messaging"}, True, id="a config key"),
        pytest.param("author", ["user-42"], {"author": "user-42"}, True, id="an author"),
        pytest.param("stream_team", ["blue"], {"stream_team": "blue"}, True, id="a team in Stream"),
        pytest.param("custom.tier", ["gold"], {"custom__tier": "gold"}, True, id="a field of the customer's own"),
        pytest.param("custom.tier", ["*"], {"custom__tier": "gold"}, True, id="star: the field is there"),
        pytest.param("custom.tier", ["*"], {"custom__size": "gold"}, False, id="star: the field is not there"),
    ],
)
def test_a_condition(condition: str, wanted: list[str], facts: dict[str, str], expected: bool) -> None:
    conditions, subject = Conditions({condition: tuple(wanted)}), a_subject(some_facts(**facts))
    assert all_conditions_hold(conditions, subject, a_policy()) is expected
    assert any_condition_holds(conditions, subject, a_policy()) is expected


def test_the_newest_recommended_action_is_what_stream_did() -> None:
    assert all_conditions_hold(Conditions({"action": ("remove",)}), a_subject(some_facts(latest="remove")), a_policy())


def test_all_must_hold_and_one_is_enough_to_exclude() -> None:
    conditions = Conditions({"label": ("THREAT",), "kind": ("image",)})
    subject = a_subject(some_facts(label="THREAT", kind="text"))
    assert not all_conditions_hold(conditions, subject, a_policy())
    assert any_condition_holds(conditions, subject, a_policy())


def test_no_condition_holds_always_and_excludes_nothing() -> None:
    subject = a_subject(some_facts())
    assert all_conditions_hold(Conditions(), subject, a_policy())
    assert not any_condition_holds(Conditions(), subject, a_policy())


@pytest.mark.parametrize(
    ("name", "wanted", "opened", "expected"),
    [
        pytest.param("during", ["office"], "2026-08-20T13:00Z", True, id="during: they open at nine in New York"),
        pytest.param("during", ["office"], "2026-08-20T12:59Z", False, id="during: not yet open"),
        pytest.param("during", ["office"], "2026-08-20T22:00Z", False, id="during: the end is exclusive"),
        pytest.param("outside", ["office"], "2026-08-20T22:00Z", True, id="outside: they have closed"),
        pytest.param("outside", ["office"], "2026-08-22T15:00Z", True, id="outside: at the weekend"),
        pytest.param("during", ["office"], "2026-07-03T15:00Z", False, id="during: on a holiday they never open"),
        pytest.param("during", ["office", "night"], "2026-08-21T03:00Z", True, id="during: any of several"),
        pytest.param("outside", ["office"], "2026-08-20T15:00Z", False, id="outside: they are open"),
    ],
)
def test_hours_are_judged_at_the_opening(name: str, wanted: list[str], opened: str, expected: bool) -> None:
    conditions = Conditions({name: tuple(wanted)})
    subject = replace(a_subject(some_facts()), opened_at=datetime.fromisoformat(opened))
    assert all_conditions_hold(conditions, subject, a_policy()) is expected
    assert any_condition_holds(conditions, subject, a_policy()) is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(some_facts(label=["CSAM", "THREAT"]), "Child safety", id="the first that matches decides"),
        pytest.param(
            some_facts(action="escalate", label="SUICIDE"), "Escalated in Stream", id="an escalation stands high"
        ),
        pytest.param(some_facts(label="SUICIDE"), "Urgent harms, office hours", id="within office hours"),
        pytest.param(some_facts(text_severity="high"), "Still visible", id="no excluding action"),
        pytest.param(some_facts(latest="shadow", text_severity="high"), "High and critical", id="an excluding action"),
        pytest.param(some_facts(event="moderation_rule.triggered"), "A Stream rule asked for us", id="a rule"),
        pytest.param(some_facts(event="moderation.analysis.failed"), "Nobody screened it", id="nobody screened it"),
        pytest.param(some_facts(reporter="user", **REPORTS), "Reported by three", id="three reporters"),
        pytest.param(some_facts(text_severity="medium"), "Lesser things", id="lesser things"),
        pytest.param(some_facts(), None, id="nothing fits: the default, never silence"),
    ],
)
def test_the_examples_routes(facts: Facts, expected: str | None) -> None:
    assert choose_route(a_subject(facts), a_policy()).route == expected


def test_a_route_says_path_owner_and_number_of_answers() -> None:
    found = choose_route(a_subject(some_facts(label="CSAM")), a_policy())
    assert (found.rank, found.path, found.assign, found.acks_needed) == (0, "child-safety", "child-safety", 2)


def test_the_default_stands_below_every_route_and_belongs_to_nobody() -> None:
    found = choose_route(a_subject(some_facts()), a_policy())
    assert (found.rank, found.path, found.assign, found.acks_needed) == (11, "triage", None, 1)
    assert route_rank(None, a_policy()) == route_rank("no such route", a_policy()) == found.rank
    assert route_rank("Escalated in Stream", a_policy()) == 1


def test_unless_is_asked_of_the_route_itself() -> None:
    policy = a_policy(
        routes=(
            replace(a_route("urgent", "one", label="THREAT"), unless=Conditions({"kind": ("image",)})),
            a_route("quiet", "two", label="THREAT"),
        )
    )
    assert choose_route(a_subject(some_facts(label="THREAT", kind="text")), policy).route == "one"
    assert choose_route(a_subject(some_facts(label="THREAT", kind="image")), policy).route == "two"


def test_an_event_is_named_only_by_its_own_name() -> None:
    policy = a_policy(routes=(a_route("urgent", event="Appeal.Created"), a_route("urgent", event="*")))
    assert is_event_in_a_route("appeal.created", policy)
    assert not is_event_in_a_route("appeal.accepted", policy)


@pytest.mark.parametrize(
    ("name", "facts", "met"),
    [
        pytest.param(
            "Urgent harms, office hours",
            {"label": "SUICIDE"},
            (
                MatchedCondition("category", ("self_harm", "threat"), ("self_harm",)),
                MatchedCondition("during", ("office",)),
            ),
            id="every condition, and which of a list",
        ),
        pytest.param("Child safety", {"label": "SUICIDE"}, (), id="a route that would not take it"),
        pytest.param(None, {"label": "SUICIDE"}, (), id="the default path"),
        pytest.param("Gone", {"label": "SUICIDE"}, (), id="a route that the policy does not have"),
    ],
)
def test_a_route_says_why_it_took_an_item(
    name: str | None, facts: dict[str, str], met: tuple[MatchedCondition, ...]
) -> None:
    assert matched_conditions(name, a_subject(some_facts(**facts)), a_policy()) == met


def test_nobody_escapes_by_a_name_that_looks_like_an_excluded_one() -> None:
    policy = a_policy(
        routes=(replace(a_route("urgent", "All", label="THREAT"), unless=Conditions({"author": ("qa-bot",)})),)
    )
    for author in ("QA_BOT", "qa_bot", "qabot", "Qa-Bot"):
        assert choose_route(a_subject(some_facts(label="THREAT", author=author)), policy).route == "All"
    assert choose_route(a_subject(some_facts(label="THREAT", author="qa-bot")), policy).route is None
