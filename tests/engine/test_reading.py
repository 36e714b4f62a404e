"""Who may be shown hidden text: roles, content rules and restrictions (RULES 3 and 5), as a table."""

from dataclasses import replace

import pytest

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.incident_change import Change
from escalator.engine.permissions import Refusal, RefusalReason, check_permission
from escalator.model.incident import Incident, Verb
from escalator.model.levels import ContentRule, Role
from escalator.model.policy import Category, Person, Policy, Team
from tests.builders import EXAMPLE_POLICY, a_policy, an_incident, minute, rules, some_facts

READERS = {Role.MODERATOR, Role.SENIOR, Role.ADMIN}
HIDE, WITHHOLD = ContentRule.HIDE, ContentRule.WITHHOLD
MINE, OTHERS, OPEN = ("mine",), ("others",), ()


def a_world(role: Role, *categories: tuple[ContentRule, tuple[str, ...]]) -> tuple[Person, Incident, Policy]:
    me = Person("me", "Me", role=role)
    made = {
        f"harm{place}": Category(f"harm{place}", "Harm", labels=("HARM",), content=rule, restricted_to=teams)
        for place, (rule, teams) in enumerate(categories)
    }
    teams = {"mine": Team("mine", ("me",)), "others": Team("others", ("ben",))}
    policy = a_policy(people={**EXAMPLE_POLICY.people, "me": me}, teams=teams, categories=made)
    incident = an_incident(facts=some_facts(label="HARM"), category="harm0", content_rule=categories[0][0])
    return me, incident, policy


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("categories", "reads_there", "reads_in_slack"),
    [
        pytest.param([(HIDE, OPEN)], True, True, id="hidden"),
        pytest.param([(HIDE, MINE)], True, True, id="hidden, restricted to a team of theirs"),
        pytest.param([(HIDE, OTHERS)], False, False, id="hidden, restricted to others"),
        pytest.param([(WITHHOLD, MINE)], True, False, id="withheld, they are named: in the dashboard only"),
        pytest.param([(WITHHOLD, OTHERS)], False, False, id="withheld, others are named"),
        pytest.param([(WITHHOLD, OPEN)], False, False, id="withheld, nobody is named"),
        pytest.param([(WITHHOLD, MINE), (WITHHOLD, OPEN)], False, False, id="withheld twice, once from everybody"),
        pytest.param([(WITHHOLD, MINE), (HIDE, OTHERS)], False, False, id="withheld, and also restricted to others"),
        pytest.param([(HIDE, OPEN), (WITHHOLD, MINE)], True, False, id="a lesser harm withholds it for them"),
    ],
)
def test_who_is_shown_the_text(role: Role, categories, reads_there: bool, reads_in_slack: bool) -> None:
    me, incident, policy = a_world(role, *categories)
    there = check_permission(Verb.REVEAL, me, incident, policy, is_in_dashboard=True)
    assert (there is None) is (reads_there and role in READERS)
    assert (check_permission(Verb.REVEAL, me, incident, policy) is None) is (reads_in_slack and role in READERS)


def test_whoever_may_read_it_in_the_dashboard_reads_it_there_and_nowhere_else() -> None:
    me, incident, policy = a_world(Role.MODERATOR, (WITHHOLD, MINE))
    act = ActionRequest(Verb.REVEAL, me, "dashboard", is_in_dashboard=True)
    assert isinstance(apply_action(act, incident, rules(policy), minute(1)), Change)
    refused = apply_action(replace(act, is_in_dashboard=False), incident, rules(policy), minute(1))
    assert refused == Refusal(RefusalReason.WITHHELD)


def test_what_was_withheld_at_its_opening_stays_so_whatever_the_policy_says_now() -> None:
    me, incident, policy = a_world(Role.ADMIN, (HIDE, OPEN))
    refused = check_permission(Verb.REVEAL, me, replace(incident, content_rule=WITHHOLD), policy, is_in_dashboard=True)
    assert refused is not None
    assert refused.why is RefusalReason.WITHHELD
