import pytest

from escalator.model.facts import ItemKey
from tests.stream.bodies import (
    ITEM_ID,
    MESSAGE_ID,
    MESSAGE_TYPE,
    a_flag,
    an_event,
    an_item_event,
    seen,
    stored_seen,
)

ITEM = ItemKey("item", ITEM_ID)
MESSAGE = ItemKey("entity", f"{MESSAGE_TYPE}/{MESSAGE_ID}")
JESS = ItemKey("entity", "stream:user/user-42")
CALL = ItemKey("entity", "call/default:call-1")
LISTING = ItemKey("entity", "acme:listing/listing-991")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        pytest.param("review_queue_item.new__text_self_harm_critical", (ITEM, MESSAGE), id="an item and its entity"),
        pytest.param("review_queue_item.updated__ban", (ITEM, MESSAGE), id="a review joins by the same keys"),
        pytest.param("moderation.mark_reviewed", (ITEM, MESSAGE), id="mark_reviewed calls it item"),
        pytest.param("moderation_check.completed__flag", (ITEM, MESSAGE), id="a check names both"),
        pytest.param("moderation_rule.triggered__content_webhook_only", (ITEM, MESSAGE), id="a rule names both"),
        pytest.param("moderation_rule.triggered__call_violation_2", (CALL,), id="a rule about a call"),
        pytest.param("call.moderation_blur", (CALL,), id="a moderated call is that same call"),
        pytest.param("moderation.flagged", (MESSAGE,), id="content_type and object_id are the entity"),
        pytest.param("message.flagged__user_report", (MESSAGE,), id="message.flagged is its message"),
        pytest.param("message.deleted__by_author", (MESSAGE,), id="message.deleted is its message"),
        pytest.param("flag.updated", (MESSAGE,), id="flag.updated has capitalised keys"),
        pytest.param("user.flagged", (JESS,), id="user.flagged is the target, not who flagged"),
        pytest.param("user.banned__by_automation", (JESS,), id="user.banned is the user"),
        pytest.param("user.unbanned", (JESS,), id="user.unbanned is the user"),
        pytest.param("user.banned__from_review_queue", (ITEM,), id="a ban from the queue is about the item alone"),
        pytest.param("moderation.analysis.failed", (LISTING,), id="a customer's own entity"),
        pytest.param("moderation.text_analysis.complete__finding", (ITEM, LISTING), id="an analysis names both"),
        pytest.param("appeal.created", (ITEM, MESSAGE), id="an appeal is about its item"),
        pytest.param("review_queue_item.new__no_review_queue_item", (), id="nothing named: an incident of its own"),
    ],
)
def test_what_an_event_is_about(name: str, keys: tuple[ItemKey, ...]) -> None:
    assert stored_seen(name).keys == keys


IN_FLAG = {"entity_type": "acme:other", "entity_id": "other-1", "review_queue_item_id": "item-of-flag"}


def test_ids_inside_flags_are_not_used_when_the_entity_is_known() -> None:
    event = an_item_event(id="", flags=[a_flag(**IN_FLAG)])
    assert seen(event).keys == (ItemKey("entity", "acme:post/post-1"),)


def test_ids_inside_flags_stand_in_for_an_item_that_is_not_there() -> None:
    event = an_event("review_queue_item.new", flags=[a_flag(**IN_FLAG)])
    assert seen(event).keys == (ItemKey("item", "item-of-flag"), ItemKey("entity", "acme:other/other-1"))


def test_an_entity_without_its_type_is_none() -> None:
    assert seen(an_item_event(entity_type=None)).keys == (ItemKey("item", "item-1"),)


def test_a_user_flagged_without_a_target_is_never_keyed_by_who_flagged() -> None:
    assert seen(an_event("user.flagged", user={"id": "user-7"})).keys == ()


def test_an_id_may_be_a_number() -> None:
    assert seen(an_item_event(id=17, entity_id=23)).keys == (ItemKey("item", "17"), ItemKey("entity", "acme:post/23"))


def test_two_entities_never_share_a_key() -> None:
    left = seen(an_item_event(id="", entity_type="a/b", entity_id="c")).keys
    right = seen(an_item_event(id="", entity_type="a", entity_id="b/c")).keys
    assert left != right


def test_endless_ids_stay_apart_and_short() -> None:
    keys = {seen(an_item_event(id="x" * 10_000 + end, entity_id="y" * 10_000 + end)).keys for end in "ab"}
    assert len(keys) == 2
    assert all(len(key.value) <= 200 for pair in keys for key in pair)


def test_links_fill_the_dashboard_address() -> None:
    assert stored_seen("review_queue_item.new__text_self_harm_critical").links == {
        "item_id": ITEM_ID,
        "entity_type": MESSAGE_TYPE,
        "entity_id": MESSAGE_ID,
        "user_id": "user-42",
    }


def test_a_ban_from_the_queue_links_no_other_entity_than_the_items() -> None:
    assert stored_seen("user.banned__from_review_queue").links == {"item_id": ITEM_ID, "user_id": "user-42"}


def test_the_item_id_of_a_flag_joins_nothing_when_the_event_names_its_entity() -> None:
    event = an_event("moderation.flagged", content_type="acme:post", object_id="post-1", flags=[a_flag(**IN_FLAG)])
    assert seen(event).keys == (ItemKey("entity", "acme:post/post-1"),)


PLAIN_CALL = {"cid": "default:c", "id": "c", "type": "default"}


@pytest.mark.parametrize(
    ("short", "key"),
    [("message", ItemKey("entity", f"{MESSAGE_TYPE}/x-1")), ("user", ItemKey("entity", "stream:user/x-1"))],
)
def test_a_short_entity_type_is_the_long_one_wherever_it_stands(short: str, key: ItemKey) -> None:
    said = {"entity_type": short, "entity_id": "x-1"}
    for event in (
        an_event("moderation.flagged", content_type=short, object_id="x-1"),
        an_event("moderation_rule.triggered", **said),
        an_event("moderation_check.completed", recommended_action="flag", **said),
        an_event("moderation.analysis.failed", **said),
        an_item_event(id="", **said),
        an_event("review_queue_item.new", flags=[a_flag(**said)]),
        an_event("appeal.created", appeal=said),
    ):
        found = seen(event)
        assert found.keys == (key,)
        assert found.other_keys == (ItemKey("entity", f"{short}/x-1"),)
        assert found.facts.values("entity_type") == {key.value.removesuffix("/x-1")}


def test_an_entity_type_in_another_case_is_another_one() -> None:
    assert seen(an_item_event(id="", entity_type="Message")).keys == (ItemKey("entity", "Message/post-1"),)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(an_event("call.moderation_warning", call_cid="default:c"), id="a warning names its cid"),
        pytest.param(an_event("call.moderation_blur", call=PLAIN_CALL), id="a blur that has the call"),
        pytest.param(
            an_item_event(id="", entity_type="call", entity_id="c", call=PLAIN_CALL), id="an item by the call's id"
        ),
        pytest.param(
            an_item_event(id="", entity_type="call", entity_id="c", call={"id": "c", "type": "default"}),
            id="an item by the call's type and id",
        ),
        pytest.param(an_item_event(id="", entity_type="call", entity_id="default:c"), id="an item by the cid"),
        pytest.param(
            an_event("moderation_rule.triggered", entity_type="call", entity_id="default:c"), id="a rule by the cid"
        ),
        pytest.param(
            an_event("moderation_rule.triggered", entity_type="call", entity_id="c", call_cid="default:c"),
            id="a rule by both",
        ),
    ],
)
def test_a_call_is_its_cid_wherever_it_stands(event: dict[str, object]) -> None:
    assert seen(event).keys == (ItemKey("entity", "call/default:c"),)


def test_what_is_no_call_keeps_its_id_though_a_call_stands_beside_it() -> None:
    found = seen(an_item_event(id="", entity_type="acme:frame", entity_id="f-1", call=PLAIN_CALL))
    assert found.keys == (ItemKey("entity", "acme:frame/f-1"),)


def test_an_entity_is_looked_for_under_every_name_that_it_has_had() -> None:
    assert seen(an_item_event(id="", entity_type=MESSAGE_TYPE)).other_keys == (ItemKey("entity", "message/post-1"),)
    assert seen(an_item_event(entity_type="call", entity_id="c", call=PLAIN_CALL)).other_keys == (
        ItemKey("entity", "call/c"),
    )
    assert seen(an_item_event()).other_keys == ()


def test_ids_inside_flags_are_not_used_when_only_the_type_of_the_entity_is_unknown() -> None:
    assert seen(an_item_event(id="", entity_type=None, flags=[a_flag(**IN_FLAG)])).keys == ()
