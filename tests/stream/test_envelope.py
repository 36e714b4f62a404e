import pytest

from escalator.errors import InvalidEvent
from escalator.stream.envelope import EnvelopeKind, read_envelope
from tests.stream.bodies import as_json


def kind_of(**body: object) -> EnvelopeKind:
    return read_envelope(as_json(body)).kind


@pytest.mark.parametrize(
    "event_type",
    [
        "review_queue_item.new",
        "review_queue_item.updated",
        "moderation.custom_action",
        "moderation_rule.triggered",
        "moderation.analysis.failed",
        "message.flagged",
        "user.flagged",
        "user.banned",
        "call.moderation_warning",
        "call.moderation_blur",
        "call.moderation_of_the_future",
        "moderation_check.completed",
        "moderation.flagged",
        "moderation.mark_reviewed",
        "message.deleted",
        "message.undeleted",
        "message.unblocked",
        "user.unbanned",
        "flag.updated",
        "appeal.created",
        "appeal.accepted",
        "appeal.rejected",
        "moderation.text_analysis.complete",
        "moderation.image_analysis.complete",
    ],
)
def test_known_types_are_kept_whole_even_when_nothing_else_is_there(event_type: str) -> None:
    assert kind_of(type=event_type) is EnvelopeKind.HANDLED


@pytest.mark.parametrize(
    "event_type", ["message.new", "user.muted", "call.ended", "export.review_queue.success", "REVIEW_QUEUE_ITEM.NEW"]
)
def test_everything_else_leaves_only_its_type(event_type: str) -> None:
    assert read_envelope(as_json({"type": event_type})).type == event_type
    assert kind_of(type=event_type) is EnvelopeKind.IGNORED


@pytest.mark.parametrize(
    ("recommended", "kind"),
    [
        ("keep", EnvelopeKind.IGNORED),
        ("KEEP ", EnvelopeKind.IGNORED),
        ("flag", EnvelopeKind.HANDLED),
        ("remove", EnvelopeKind.HANDLED),
        ("", EnvelopeKind.HANDLED),
        (None, EnvelopeKind.HANDLED),
        (["keep"], EnvelopeKind.HANDLED),
    ],
)
def test_a_check_is_ignored_only_when_it_says_keep(recommended: object, kind: EnvelopeKind) -> None:
    assert kind_of(type="moderation_check.completed", recommended_action=recommended) is kind


KEPT = {"action": "keep", "classifications": []}


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"texts": {"title": KEPT}}, id="all texts kept"),
        pytest.param({"texts": {"title": {"action": "KEEP", "severity": "LOW"}}}, id="kept, low, no label"),
        pytest.param({"images": {"photo": {**KEPT, "confidence": 0.4}}, "texts": None}, id="all images kept"),
        pytest.param({"texts": {}}, id="nothing to analyse"),
    ],
)
def test_an_analysis_that_found_nothing_is_ignored(sections: dict[str, object]) -> None:
    assert kind_of(type="moderation.text_analysis.complete", **sections) is EnvelopeKind.IGNORED
    assert kind_of(type="moderation.image_analysis.complete", **sections) is EnvelopeKind.IGNORED


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"texts": {"a": KEPT, "b": {"action": "flag"}}}, id="one of two is flagged"),
        pytest.param({"texts": {"a": KEPT}, "images": {"b": {"action": "remove"}}}, id="the image beside a kept text"),
        pytest.param({"texts": {"a": {**KEPT, "classifications": [{"name": "INSULT"}]}}}, id="kept, but labelled"),
        pytest.param({"images": {"a": {**KEPT, "ocr_classifications": [{"name": "PII"}]}}}, id="kept, words labelled"),
        pytest.param({"texts": {"a": {**KEPT, "severity": "HIGH"}}}, id="kept, but severe"),
        pytest.param({"texts": {"a": {"error": "timeout"}}}, id="not determined"),
        pytest.param({"texts": {"a": {**KEPT, "error": "timeout"}}}, id="kept, but with an error"),
        pytest.param({"texts": {"a": {}}}, id="no verdict in it"),
        pytest.param({"texts": {"a": "keep"}}, id="a verdict of another form"),
        pytest.param({"texts": [KEPT]}, id="verdicts of another form"),
        pytest.param({"texts": None, "images": None}, id="no verdicts at all"),
    ],
)
def test_what_is_not_shown_to_be_clean_is_a_finding(sections: dict[str, object]) -> None:
    assert kind_of(type="moderation.text_analysis.complete", **sections) is EnvelopeKind.HANDLED


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b"", "_schema", id="nothing"),
        pytest.param(b"{", "_schema", id="cut off"),
        pytest.param(b"\xff\xfe\xff", "_schema", id="no text"),
        pytest.param(b"[" * 100_000, "_schema", id="endless nesting"),
        pytest.param(b'{"type":"message.new","n":' + b"9" * 10_000 + b"}", "_schema", id="an endless number"),
        pytest.param(b"[]", "_schema", id="a list"),
        pytest.param(b'"message.flagged"', "_schema", id="a text"),
        pytest.param(b"null", "_schema", id="null"),
        pytest.param(b"{}", "type", id="no type"),
        pytest.param(b'{"type":null}', "type", id="type null"),
        pytest.param(b'{"type":["message.flagged"]}', "type", id="type no text"),
        pytest.param(b'{"type":""}', "type", id="type empty"),
        pytest.param(as_json({"type": "a" * 101}), "type", id="type too long"),
    ],
)
def test_what_is_no_event_is_answered_with_marshmallows_errors(body: bytes, field: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        read_envelope(body)
    assert list(refused.value.errors) == [field]
    assert all(isinstance(message, str) for message in refused.value.errors[field])


def test_a_type_can_always_be_stored() -> None:
    assert (
        read_envelope(b'{"type":"message\\u0000.new\\ud800"}').type
        == "message\N{REPLACEMENT CHARACTER}.new\N{REPLACEMENT CHARACTER}"
    )


def queue_of(**body: object) -> str:
    return read_envelope(as_json({"type": "review_queue_item.new", **body})).queue


def test_events_flagged_as_the_same_harm_wait_in_one_queue_whatever_else_they_say() -> None:
    flags = [{"labels": ["THREAT", "INSULT"], "reason": ""}]
    queue = queue_of(flags=flags, review_queue_item={"id": "1"})
    assert queue == queue_of(review_queue_item={"id": "2", "flags": [{"labels": ["INSULT"]}, {"labels": ["THREAT"]}]})
    assert len(queue) == 16


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param([{"labels": ["SELF_HARM"]}], id="another label"),
        pytest.param([{"labels": ["THREAT"]}, {"reason": "self harm"}], id="a reason beside it"),
        pytest.param([], id="no flag"),
    ],
)
def test_what_is_flagged_as_another_harm_waits_in_another_queue(flags: list[object]) -> None:
    assert queue_of(flags=flags) != queue_of(flags=[{"labels": ["THREAT"]}])


@pytest.mark.parametrize(
    "flags",
    [None, "THREAT", [None, 1, "THREAT"], [{"labels": "THREAT"}], [{"labels": [None, 7, {}], "reason": []}]],
    ids=["nothing", "a text", "no objects", "labels no list", "labels no texts"],
)
def test_flags_that_say_nothing_make_no_queue(flags: object) -> None:
    assert queue_of(flags=flags, review_queue_item=flags) == ""


def test_a_label_that_cannot_be_encoded_has_a_queue_all_the_same() -> None:
    assert queue_of(flags=[{"labels": ["\ud800"]}])
