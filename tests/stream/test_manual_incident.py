"""An incident that a person opens: an event of our own, which Stream's door does not let in."""

from dataclasses import replace

import pytest

from escalator.model.facts import ItemKey
from escalator.stream.envelope import EnvelopeKind, read_envelope
from escalator.stream.manual_incident import ManualReport, body_of
from escalator.stream.read_event import observe
from tests.fakes import START

REPORT = ManualReport("V1", "self_harm", "she said goodbye", "ana", "slack", "m-1", "user-42")


def test_it_says_who_opens_what_and_where() -> None:
    said = observe(body_of(REPORT), START)
    assert said is not None
    assert (said.event_type, said.at, said.opens, said.waits, said.only_if_named) == (
        "escalator.manual",
        START,
        True,
        False,
        False,
    )
    assert (said.opened_by, said.via, said.review) == ("ana", "slack", None)
    assert {name: set(values) for name, values in said.facts.seen.items()} == {
        "event": {"escalator.manual"},
        "category": {"self_harm"},
        "reporter": {"moderator"},
        "author": {"user-42"},
    }
    assert (said.content["text"], said.content["author_id"]) == ("she said goodbye\nm-1", "user-42")


def test_what_is_not_known_is_not_said() -> None:
    said = observe(body_of(ManualReport("V1", "hate", "look", "ana", "slack")), START)
    assert said is not None
    assert set(said.facts.seen) == {"event", "category", "reporter"}
    assert dict(said.links) == {}
    assert set(said.content.latest) == {"text"}


def test_it_is_an_incident_of_its_own_even_about_a_known_item() -> None:
    said = observe(body_of(REPORT), START)
    assert said is not None
    assert said.keys == (ItemKey("entity", "escalator:manual/V1"),)


@pytest.mark.parametrize(
    ("item", "links"),
    [
        pytest.param("m-1", {"entity_id": "m-1", "user_id": "user-42"}, id="an id"),
        pytest.param("https://example.com/m-1?x=1", {"user_id": "user-42"}, id="an address is none"),
        pytest.param("the third from above", {"user_id": "user-42"}, id="words are none"),
        pytest.param("x" * 500, {"user_id": "user-42"}, id="too long for one"),
    ],
)
def test_an_id_fills_the_dashboards_link_but_never_as_streams_own_item(item: str, links: dict[str, str]) -> None:
    said = observe(body_of(ManualReport("V1", "hate", "look", "ana", "slack", item, "user-42")), START)
    assert said is not None
    assert dict(said.links) == links


def test_the_same_form_is_the_same_bytes() -> None:
    assert body_of(REPORT) == body_of(REPORT)
    assert body_of(REPORT) != body_of(replace(REPORT, id="V2"))


def test_what_no_database_takes_is_replaced() -> None:
    said = observe(body_of(ManualReport("V1", "hate", "a\x00b\ud800", "ana", "slack")), START)
    assert said is not None
    assert said.content["text"] == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_at_streams_door_it_means_nothing() -> None:
    assert read_envelope(body_of(REPORT)).kind is EnvelopeKind.IGNORED
