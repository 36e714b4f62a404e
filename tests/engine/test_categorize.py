"""What facts amount to: categories, severity and content rule (RULES 1 and 2)."""

from dataclasses import replace

import pytest

from escalator.engine.categorize import assess, category_rules_digest, restriction_rules_digest
from escalator.engine.rounds import gravest_category
from escalator.model.levels import ContentRule, Severity
from escalator.model.policy import Category
from tests.builders import a_policy, some_facts

UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL = Severity


@pytest.mark.parametrize(
    ("seen", "severity", "reason"),
    [
        pytest.param({}, UNKNOWN, "nothing states a severity", id="nothing stated: unknown, never harmless"),
        pytest.param({"text_severity": "low"}, LOW, "Stream's text severity is low", id="the word low"),
        pytest.param({"text_severity": "HIGH"}, HIGH, "Stream's text severity is high", id="a word in any case"),
        pytest.param({"text_severity": "unknown"}, UNKNOWN, "nothing states a severity", id="the word unknown"),
        pytest.param({"text_severity": "dire"}, UNKNOWN, "nothing states a severity", id="a word nobody knows"),
        pytest.param(
            {"text_severity": ["low", "critical"]},
            CRITICAL,
            "Stream's text severity is critical",
            id="the highest word",
        ),
        pytest.param({"severity_number": "39.9"}, LOW, "Stream's score is 39.9", id="a number below every threshold"),
        pytest.param({"severity_number": "40"}, MEDIUM, "Stream's score is 40", id="a number at a threshold"),
        pytest.param({"severity_number": ["7", "70"]}, HIGH, "Stream's score is 70", id="the highest number, by value"),
        pytest.param({"severity_number": ["91", "100"]}, CRITICAL, "Stream's score is 100", id="of equals the higher"),
        pytest.param({"confidence": "0.96"}, UNKNOWN, "nothing states a severity", id="sure of a glass of wine"),
        pytest.param(
            {"confidence": "0.96", "label": "wine"}, UNKNOWN, "nothing states a severity", id="label of no category"
        ),
        pytest.param(
            {"confidence": "0.96", "label": "HATRED"}, CRITICAL, "Stream is 96% sure", id="sure of a category"
        ),
        pytest.param(
            {"confidence": ["0.2", "0.5"], "label": "HATRED"}, MEDIUM, "Stream is 50% sure", id="the most sure"
        ),
        pytest.param(
            {"confidence": "0.1", "label": "HATRED"}, LOW, "Stream is 10% sure", id="hardly sure of a category"
        ),
        pytest.param(
            {"confidence": ["0.96", "0.99"], "label": "HATRED"},
            CRITICAL,
            "Stream is 99% sure",
            id="of equals the surer",
        ),
        pytest.param(
            {"confidence": ["1e-05", "0.1"], "label": "HATRED"}, LOW, "Stream is 10% sure", id="the surer by value"
        ),
        pytest.param({"label": "hatred"}, UNKNOWN, "nothing states a severity", id="a category without a floor"),
        pytest.param({"label": "threat"}, HIGH, "Threat is at least high", id="a floor"),
        pytest.param({"label": "threat", "text_severity": "low"}, HIGH, "Threat is at least high", id="a floor lifts"),
        pytest.param(
            {"label": "threat", "severity_number": "95"}, CRITICAL, "Stream's score is 95", id="a floor is no ceiling"
        ),
        pytest.param(
            {"label": ["threat", "CSAM"]}, CRITICAL, "Child safety is at least critical", id="the highest floor"
        ),
        pytest.param(
            {"text_severity": "critical", "severity_number": "90", "label": "SUICIDE"},
            CRITICAL,
            "Stream's text severity is critical",
            id="of equal claims the word is the reason",
        ),
    ],
)
def test_severity_is_the_highest_of_what_is_stated(seen: dict[str, str], severity: Severity, reason: str) -> None:
    found = assess(some_facts(**seen), a_policy())
    assert (found.severity, found.reason) == (severity, reason)


@pytest.mark.parametrize(
    ("seen", "categories", "content"),
    [
        pytest.param({}, (), ContentRule.HIDE, id="no category: hidden"),
        pytest.param({"label": "self harm"}, ("self_harm",), ContentRule.HIDE, id="a label in any spelling"),
        pytest.param({"reason": "Self-Harm"}, ("self_harm",), ContentRule.HIDE, id="a reporter's reason"),
        pytest.param(
            {"label": "child safety"}, ("csam",), ContentRule.WITHHOLD, id="a label is no reason, but both fit"
        ),
        pytest.param({"reason": "CSAM"}, (), ContentRule.HIDE, id="a label as a reason does not fit"),
        pytest.param(
            {"label": ["THREAT", "SUICIDE"]},
            ("self_harm", "threat"),
            ContentRule.HIDE,
            id="the first in the file names it",
        ),
        pytest.param(
            {"label": ["HATRED", "DOXXING"]}, ("hate", "pii"), ContentRule.WITHHOLD, id="the strictest of all that fit"
        ),
        pytest.param(
            {"label": "HATRED", "reason": "child safety"},
            ("csam", "hate"),
            ContentRule.WITHHOLD,
            id="labels and reasons together",
        ),
    ],
)
def test_every_category_that_fits_counts(
    seen: dict[str, str], categories: tuple[str, ...], content: ContentRule
) -> None:
    found = assess(some_facts(**seen), a_policy())
    assert (found.categories, found.content) == (categories, content)
    assert found.category == (categories[0] if categories else None)


def test_what_is_shown_is_shown_only_while_nothing_stricter_fits() -> None:
    policy = a_policy(
        categories={
            "spam": Category("spam", "Spam", labels=("SPAM",), content=ContentRule.SHOW),
            "pii": Category("pii", "Personal data", labels=("PII",), content=ContentRule.WITHHOLD),
        }
    )
    assert assess(some_facts(label="SPAM"), policy).content is ContentRule.SHOW
    assert assess(some_facts(label=["SPAM", "PII"]), policy).content is ContentRule.WITHHOLD


def test_what_a_person_calls_it_is_its_category_whatever_its_labels() -> None:
    policy = a_policy(
        categories={"odd": Category("odd", "Odd", at_least=HIGH), "hate": Category("hate", "Hate", ("HATE",))}
    )
    found = assess(some_facts(category="odd"), policy)
    assert (found.category, found.severity, found.reason) == ("odd", HIGH, "Odd is at least high")
    assert assess(some_facts(category="odd", label="HATE"), policy).categories == ("odd", "hate")
    assert assess(some_facts(category="gone"), policy).categories == ()
    assert assess(some_facts(label="odd", reason="odd"), policy).categories == ()


HATE, SECRET = Category("hate", "Hate", labels=("HATRED",)), Category("secret", "Secret", restricted_to=("mods",))


@pytest.mark.parametrize(
    ("categories", "is_other", "is_other_restriction"),
    [
        pytest.param([HATE, SECRET], False, False, id="the same"),
        pytest.param([SECRET, HATE], False, False, id="in another order"),
        pytest.param([replace(HATE, title="Hatred"), SECRET], False, False, id="another title"),
        pytest.param([replace(HATE, labels=("hatred",)), SECRET], False, False, id="a label in other letters"),
        pytest.param([replace(HATE, labels=("ABUSE",)), SECRET], True, False, id="another label"),
        pytest.param([replace(HATE, reasons=("abuse",)), SECRET], True, False, id="one more reason"),
        pytest.param([HATE, replace(SECRET, labels=("S",))], True, True, id="another label of a restricted category"),
        pytest.param([SECRET], True, False, id="one category less"),
        pytest.param([HATE], True, True, id="no restricted category"),
    ],
)
def test_a_digest_changes_with_the_rules_for_choosing_categories(
    categories: list[Category], is_other: bool, is_other_restriction: bool
) -> None:
    before, after = (a_policy(categories={one.key: one for one in some}) for some in ([HATE, SECRET], categories))
    assert (category_rules_digest(after) != category_rules_digest(before)) is is_other
    assert (restriction_rules_digest(after) != restriction_rules_digest(before)) is is_other_restriction


def test_the_digest_of_all_begins_with_that_of_the_restricted_categories() -> None:
    policy = a_policy()
    whole, restricted = category_rules_digest(policy), restriction_rules_digest(policy)
    assert (len(whole), len(restricted), whole.startswith(restricted)) == (32, 16, True)


@pytest.mark.parametrize(
    ("first", "second", "gravest"),
    [
        pytest.param("csam", "hate", "csam", id="the one that comes first in the policy"),
        pytest.param("hate", "csam", "csam", id="whichever is named first"),
        pytest.param("gone", "hate", "hate", id="what the policy no longer has comes last"),
        pytest.param("gone", None, "gone", id="but stays where there is no other"),
        pytest.param(None, "gone", "gone", id="on either side"),
        pytest.param(None, None, None, id="none"),
    ],
)
def test_the_gravest_category(first: str | None, second: str | None, gravest: str | None) -> None:
    assert gravest_category(first, second, a_policy()) == gravest
