"""Who may do what (the table of RULES 3)."""

from dataclasses import replace

import pytest

from escalator.engine.permissions import (
    RefusalReason,
    allowed_people,
    check_permission,
    is_withheld,
    may_show_pictures,
    may_view_category,
    people_allowed_to_view,
    people_who_may_acknowledge,
)
from escalator.model.incident import Incident, State, Verb
from escalator.model.levels import ContentRule, Role
from escalator.model.policy import Category, Person, Policy, Team
from tests.builders import EXAMPLE_POLICY, a_policy, an_incident, minute, some_facts

OWN, UNOWNED, ANOTHERS, TRIGGERED = "own", "nobody's", "somebody else's", "triggered, though somebody is named"
EVERYWHERE = {OWN, UNOWNED, ANOTHERS, TRIGGERED}
NOT_ANOTHERS = {OWN, UNOWNED, TRIGGERED}
READERS, MODERATOR, SENIORS = (Role.AUDITOR, Role.VIEWER), (Role.MODERATOR,), (Role.SENIOR, Role.ADMIN)


def held(whose: str) -> Incident:
    owner = {OWN: "me", UNOWNED: None, ANOTHERS: "ben", TRIGGERED: "ben"}[whose]
    return an_incident(state=State.TRIGGERED if whose == TRIGGERED else State.ACKNOWLEDGED, owner=owner)


TABLE = [
    *((verb, READERS, set()) for verb in Verb),
    (Verb.ACKNOWLEDGE, MODERATOR, EVERYWHERE),
    (Verb.ESCALATE_NOW, MODERATOR, EVERYWHERE),
    (Verb.REVEAL, MODERATOR, EVERYWHERE),
    (Verb.NOTE, MODERATOR, EVERYWHERE),
    (Verb.TAKE_OVER, MODERATOR, EVERYWHERE),  # from whom, the rota says: test_taking_over
    (Verb.RELEASE, MODERATOR, NOT_ANOTHERS),
    (Verb.HAND_OVER, MODERATOR, NOT_ANOTHERS),
    (Verb.STILL_ON_IT, MODERATOR, NOT_ANOTHERS),
    (Verb.SNOOZE, MODERATOR, NOT_ANOTHERS),
    (Verb.RESOLVE, MODERATOR, NOT_ANOTHERS),
    (Verb.FALSE_ALARM, MODERATOR, NOT_ANOTHERS),
    (Verb.STREAM_ACTION, MODERATOR, NOT_ANOTHERS),
    (Verb.REOPEN, MODERATOR, set()),
    *((verb, SENIORS, EVERYWHERE) for verb in Verb),
]
ROWS = [
    pytest.param(verb, role, whose, whose in where, id=f"{role} {verb} {whose}")
    for verb, roles, where in TABLE
    for role in roles
    for whose in (OWN, UNOWNED, ANOTHERS, TRIGGERED)
]


def test_the_table_is_whole() -> None:
    assert len(ROWS) == len(Verb) * len(Role) * len(EVERYWHERE) == len({row.id for row in ROWS})


@pytest.mark.parametrize(("verb", "role", "whose", "may"), ROWS)
def test_who_may_do_what(verb: Verb, role: Role, whose: str, may: bool) -> None:
    me = Person("me", "Me", role=role)
    policy = a_policy(people={**EXAMPLE_POLICY.people, "me": me})
    assert (check_permission(verb, me, held(whose), policy) is None) is may


def test_whoever_holds_it_is_named_with_the_time() -> None:
    incident = replace(held(ANOTHERS), acknowledged_at=minute(2))
    refused = check_permission(Verb.RELEASE, EXAMPLE_POLICY.people["ana"], incident, EXAMPLE_POLICY)
    assert refused is not None
    assert (refused.why, refused.by, refused.at) == (RefusalReason.NOT_YOURS, "ben", minute(2))


@pytest.mark.parametrize(
    ("owner", "person", "may"),
    [
        pytest.param("child-safety", "ana", True, id="a member of the team that owns it"),
        pytest.param("child-safety", "chen", False, id="no member of the team that owns it"),
        pytest.param("person:ana", "ana", True, id="assigned to a person"),
        pytest.param("schedule:seniors-on-call", "ana", False, id="assigned to a rota without them"),
        pytest.param("gone", "ana", False, id="owned by a team that is gone: a matter for seniors"),
    ],
)
def test_what_a_team_owns_is_its_members(owner: str, person: str, may: bool) -> None:
    incident = an_incident(state=State.ACKNOWLEDGED, owner=owner)
    policy = a_policy(
        people={**EXAMPLE_POLICY.people, "chen": replace(EXAMPLE_POLICY.people["chen"], role=Role.MODERATOR)}
    )
    assert (check_permission(Verb.RELEASE, policy.people[person], incident, policy) is None) is may


CSAM = some_facts(label="CSAM")


@pytest.mark.parametrize(
    ("thumbnails", "label", "rule", "may"),
    [
        pytest.param(True, "SELF_HARM", ContentRule.HIDE, True, id="its source says so"),
        pytest.param(False, "SELF_HARM", ContentRule.HIDE, False, id="its source does not"),
        pytest.param(True, "CSAM", ContentRule.HIDE, False, id="a category that fits withholds it now"),
        pytest.param(True, "SELF_HARM", ContentRule.WITHHOLD, False, id="it was withheld when it was opened"),
    ],
)
def test_pictures_are_shown_where_the_source_says_so_and_nothing_withholds_them(
    thumbnails: bool, label: str, rule: ContentRule, may: bool
) -> None:
    incident = an_incident(facts=some_facts(label=label), content_rule=rule)
    sources = {incident.source: replace(EXAMPLE_POLICY.sources[incident.source], thumbnails=thumbnails)}
    assert may_show_pictures(incident, a_policy(sources=sources)) is may
    assert not may_show_pictures(replace(incident, source="gone"), a_policy(sources=sources))


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize(
    ("person", "may"),
    [
        pytest.param("ana", True, id="a member"),
        pytest.param("dana", True, id="a member of the other team"),
        pytest.param("eli", False, id="an admin who is in neither"),
    ],
)
def test_a_restricted_category_is_for_who_is_named_whatever_the_role(verb: Verb, person: str, may: bool) -> None:
    incident = an_incident(facts=CSAM, category="csam", state=State.ACKNOWLEDGED)
    refused = check_permission(verb, EXAMPLE_POLICY.people[person], incident, EXAMPLE_POLICY)
    assert (refused is None or refused.why is not RefusalReason.RESTRICTED) is may


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param(["SPAM"], None, id="not restricted: everybody"),
        pytest.param(["A"], {"ana", "ben"}, id="one team"),
        pytest.param(["SPAM", "A"], {"ana", "ben"}, id="restricted by any category that fits, not only the first"),
        pytest.param(["A", "B"], {"ben"}, id="two restrictions: who is in both"),
        pytest.param(["A", "C"], {"ana", "ben"}, id="nobody in both: those of the gravest, for somebody must answer"),
    ],
)
def test_who_alone_may_answer(labels: list[str], expected: set[str] | None) -> None:
    teams = {"a": Team("a", ("ana", "ben")), "b": Team("b", ("ben", "chen")), "c": Team("c", ("dana",))}
    categories = {
        "spam": Category("spam", "Spam", labels=("SPAM",)),
        **{key: Category(key, key, labels=(key.upper(),), restricted_to=(key,)) for key in teams},
    }
    policy = a_policy(teams=teams, categories=categories)
    assert allowed_people(an_incident(facts=some_facts(label=labels), category=None), policy) == expected


def test_the_frozen_category_restricts_even_when_its_facts_are_gone() -> None:
    assert allowed_people(an_incident(facts=some_facts(), category="csam"), EXAMPLE_POLICY) == {
        "ana",
        "ben",
        "dana",
        "chen",
    }


STRICTER = a_policy(
    categories={
        **EXAMPLE_POLICY.categories,
        "self_harm": replace(EXAMPLE_POLICY.categories["self_harm"], content=ContentRule.WITHHOLD),
    }
)


@pytest.mark.parametrize(
    ("incident", "policy", "withheld"),
    [
        pytest.param(an_incident(), EXAMPLE_POLICY, False, id="hidden by both"),
        pytest.param(an_incident(content_rule=ContentRule.WITHHOLD), EXAMPLE_POLICY, True, id="withheld when frozen"),
        pytest.param(an_incident(), STRICTER, True, id="withheld by the policy that runs now"),
        pytest.param(
            an_incident(facts=some_facts(label=["SUICIDE", "PII"])), EXAMPLE_POLICY, True, id="by any category"
        ),
    ],
)
def test_of_the_content_rule_the_stricter_of_frozen_and_running_holds(
    incident: Incident, policy: Policy, withheld: bool
) -> None:
    assert is_withheld(incident, policy) is withheld
    refused = check_permission(Verb.REVEAL, EXAMPLE_POLICY.people["dana"], incident, policy)
    assert (refused is not None and refused.why is RefusalReason.WITHHELD) is withheld


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        pytest.param("self_harm", ["ana", "ben", "chen", "dana", "eli"], id="open to all whose role is enough"),
        pytest.param("csam", ["ana", "ben", "chen", "dana"], id="restricted: only who is named"),
    ],
)
def test_who_may_take_an_incident(category: str, expected: list[str]) -> None:
    people = {**EXAMPLE_POLICY.people, "vera": Person("vera", "Vera", role=Role.VIEWER)}
    incident = an_incident(facts=some_facts(), category=category)
    assert [one.key for one in people_who_may_acknowledge(incident, a_policy(people=people))] == expected


@pytest.mark.parametrize(
    ("person", "may"),
    [
        pytest.param("ana", True, id="in one of its teams"),
        pytest.param("dana", True, id="in the other"),
        pytest.param("eli", False, id="in neither, whatever the role"),
    ],
)
def test_who_may_see_a_restricted_category(person: str, may: bool) -> None:
    categories = EXAMPLE_POLICY.categories
    assert may_view_category(person, categories["csam"], EXAMPLE_POLICY) is may
    assert may_view_category(person, categories["threat"], EXAMPLE_POLICY) is True


@pytest.mark.parametrize(
    ("fits", "expected"),
    [
        pytest.param([], None, id="nothing fits"),
        pytest.param(["hate"], None, id="what is open to all"),
        pytest.param(["hate", "csam"], {"ana", "ben", "dana", "chen"}, id="what is restricted besides"),
        pytest.param(["gone"], None, id="what the policy does not have"),
    ],
)
def test_who_may_view_what_fits_some_categories(fits: list[str], expected: set[str] | None) -> None:
    assert people_allowed_to_view(fits, EXAMPLE_POLICY) == expected
