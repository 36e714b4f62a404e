from datetime import timedelta

import pytest

from tests.stream.bodies import (
    FLAGGED_AGAIN_AT,
    FLAGGED_AT,
    RECEIVED_AT,
    REVIEWED_AT,
    a_flag,
    an_action,
    an_event,
    an_item,
    an_item_event,
    seen,
    stored_seen,
)

CREATED = FLAGGED_AT - timedelta(minutes=1)


def test_a_text_item_says_all_this() -> None:
    found = stored_seen("review_queue_item.new__text_self_harm_critical").facts
    assert {name: set(sightings) for name, sightings in found.seen.items()} == {
        "event": {"review_queue_item.new"},
        "kind": {"text"},
        "entity_type": {"stream:chat:v1:message"},
        "author": {"user-42"},
        "channel": {"messaging:general"},
        "config_key": {"chat:messaging"},
        "language": {"en"},
        "label": {"SELF_HARM"},
        "reporter": {"automod"},
        "text_severity": {"critical"},
        "severity_number": {"90"},
    }
    assert found.latest == {"recommended_action": (FLAGGED_AT, "flag")}


@pytest.mark.parametrize(
    ("name", "reporters"),
    [
        pytest.param("review_queue_item.new__text_self_harm_critical", {"automod"}, id="an engine's flag"),
        pytest.param("review_queue_item.new__user_report", {"user"}, id="a flag of type user_report"),
        pytest.param("message.flagged__user_report", {"user"}, id="message.flagged"),
        pytest.param("message.flagged__by_automod", {"automod"}, id="message.flagged created by automod"),
        pytest.param("user.flagged", {"user"}, id="user.flagged"),
        pytest.param("review_queue_item.updated__ban", {"moderator", "automod"}, id="the action's, beside the flag's"),
        pytest.param("review_queue_item.updated__shadow_block", {"admin", "automod"}, id="an admin's action"),
        pytest.param("review_queue_item.updated__delete_by_api_key", {"api_integration", "automod"}, id="an API key's"),
        pytest.param("moderation_check.completed__flag", {"automod"}, id="a check"),
        pytest.param("moderation_rule.triggered__content_webhook_only", {"automod"}, id="a rule"),
        pytest.param("moderation.text_analysis.complete__finding", {"automod"}, id="an analysis"),
        pytest.param("moderation.analysis.failed", {"automod"}, id="an analysis that failed"),
        pytest.param("call.moderation_blur", {"automod"}, id="a call"),
        pytest.param("user.banned__by_automation", {"automod"}, id="a ban that nobody gave"),
        pytest.param("user.banned__by_moderator_directly", {"moderator"}, id="a ban by a person"),
        pytest.param("appeal.created", set(), id="an appeal has none"),
    ],
)
def test_reporter(name: str, reporters: set[str]) -> None:
    assert stored_seen(name).facts.values("reporter") == reporters


@pytest.mark.parametrize(
    ("name", "reporters"),
    [
        ("review_queue_item.new__user_report", {"user-7"}),
        ("message.flagged__user_report", {"user-7"}),
        ("user.flagged", {"user-7"}),
        ("message.flagged__by_automod", set()),
        ("review_queue_item.new__text_self_harm_critical", set()),
    ],
)
def test_reports_are_counted_by_who_made_them(name: str, reporters: set[str]) -> None:
    assert stored_seen(name).facts.values("report") == reporters


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("review_queue_item.new__text_self_harm_critical", {"text"}),
        ("review_queue_item.new__image_violence_removed", {"image"}),
        ("review_queue_item.new__video_shadowed", {"video"}),
        ("review_queue_item.new__user_profile", {"user"}),
        ("message.flagged__user_report", {"text"}),
        ("user.flagged", {"user"}),
        ("user.banned__by_automation", {"user"}),
        ("call.moderation_warning", {"call"}),
        ("moderation_rule.triggered__call_violation_2", {"call"}),
        ("moderation_rule.triggered__matched_contents", {"call", "text", "image"}),
        ("moderation.text_analysis.complete__finding", {"text"}),
        ("moderation.image_analysis.complete__finding", {"image"}),
        ("moderation.flagged", set()),
    ],
)
def test_kind(name: str, kinds: set[str]) -> None:
    assert stored_seen(name).facts.values("kind") == kinds


def test_the_attachments_of_a_message_say_its_kind() -> None:
    message = {"id": "m", "text": "look", "attachments": [{"type": "Image", "image_url": "https://example.com/1"}]}
    assert seen(an_event("message.flagged", message=message)).facts.values("kind") == {"text", "image"}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("review_queue_item.new__image_violence_removed", {"Violence", "Weapons"}),
        ("moderation.text_analysis.complete__finding", {"THREAT", "INSULT"}),
        ("moderation.image_analysis.complete__finding", {"Violence", "Weapon Violence", "HATE_SPEECH"}),
        ("moderation_rule.triggered__matched_contents", {"THREAT", "Violence"}),
        ("message.flagged__by_automod", {"hate_speech"}),
        ("appeal.accepted", {"THREAT"}),
    ],
)
def test_labels_are_taken_from_wherever_stream_puts_them(name: str, labels: set[str]) -> None:
    assert stored_seen(name).facts.values("label") == labels


def test_a_flag_that_lists_no_labels_has_those_of_its_result() -> None:
    assert seen(an_item_event(flags=[a_flag(result=[{"label": "PII"}])])).facts.values("label") == {"PII"}
    labelled = a_flag(labels=["PII"], result=[{"label": "INSULT"}])
    assert seen(an_item_event(flags=[labelled])).facts.values("label") == {"PII"}


def test_reasons_are_the_reporters_and_the_escalating_moderators() -> None:
    assert stored_seen("review_queue_item.new__user_report").facts.values("reason") == {"harassment"}
    assert stored_seen("message.flagged__user_report").facts.values("reason") == {"harassment"}
    assert stored_seen("review_queue_item.updated__escalate").facts.values("reason") == {"legal_risk"}
    assert stored_seen("user.banned__by_automation").facts.values("reason") == {"velocity: too many reports"}


@pytest.mark.parametrize("name", ["review_queue_item.updated__ban", "user.banned__from_review_queue"])
def test_a_reviewing_moderators_reason_is_no_report(name: str) -> None:
    assert "reason" not in stored_seen(name).facts.seen


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("review_queue_item.updated__ban", {"ban", "flag"}),
        ("review_queue_item.updated__escalate", {"escalate", "flag"}),
        ("review_queue_item.new__image_violence_removed", {"remove"}),
        ("moderation_rule.triggered__call_violation_2", {"call_warning", "mute_video"}),
        ("moderation.custom_action", {"custom", "page_on_call", "flag"}),
        ("user.banned__by_automation", {"ban"}),
        ("call.moderation_blur", {"call_blur"}),
        ("call.moderation_warning", {"call_warning"}),
        ("moderation_check.completed__flag", {"flag"}),
        ("moderation.image_analysis.complete__finding", {"remove"}),
    ],
)
def test_actions_are_those_taken_and_the_newest_recommended(name: str, actions: set[str]) -> None:
    assert stored_seen(name).facts.values("action") == actions


def test_an_item_that_is_escalated_says_so_without_its_log() -> None:
    event = an_item_event(escalated=True, escalated_at=FLAGGED_AGAIN_AT.isoformat())
    assert seen(event).facts.seen["action"] == {"escalate": FLAGGED_AGAIN_AT}


def test_verdicts_that_disagree_recommend_nothing() -> None:
    texts = {"a": {"action": "flag"}, "b": {"action": "remove"}}
    assert not seen(an_event("moderation.text_analysis.complete", texts=texts)).facts.latest


def test_names_of_the_rule_the_team_the_policy_and_the_customers_own() -> None:
    found = stored_seen("moderation_rule.triggered__content_webhook_only").facts
    assert found.values("rule") == {"High-profile harms", "rule-1"}
    found = stored_seen("review_queue_item.new__video_shadowed").facts
    assert found.values("stream_team") == {"blue"}
    assert found.values("config_key") == {"chat:messaging"}
    assert found.values("custom.listing") == {"A-7"}
    assert found.values("custom.attempt") == {"2"}
    assert found.values("custom.verified") == {"false"}
    assert "custom.nested" not in found.seen


def test_custom_facts_come_from_event_item_and_flags() -> None:
    item = an_item(moderation_payload={"custom": {"b": 1.5}}, flags=[a_flag(custom={"c": "z"})])
    found = seen(an_event(review_queue_item=item, custom={"a": "x"})).facts
    assert [found.values(f"custom.{name}") for name in "abc"] == [{"x"}, {"1.5"}, {"z"}]


@pytest.mark.parametrize(
    ("stated", "word"),
    [
        ("critical", "critical"),
        ("LOW", "low"),
        (" High", "high"),
        ("", None),
        ("severe", None),
        ("unknown", None),
        (3, None),
    ],
)
def test_text_severity_is_a_known_word_or_not_stated(stated: object, word: str | None) -> None:
    found = seen(an_item_event(ai_text_severity=stated)).facts
    assert found.values("text_severity") == ({word} if word else set())


@pytest.mark.parametrize(
    ("stated", "number"),
    [
        (90, "90"),
        (1, "1"),
        (55.5, "55.5"),
        (0, None),
        (-5, None),
        (None, None),
        ("90", None),
        (True, None),
        (1e400, None),
        (10**400, None),
    ],
)
def test_the_severity_number_is_positive_or_not_stated(stated: object, number: str | None) -> None:
    found = seen(an_item_event(severity=stated)).facts
    assert found.values("severity_number") == ({number} if number else set())


@pytest.mark.parametrize(
    ("stated", "share"),
    [
        (0.96, "0.96"),
        (1, "1"),
        (93.4, "0.934"),
        (100, "1"),
        (0, None),
        (-1, None),
        (101, None),
        ("0.9", None),
        (True, None),
    ],
)
def test_confidence_is_a_share_or_a_percentage(stated: object, share: str | None) -> None:
    expected = {share} if share else set()
    assert seen(an_item_event(confidence_score=stated)).facts.values("confidence") == expected
    in_flag = an_item_event(flags=[a_flag(result=[{"confidence": 0.0001}, {"confidence": stated}])])
    assert seen(in_flag).facts.values("confidence") == (expected or {"0.0001"})


def test_of_many_flags_only_a_growing_confidence_counts() -> None:
    flags = [
        a_flag(result=[{"confidence": 0.5}], created_at=FLAGGED_AGAIN_AT.isoformat()),
        a_flag(result=[{"confidence": 0.6}]),
        a_flag(result=[{"confidence": 70}], created_at=REVIEWED_AT.isoformat()),
    ]
    assert seen(an_item_event(flags=flags)).facts.seen["confidence"] == {"0.6": FLAGGED_AT, "0.7": REVIEWED_AT}


def test_what_an_item_says_as_a_whole_is_as_old_as_its_newest_flag() -> None:
    flags = [a_flag(created_at=CREATED.isoformat()), a_flag()]
    item = an_item(
        created_at=CREATED.isoformat(), flags=flags, severity=80, ai_text_severity="high", confidence_score=0.9
    )
    found = seen(an_event(review_queue_item=item)).facts
    for name in ("severity_number", "text_severity", "confidence"):
        assert set(found.seen[name].values()) == {FLAGGED_AT}


def test_without_flags_it_is_as_old_as_the_item_and_without_that_as_the_event() -> None:
    assert seen(an_item_event(severity=80)).facts.seen["severity_number"] == {"80": FLAGGED_AT}
    assert seen(an_item_event(severity=80, created_at=None)).facts.seen["severity_number"] == {"80": REVIEWED_AT}


def test_a_label_is_as_old_as_its_flag_and_of_two_flags_the_older_counts() -> None:
    flags = [a_flag(labels=["THREAT"], created_at=FLAGGED_AGAIN_AT.isoformat()), a_flag(labels=["THREAT"])]
    assert seen(an_item_event(flags=flags)).facts.seen["label"] == {"THREAT": FLAGGED_AT}


def test_an_action_is_as_old_as_itself_and_a_recommendation_as_the_items_update() -> None:
    event = an_item_event(actions=[an_action(created_at=CREATED.isoformat())], recommended_action="remove")
    found = seen(event).facts
    assert found.seen["action"] == {"mark_reviewed": CREATED}
    assert found.latest["recommended_action"] == (REVIEWED_AT, "remove")


@pytest.mark.parametrize(
    ("times", "at"),
    [
        ({"created_at": REVIEWED_AT.isoformat(), "received_at": None}, REVIEWED_AT),
        ({"created_at": None, "received_at": FLAGGED_AT.isoformat()}, FLAGGED_AT),
        ({"created_at": "soon", "received_at": -1}, RECEIVED_AT),
    ],
)
def test_an_event_without_a_time_of_its_own_takes_the_next_best(times: dict[str, object], at: object) -> None:
    assert seen({"type": "moderation.flagged", **times}).at == at
