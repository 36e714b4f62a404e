"""Whatever a signed body holds, it is read: nothing raises, and nothing that comes out can harm the database."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalator.model.facts import Observation
from escalator.stream.envelope import read_envelope
from escalator.stream.read_event import observe
from tests.stream.bodies import NAMES, RECEIVED_AT, a_flag, an_event, an_item_event, as_json, seen, stored

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**310)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["\x00", "\ud800", "0001-01-01T00:00:00Z", "keep", "stream:user", "user_report"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
SAMPLES = {name: json.loads(stored(name)) for name in NAMES}
HANDLED_TYPES = sorted({body["type"] for body in SAMPLES.values()})
KEYS = sorted(
    {key for name in NAMES for key in json.loads(stored(name))}
    | {"item", "flag", "details", "Message", "User", "matched_contents", "message", "target_user"}
)


def texts_of(observation: Observation) -> Iterator[str]:
    yield from (key.value for key in observation.keys)
    yield from observation.links.values()
    for name, sightings in observation.facts.seen.items():
        yield name
        yield from sightings
    yield from (value for _at, value in observation.facts.latest.values())
    yield from (value for _at, value in observation.content.latest.values())
    if observation.review:
        yield from (observation.review.by, observation.review.action)


def check(body: Any) -> None:
    read_envelope(as_json(body))
    found = observe(as_json(body), RECEIVED_AT)
    assert found == observe(body, RECEIVED_AT)
    if found is not None:
        for text in texts_of(found):
            assert "\x00" not in text
            text.encode()
        for sightings in found.facts.seen.values():
            assert all(at.utcoffset() is not None for at in sightings.values())


@given(st.sampled_from(HANDLED_TYPES), st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=8))
def test_any_object_of_a_known_type_is_read(event_type: str, body: dict[str, Any]) -> None:
    check({**body, "type": event_type})


def places_of(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*at, key)
        yield from places_of(inner, (*at, key))


PLACES = {name: [place for place in places_of(body) if place != ("type",)] for name, body in SAMPLES.items()}


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.data())
def test_any_sample_with_anything_anywhere_is_read(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    body = json.loads(stored(name))
    for place in data.draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=4)):
        _put(body, place, data.draw(ANYTHING))
    check(body)


def _put(body: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        inside = (
            isinstance(body, dict)
            and key in body
            or isinstance(body, list)
            and isinstance(key, int)
            and key < len(body)
        )
        if not inside:
            return
        body = body[key]
    if isinstance(body, dict) or isinstance(body, list) and isinstance(place[-1], int) and place[-1] < len(body):
        body[place[-1]] = value


def test_a_viral_item_stays_small_and_its_newest_reports_count() -> None:
    flags = [
        a_flag(
            type="user_report",
            user_id=f"user-{n}",
            reason=f"reason {n}",
            created_at=f"2026-08-20T14:{n // 60:02}:{n % 60:02}Z",
        )
        for n in range(3_000)
    ]
    found = seen(an_item_event(flags=flags)).facts
    assert len(found.seen["report"]) == len(found.seen["reason"]) == 500
    assert "user-2999" in found.seen["report"]


def test_endless_names_values_and_keys_are_bounded() -> None:
    custom = {f"key {n}": "v" * 5_000 for n in range(1_000)}
    found = seen(
        an_event(custom=custom, review_queue_item={"flags": [a_flag(labels=["L" * 9_000])], "severity": 90})
    ).facts
    assert len(found.seen) == 100
    assert found.values("severity_number") == {"90"}
    assert all(len(value) <= 200 for sightings in found.seen.values() for value in sightings)


@pytest.mark.parametrize("depth", [50, 250])
def test_a_deep_tree_of_labels_is_read_to_its_end(depth: int) -> None:
    tree: dict[str, Any] = {"name": "deepest"}
    for level in range(depth):
        tree = {"name": f"level {level}", "subclassifications": [tree]}
    images = {"photo": {"action": "flag", "classifications": [tree]}}
    found = seen(an_event("moderation.image_analysis.complete", images=images)).facts
    assert "deepest" in found.values("label")


def test_what_is_no_label_among_labels_is_passed_over() -> None:
    images = {"photo": {"action": "flag", "classifications": [7, "x", {"name": "Violence", "subclassifications": "y"}]}}
    assert seen(an_event("moderation.image_analysis.complete", images=images)).facts.values("label") == {"Violence"}


def test_a_label_cannot_carry_what_the_database_refuses() -> None:
    found = seen(an_item_event(id="a\x00b", flags=[a_flag(labels=["THR\x00EAT", "\udfff"])]))
    assert found.keys[0].value == "a\N{REPLACEMENT CHARACTER}b"
    assert found.facts.values("label") == {"THR\N{REPLACEMENT CHARACTER}EAT", "\N{REPLACEMENT CHARACTER}"}
