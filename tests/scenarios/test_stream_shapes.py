"""Stream's other ways of saying the same: short names, cids, custom actions, escalations. One item, one incident."""

from sqlalchemy import delete, insert, select

from escalator.store.tables import incident_keys, incidents
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM
from tests.stream.bodies import MESSAGE_ID, a_flag, an_action, an_event, an_item_event, as_json

MESSAGE = f"stream:chat:v1:message/{MESSAGE_ID}"
CUSTOM_ROUTE = "  - {name: Paged by hand, when: {action: page_on_call}, assign: seniors, path: seniors-now}\n"
HATE = {"flags": [a_flag(labels=["HATE"])]}


def alive(h: Harness) -> int:
    with h.core.database.reading() as connection:
        return len(connection.execute(select(incidents.c.id).where(incidents.c.state != "merged")).all())


def send(h: Harness, event: dict[str, object]) -> None:
    assert h.send(as_json(event)).status_code == 200


def custom(**more: object) -> dict[str, object]:
    return an_event("moderation.custom_action", action_id="page_on_call", review_queue_item={"id": "item-1", **more})


def test_short_names_and_long_names_are_one_incident(h: Harness) -> None:
    h.post(SELF_HARM)
    h.forget_seen()
    send(h, an_event("moderation.flagged", content_type="message", object_id=MESSAGE_ID))
    send(h, an_event("moderation_rule.triggered", entity_type="message", entity_id=MESSAGE_ID, rule={"name": "flood"}))
    h.fast_forward(seconds=11)
    h.expect_nothing()
    assert h.count(incidents) == 1


def test_a_call_is_one_incident_however_it_is_named(h: Harness) -> None:
    send(h, an_event("call.moderation_warning", call_cid="default:c", user_id="user-42"))
    h.forget_seen()
    send(h, an_item_event(id="item-c", entity_type="call", entity_id="c", call={"cid": "default:c"}))
    assert h.count(incidents) == 1
    h.forget_seen()


def test_an_incident_whose_key_was_stored_by_a_short_name_is_joined(h: Harness) -> None:
    h.post(SELF_HARM)
    h.forget_seen()
    with h.core.database.writing() as connection:
        (owner,) = connection.scalars(select(incidents.c.id))
        connection.execute(delete(incident_keys))
        key = {"source": "chat", "kind": "entity", "value": f"message/{MESSAGE_ID}", "incident_id": owner}
        connection.execute(insert(incident_keys).values(key))
    send(h, an_event("message.flagged", message_id=MESSAGE_ID, message={"id": MESSAGE_ID, "text": "x"}))
    assert h.count(incidents) == 1
    assert h.count(incident_keys, value=MESSAGE) == 1
    h.forget_seen()


def test_two_incidents_stored_by_both_names_are_merged_into_the_older(h: Harness) -> None:
    h.post(SELF_HARM)
    h.fast_forward(seconds=1)
    send(h, an_item_event(id="item-2", entity_id="post-2", **HATE))
    assert alive(h) == 2
    with h.core.database.writing() as connection:
        younger = connection.scalar(select(incidents.c.id).where(incidents.c.number == 1002))
        connection.execute(delete(incident_keys).where(incident_keys.c.incident_id == younger))
        key = {"source": "chat", "kind": "entity", "value": f"message/{MESSAGE_ID}", "incident_id": younger}
        connection.execute(insert(incident_keys).values(key))
    h.forget_seen()
    send(h, an_event("message.flagged", message_id=MESSAGE_ID, message={"id": MESSAGE_ID, "text": "x"}))
    assert h.incident(1001)["state"] != "merged"
    assert h.incident(1002)["state"] == "merged"
    assert alive(h) == 1
    h.forget_seen()


def test_a_custom_action_that_a_route_names_pages_after_a_review(h: Harness) -> None:
    h.change_policy("routes:\n", "routes:\n" + CUSTOM_ROUTE)
    send(h, an_item_event("review_queue_item.new", **HATE))
    send(h, an_item_event(**HATE, actions=[an_action()]))
    assert h.incident()["state"] == "resolved"
    h.forget_seen()
    send(h, custom())
    assert (h.incident()["state"], h.incident()["route"]) == ("resolved", "Hate"), "it was made at the review's instant"
    send(h, {**custom(), "created_at": "2026-08-20T15:00:00Z"})
    assert (h.incident()["state"], h.incident()["route"]) == ("triggered", "Paged by hand")
    h.forget_seen()


def test_a_custom_action_that_a_route_names_moves_what_is_open(h: Harness) -> None:
    h.change_policy("routes:\n", "routes:\n" + CUSTOM_ROUTE)
    send(h, an_item_event("review_queue_item.new", **HATE))
    assert h.incident()["route"] == "Hate"
    send(h, custom())
    assert (h.incident()["state"], h.incident()["route"]) == ("triggered", "Paged by hand")
    h.forget_seen()


def test_an_escalation_with_a_time_of_review_ends_nothing(h: Harness) -> None:
    h.post(SELF_HARM)
    h.post(
        "review_queue_item.updated__escalate",
        review_queue_item={"reviewed_at": "2026-08-20T14:08:07.123456Z", "reviewed_by": "mod-2"},
    )
    assert (h.incident()["state"], h.incident()["route"]) == ("triggered", "Escalated in Stream")
    h.forget_seen()


def test_a_server_side_review_counts_in_the_name_of_somebody_whose_id_comes_from_the_environment(h: Harness) -> None:
    h.change_policy("stream: mod-1", 'stream: "${STREAM_ANA:-mod-77}"')
    send(h, an_item_event("review_queue_item.new", **HATE))
    done = an_action(user_id="mod-77", reporter_type="api_integration")
    send(h, an_item_event(**HATE, actions=[done]))
    assert (h.incident()["state"], h.incident()["closed_by"]) == ("resolved", "ana")
    h.forget_seen()


def test_a_review_counts_whoever_has_made_it_in_stream(h: Harness) -> None:
    h.change_policy("slack: U0VERA, role: viewer", "slack: U0VERA, stream: mod-9, role: viewer")
    send(h, an_item_event("review_queue_item.new", **HATE))
    send(h, an_item_event(**HATE, actions=[an_action(user_id="mod-9")]))
    assert (h.incident()["state"], h.incident()["closed_by"]) == ("resolved", "vera")
    h.forget_seen()
