import pytest

from tests.stream.bodies import FLAGGED_AT, REVIEWED_AT, an_event, an_item_event, seen, stored_seen


def said(name: str) -> dict[str, str]:
    return {what: value for what, (_at, value) in stored_seen(name).content.latest.items()}


def test_what_a_person_wrote_and_who_they_are() -> None:
    assert said("review_queue_item.updated__escalate") == {
        "text": "I am going to end it all tonight",
        "language": "en",
        "author_id": "user-42",
        "author_name": "Jess",
        "account_created_at": "2026-07-11T14:03:07.123456+00:00",
        "flagged_before": "3",
        "note": "Possible credible threat",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("message.flagged__user_report", "you people disgust me"),
        ("moderation_rule.triggered__matched_contents", "you will regret this"),
        ("appeal.accepted", "I shot the sheriff"),
    ],
)
def test_text_is_found_wherever_it_stands(name: str, text: str) -> None:
    assert said(name)["text"] == text


def test_the_texts_of_a_payload_stand_under_each_other() -> None:
    event = an_item_event(moderation_payload={"texts": ["a title", "", "a body"]})
    assert seen(event).content["text"] == "a title\na body"


def test_the_flagger_is_never_taken_for_the_author() -> None:
    assert said("message.flagged__user_report")["author_name"] == "Jess"
    assert said("user.flagged")["author_name"] == "Jess"


def test_a_warning_in_a_call_is_no_content_of_its_user() -> None:
    assert said("call.moderation_warning") == {"author_id": "user-42"}


def test_media_is_a_list_of_addresses_each_once() -> None:
    assert said("review_queue_item.new__video_shadowed")["media"] == "https://example.com/v/1.mp4"
    event = an_item_event(moderation_payload={"images": ["https://example.com/1", "https://example.com/2"]})
    assert seen(event).content["media"] == "https://example.com/1\nhttps://example.com/2"


def test_content_is_as_new_as_its_event() -> None:
    assert {at for at, _value in stored_seen("review_queue_item.updated__ban").content.latest.values()} == {REVIEWED_AT}


def test_a_deletion_never_replaces_what_was_written() -> None:
    message = {"id": "m", "text": "goodbye", "type": "regular", "created_at": FLAGGED_AT.isoformat()}
    assert seen(an_event("message.deleted", message=message)).content.latest == {"text": (FLAGGED_AT, "goodbye")}
    placeholder = {**message, "type": "deleted", "text": "This message was deleted"}
    assert not seen(an_event("message.deleted", message=placeholder)).content.latest


def test_what_is_unknown_of_an_account_is_left_out() -> None:
    user = {"id": "user-42", "created_at": "?", "flagged_count": -1, "name": None}
    found = seen(an_item_event(entity_creator_id="user-42", entity_creator=user)).content
    assert set(found.latest) == {"author_id"}


def test_text_can_always_be_stored_and_is_bounded() -> None:
    found = seen(an_item_event(moderation_payload={"texts": ["a\x00b\ud800" + "c" * 100_000]})).content
    assert found["text"].startswith("a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c")
    assert len(found["text"]) == 20_000


def test_the_language_is_the_contents_not_the_authors() -> None:
    message = {"id": "m", "text": "hola", "i18n": {"language": "es"}, "user": {"id": "u", "language": "fr"}}
    assert seen(an_event("message.flagged", message=message)).content["language"] == "es"
    texts = {"title": {"action": "flag", "language": "de"}}
    assert seen(an_event("moderation.text_analysis.complete", texts=texts)).content["language"] == "de"
    assert seen(an_event("message.flagged", message={"id": "m", "text": "?"})).content["language"] == ""


@pytest.mark.parametrize(
    "item",
    [
        {"feeds_v3_comment": {"text": "I will do it tonight"}},
        {"feeds_v3_activity": {"text": "I will do it tonight", "type": "post"}},
        {"feeds_v2_reaction": {"kind": "comment", "data": {"text": "I will do it tonight"}}},
        {"feeds_v2_activity": {"verb": "post", "text": "I will do it tonight"}},
        {"reaction": {"kind": "comment", "data": {"text": "I will do it tonight"}}},
        {"activity": {"text": "I will do it tonight"}},
        {
            "feeds_v3_comment": {"text": "I will do it tonight"},
            "feeds_v3_activity": {"text": "What are your plans?"},
        },
    ],
    ids=lambda item: " and ".join(item),
)
def test_what_is_written_in_feeds_is_content(item: dict[str, object]) -> None:
    found = seen(an_item_event(**item))
    assert found.content["text"] == "I will do it tonight"
    assert "text" in found.facts.values("kind")


def test_a_comment_in_feeds_has_an_author_media_a_language_and_labels() -> None:
    comment = {
        "text": "look",
        "user": {"id": "user-42", "name": "Jess"},
        "attachments": [{"type": "image", "image_url": "https://example.com/1"}],
        "i18n": {"language": "de"},
        "moderation": {"text_harms": ["SELF_HARM"]},
    }
    found = seen(an_item_event(feeds_v3_comment=comment))
    said = {what: value for what, (_at, value) in found.content.latest.items()}
    assert said == {
        "text": "look",
        "author_id": "user-42",
        "author_name": "Jess",
        "media": "https://example.com/1",
        "language": "de",
    }
    assert found.facts.values("label") == {"SELF_HARM"}
    assert found.facts.values("author") == {"user-42"}


def test_the_payload_goes_before_what_is_written_in_feeds() -> None:
    event = an_item_event(moderation_payload={"texts": ["as it was checked"]}, feeds_v3_comment={"text": "as it is"})
    assert seen(event).content["text"] == "as it was checked"


@pytest.mark.parametrize("odd", [None, 7, "text", [], {"text": 7}, {"data": "text"}, {"data": {"text": None}}])
def test_what_is_odd_in_feeds_is_not_said(odd: object) -> None:
    assert "text" not in seen(an_item_event(feeds_v2_reaction=odd, feeds_v3_comment=odd)).content.latest
