"""A drill: an event of our own, which Stream's door does not let in."""

from escalator.model.facts import ItemKey
from escalator.stream.drill import DrillRehearsal, body_of
from escalator.stream.envelope import EnvelopeKind, read_envelope
from escalator.stream.read_event import observe
from tests.fakes import START

REHEARSAL = DrillRehearsal("0198", "Fire drill", "Self-harm", "self_harm", "critical")


def test_it_says_what_is_rehearsed() -> None:
    said = observe(body_of(REHEARSAL), START)
    assert said is not None
    assert (said.drill, said.route, said.opens, said.waits, said.review) == (
        "Fire drill",
        "Self-harm",
        True,
        False,
        None,
    )
    assert {name: set(values) for name, values in said.facts.seen.items()} == {
        "event": {"escalator.drill"},
        "category": {"self_harm"},
        "severity": {"critical"},
    }
    assert said.content["text"].startswith("This is a drill.")


def test_what_the_route_does_not_name_is_not_said() -> None:
    said = observe(body_of(DrillRehearsal("0198", "Fire drill", "Anything")), START)
    assert said is not None
    assert set(said.facts.seen) == {"event"}


def test_each_drill_is_an_incident_of_its_own() -> None:
    said = observe(body_of(REHEARSAL), START)
    assert said is not None
    assert said.keys == (ItemKey("entity", "escalator:drill/0198"),)


def test_the_same_drill_is_the_same_bytes() -> None:
    assert body_of(REHEARSAL) == body_of(DrillRehearsal("0198", "Fire drill", "Self-harm", "self_harm", "critical"))


def test_streams_door_does_not_take_it() -> None:
    assert read_envelope(body_of(REHEARSAL)).kind is EnvelopeKind.IGNORED
