import json
from datetime import UTC, datetime
from itertools import count

import pytest

from escalator.stream.envelope import EnvelopeKind, read_envelope
from escalator.stream.read_event import observe
from escalator.stream.samples import DEFAULT, MODERATOR, REVIEW, SAMPLES, sample

NOW = datetime(2026, 8, 20, 14, 0, tzinfo=UTC)
GRAPHIC = ("kill", "murder", "suicide", "blood", "die", "child", "sex", "rape")


def ids() -> object:
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_an_event_that_means_something(name: str) -> None:
    body = sample(name, NOW, ids())
    found = observe(body, NOW)
    assert read_envelope(body).kind is EnvelopeKind.HANDLED
    assert found is not None
    assert found.at == NOW
    assert found.keys
    assert found.opens
    assert found.facts.values("custom.sample") == {name}


@pytest.mark.parametrize("name", SAMPLES)
def test_two_calls_are_two_incidents_and_a_given_item_is_one(name: str) -> None:
    new_id = ids()
    keys = [observe(sample(name, NOW, new_id), NOW).keys for _ in range(2)]
    assert not set(keys[0]) & set(keys[1])
    same = [observe(sample(name, NOW, new_id, "item-1"), NOW).keys for _ in range(2)]
    assert same[0] == same[1]


def test_the_default_is_a_threat() -> None:
    found = observe(sample(DEFAULT, NOW, ids()), NOW)
    assert found.facts.values("label") == {"THREAT"}
    assert found.facts.values("text_severity") == {"high"}


def test_only_the_review_is_one_and_it_joins_the_item_it_is_given() -> None:
    reviews = {name: observe(sample(name, NOW, ids()), NOW).review for name in SAMPLES}
    assert [name for name, review in reviews.items() if review] == [REVIEW]
    review, threat = (observe(sample(name, NOW, ids(), "item-1"), NOW) for name in (REVIEW, DEFAULT))
    assert review.review.by == MODERATOR
    assert review.keys == threat.keys
    assert review.facts.values("label") == threat.facts.values("label")


@pytest.mark.parametrize("name", SAMPLES)
def test_no_sample_holds_a_graphic_word_in_its_content(name: str) -> None:
    words = observe(sample(name, NOW, ids()), NOW).content["text"].lower().split()
    assert not set(words) & set(GRAPHIC)


def test_a_sample_about_children_has_no_content_at_all() -> None:
    body = json.loads(sample("csam_report", NOW, ids()))
    assert body["review_queue_item"]["message"]["text"] == ""
    assert body["review_queue_item"]["moderation_payload"]["texts"] == []


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError):
        sample("nothing", NOW, ids())
