"""How each condition compares what the policy says with what is known of an item (RULES 2): one table, every key."""

import pytest

from escalator.engine.categorize import assess
from escalator.engine.routing import RoutingSubject, all_conditions_hold
from escalator.model.conditions import COMPARISONS, Comparison
from escalator.model.facts import Facts
from escalator.model.policy import Conditions
from escalator.policy.schema_routing import FACTS
from tests.builders import START, a_policy, some_facts

EXACT, LOOSE, WORD = Comparison.EXACT, Comparison.LOOSE, Comparison.WORD
EXPECTED = {
    "source": EXACT,
    "event": WORD,
    "category": LOOSE,
    "label": LOOSE,
    "severity": WORD,
    "min_severity": Comparison.COUNTED,
    "kind": WORD,
    "action": EXACT,
    "escalation_priority": WORD,
    "entity_type": Comparison.ENTITY_TYPE,
    "reporter": EXACT,
    "reason": LOOSE,
    "min_reports": Comparison.COUNTED,
    "rule": EXACT,
    "language": WORD,
    "channel": EXACT,
    "config_key": EXACT,
    "author": EXACT,
    "stream_team": EXACT,
    "during": Comparison.HOURS,
    "outside": Comparison.HOURS,
}
IDENTIFIERS = [name for name, compared in EXPECTED.items() if compared is EXACT and name != "source"]
OTHER_SPELLINGS = ("User-1-1", "user-11", "user_1_1", "user 1 1", "USER-1-1", " user-1-1", "user-1-1 ")


def asked(name: str, wanted: str, facts: Facts) -> bool:
    subject = RoutingSubject("chat-prod", facts, assess(facts, a_policy()), START)
    return all_conditions_hold(Conditions({name: (wanted,)}), subject, a_policy())


def known(name: str, value: str) -> Facts:
    return some_facts(**{name.replace(".", "__"): value})


def test_every_condition_of_the_language_has_its_comparison() -> None:
    assert COMPARISONS == EXPECTED
    assert set(FACTS) == set(EXPECTED)


@pytest.mark.parametrize("name", [*IDENTIFIERS, "custom.tier", "entity_type"])
def test_identifiers_are_compared_exactly(name: str) -> None:
    assert asked(name, "user-1-1", known(name, "user-1-1"))
    assert not [said for said in OTHER_SPELLINGS if asked(name, "user-1-1", known(name, said))]
    assert not [wanted for wanted in OTHER_SPELLINGS if asked(name, wanted, known(name, "user-1-1"))]


def test_the_source_is_compared_exactly() -> None:
    assert asked("source", "chat-prod", Facts())
    assert not any(asked("source", other, Facts()) for other in ("Chat-Prod", "chat_prod", "chatprod"))


@pytest.mark.parametrize("name", [name for name, compared in EXPECTED.items() if compared is LOOSE])
def test_labels_reasons_and_categories_are_compared_loosely(name: str) -> None:
    facts = known("label", "SELF_HARM") if name == "category" else known(name, "SELF_HARM")
    spellings = ("self_harm", "Self-Harm", "self harm", "selfharm", "SELF-HARM")
    assert all(asked(name, wanted, facts) for wanted in spellings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("event", "user.flagged"), ("kind", "text"), ("language", "en"), ("escalation_priority", "high")],
)
def test_words_of_a_fixed_list_are_compared_without_case_only(name: str, value: str) -> None:
    assert asked(name, value.upper(), known(name, value))
    assert not asked(name, value[0] + "-" + value[1:], known(name, value))


@pytest.mark.parametrize(("short", "long"), [("message", "stream:chat:v1:message"), ("user", "stream:user")])
def test_a_short_entity_type_is_the_long_one(short: str, long: str) -> None:
    assert asked("entity_type", short, known("entity_type", long))
    assert asked("entity_type", long, known("entity_type", short))
