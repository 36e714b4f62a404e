"""What is kept of one item does not depend on order or number of its events, and is bounded."""

from datetime import timedelta
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.model import facts as module
from escalator.model.facts import Content, Facts, normalized, sightings
from tests.builders import minute, some_facts
from tests.examples import examples

BOUNDED = settings(max_examples=examples(150), derandomize=True, database=None)

instants = st.integers(0, 6).map(minute)
names = st.sampled_from(["label", "report", "reason", "custom.a", "custom.b", "custom.c"])
values = st.sampled_from("abcdefgh")
facts = st.builds(
    Facts,
    st.dictionaries(names, st.dictionaries(values, instants, min_size=1, max_size=5), max_size=5),
    st.dictionaries(st.sampled_from(["recommended_action", "review:ana"]), st.tuples(instants, values)),
)


@pytest.fixture(autouse=True, scope="module")
def small():
    """Bounds that a test can reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_VALUES", 3)
        patch.setattr(module, "MAX_NAMES", 4)
        yield


@BOUNDED
@given(facts, facts, facts)
def test_merging_is_associative_even_where_the_bound_cuts(one: Facts, two: Facts, three: Facts) -> None:
    assert one.merged(two).merged(three) == one.merged(two.merged(three))


@BOUNDED
@given(facts, facts)
def test_merging_is_commutative(one: Facts, two: Facts) -> None:
    assert one.merged(two) == two.merged(one)


@BOUNDED
@given(facts, facts)
def test_merging_again_changes_nothing(one: Facts, two: Facts) -> None:
    both = one.merged(two)
    assert both.merged(two) == both.merged(one) == both


@BOUNDED
@given(facts, st.lists(facts, max_size=6))
def test_what_is_kept_is_bounded(one: Facts, others: list[Facts]) -> None:
    kept = reduce(Facts.merged, others, one.trimmed())
    assert len(kept.seen) <= 4
    assert all(len(said) <= 3 for said in kept.seen.values())


@BOUNDED
@given(facts, facts)
def test_trimming_what_was_joined_is_merging(one: Facts, two: Facts) -> None:
    assert one.trimmed().joined(two).trimmed() == one.merged(two)


def test_of_too_many_values_the_first_seen_are_kept() -> None:
    said = Facts({"report": {f"user-{count}": minute(9 - count) for count in range(5)}})
    assert set(said.trimmed().seen["report"]) == {"user-4", "user-3", "user-2"}


def test_of_too_many_names_the_customers_own_go_first() -> None:
    said = some_facts(rule="r", label="l", reason="r", **{f"custom.{name}": "x" for name in "abc"})
    assert list(said.trimmed().seen) == ["label", "reason", "rule", "custom.a"]


def test_joining_overlooks_nothing_for_want_of_room() -> None:
    full = some_facts(reason=["a", "b", "c"])
    assert full.joined(some_facts(5, reason="z")).values("reason") == {"a", "b", "c", "z"}


def test_of_one_value_the_earliest_time_counts_and_of_what_stream_replaces_the_newest() -> None:
    both = some_facts(2, "remove", label="HATE").merged(some_facts(1, "flag", label="HATE"))
    assert both.seen["label"]["HATE"] == minute(1)
    assert both.latest["recommended_action"] == (minute(2), "remove")


def test_the_newest_recommended_action_is_an_action_too() -> None:
    said = some_facts(1, "remove", action="flag").merged(some_facts(2, "shadow"))
    assert said.values("action") == {"flag", "shadow"}
    assert said.values("label") == frozenset()


def test_before_a_review_is_what_was_said_before_its_very_instant() -> None:
    said = some_facts(1, "flag", label="HATE").merged(some_facts(3, "remove", label="THREAT", report="user-7"))
    assert said.before(minute(3)) == Facts({"label": {"HATE": minute(1)}})
    assert said.before(minute(3) + timedelta(microseconds=1)) == said


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("Self Harm", id="case and spaces"),
        pytest.param("self-harm", id="hyphens"),
        pytest.param("SELF_HARM", id="underscores"),
        pytest.param("self\tharm\n", id="tabs and line ends"),
    ],
)
def test_labels_and_reasons_are_compared_without(said: str) -> None:
    assert normalized(said) == "selfharm"


def test_an_empty_value_is_no_sighting() -> None:
    assert sightings(["", "a"], minute(1)) == {"a": minute(1)}


def test_of_content_the_newest_is_kept_and_a_name_can_be_forgotten() -> None:
    both = Content({"text": (minute(2), "new"), "media": (minute(1), "x")}).merged(
        Content({"text": (minute(1), "old")})
    )
    assert (both["text"], both["media"], both["author_id"]) == ("new", "x", "")
    assert both.without("media")["media"] == ""
