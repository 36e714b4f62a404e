"""What Stream's events do to an incident: which open one, wait, join, review, reopen, and which tell nobody."""

import itertools

import pytest

from escalator.store.tables import events, incidents
from tests.scenarios.harness import Harness
from tests.scenarios.stories import PAGE, REVIEWED, SELF_HARM, TITLE, TRIGGERED, labelled, paged, taken_by_ana
from tests.stream.event_table import IF_NAMED, OPENS, REVIEW, SHOWN, TABLE, WAITS

pytestmark = pytest.mark.long

FLAGGED_AGAIN = "review_queue_item.updated__flagged_after_review"


@pytest.mark.parametrize("name", TABLE)
def test_an_event_has_its_effect(h: Harness, name: str) -> None:
    effect = TABLE[name]
    assert h.post(name, encoding="unix_ns").status_code == 200
    told_at_once = len(h.slack.messages)
    h.fast_forward(seconds=10)
    opened = h.count(incidents)
    open_states = {"triggered", "logged"}
    if effect in (OPENS, WAITS):
        assert opened == 1
        assert h.incident()["state"] in open_states
        assert effect is OPENS or told_at_once == 0
    elif effect is REVIEW:
        assert h.incident()["state"] in {"resolved", "acknowledged", "logged"} | (
            {"triggered"} if "flagged_after" in name else set()
        )
    else:
        assert effect in (SHOWN, IF_NAMED, None)
        assert opened == 0
        assert h.count(events, sealed_body=None) == 1
    h.forget_seen()


def test_an_event_without_labels_waits_ten_seconds_for_the_items_own(h: Harness) -> None:
    h.post("moderation_check.completed__flag")
    h.fast_forward(seconds=4)
    h.expect_nothing()
    paged(h)
    h.fast_forward(seconds=6)
    h.expect_nothing()
    assert h.count(incidents) == 1
    assert h.count(events, state="done") == 2


def test_an_event_without_labels_opens_after_ten_seconds_with_what_is_known(h: Harness) -> None:
    h.post("moderation_check.completed__flag")
    h.fast_forward(seconds=9)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_message("#critical-alerts", "UNKNOWN · Uncategorised · acknowledge within 30 min · #1001")


def test_the_items_own_event_comes_late_and_moves_the_incident_up(h: Harness) -> None:
    h.post("moderation.flagged")
    h.fast_forward(seconds=10)
    first = h.expect_message("#critical-alerts", "UNKNOWN · Uncategorised · acknowledge within 30 min · #1001")
    h.fast_forward(seconds=20)
    h.post(SELF_HARM)
    h.expect_update(first, PAGE, buttons=TRIGGERED)
    h.expect_reply("#critical-alerts", PAGE, mentions=["ana", "ben"])
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)
    assert h.count(incidents) == 1


def test_the_same_delivery_twice_is_stored_once_and_tells_nobody_again(h: Harness) -> None:
    paged(h)
    assert h.post(SELF_HARM).status_code == 200
    h.expect_nothing()
    assert h.count(events) == 1


def test_another_delivery_about_the_same_item_tells_nobody_again(h: Harness) -> None:
    paged(h)
    h.post(SELF_HARM, custom={"attempt": 2})
    h.expect_nothing()
    assert h.count(incidents) == 1
    assert h.count(events) == 2


def test_of_an_unknown_type_only_type_id_time_and_hash_are_kept(h: Harness) -> None:
    body = b'{"type": "message.new", "message": {"text": "a private word"}}'
    assert h.send(body).status_code == 200
    with h.core.database.reading() as connection:
        [row] = connection.execute(events.select()).all()
    assert (row.type, row.webhook_id, row.sealed_body, row.state) == ("message.new", "w-1", None, "ignored")


def test_a_review_in_stream_only_acknowledges_where_somebody_must_still_be_helped(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=5)
    h.forget_seen()
    h.post(REVIEWED)
    dana = next(message for message in h.slack.messages if message.channel == "D0DANA")
    h.expect_updates(*messages, dana, text="#1001 taken by Ana Ruiz after 5 min", says="Acknowledged by Ana Ruiz")


def test_a_review_in_stream_resolves_everything_else(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("THREAT"))
    channel = h.expect_message("#critical-alerts", PAGE.replace("Self-harm", "Threat"))
    h.forget_seen()
    h.fast_forward(minutes=4)
    h.post(REVIEWED, **{"review_queue_item": labelled("THREAT")["review_queue_item"]})
    text = "#1001 resolved by Ana Ruiz: reviewed in Stream"
    h.expect_update(channel, text, buttons=["Reopen"], never="Still open in Stream")
    h.expect_updates(*(message for message in h.slack.messages if message is not channel), text=text)
    h.fast_forward(hours=2)


def test_a_review_of_an_item_never_seen_opens_it_as_answered_and_tells_nobody(h: Harness) -> None:
    h.post(REVIEWED)
    assert (h.incident()["state"], h.incident()["owner"]) == ("acknowledged", "ana")
    h.expect_nothing()


@pytest.mark.parametrize(
    "name",
    [
        "review_queue_item.updated__delete_by_api_key",
        "review_queue_item.updated__deleted_by_author",
        "message.deleted__by_author",
        "review_queue_item.updated__block_by_automod",
    ],
)
def test_what_automation_or_the_author_does_closes_nothing(h: Harness, name: str) -> None:
    paged(h)
    h.post(name)
    assert h.incident()["state"] == "triggered"
    h.forget_seen()


def resolved_by_ana(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("THREAT"))
    ana = next(message for message in h.slack.messages if message.channel == "D0ANA")
    h.click("ana", "Acknowledge", on=ana)
    h.click("ana", "False alarm", on=ana)
    assert h.incident()["state"] == "resolved"
    h.forget_seen()


def test_a_cleared_post_is_not_reopened_by_one_more_report_of_the_same(h: Harness) -> None:
    resolved_by_ana(h)
    h.post("message.flagged__user_report", reason="threat")
    assert h.incident()["state"] == "resolved"
    h.forget_seen()


def test_a_cleared_post_is_reopened_by_enough_different_reporters(h: Harness) -> None:
    resolved_by_ana(h)
    for reporter in ("user-7", "user-8"):
        h.post("message.flagged__user_report", user={"id": reporter}, reason="threat")
    assert h.incident()["state"] == "resolved"
    h.forget_seen()
    h.post("message.flagged__user_report", user={"id": "user-9"}, reason="threat")
    assert h.incident()["state"] == "triggered"
    text = "CRITICAL · Threat · acknowledge within 5 min · #1001"
    h.expect_reply("#critical-alerts", text)
    h.expect_dm_reply("ana", text)
    h.expect_dm_reply("ben", text)
    h.expect_updates(*(message for message in h.slack.messages if message.thread_ts is None))


def test_a_cleared_post_is_reopened_by_a_new_category(h: Harness) -> None:
    resolved_by_ana(h)
    h.fast_forward(minutes=10)
    h.post(FLAGGED_AGAIN)
    assert (h.incident()["state"], h.incident()["category"]) == ("triggered", "self_harm")
    h.forget_seen()


def test_a_graver_severity_triggers_what_was_acknowledged_and_names_its_owner(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("THREAT", "high", 80))
    h.click("ana", "Acknowledge", on=h.slack.messages[0])
    h.forget_seen()
    h.fast_forward(minutes=1)
    h.post("review_queue_item.updated__block_by_automod", **labelled("THREAT", "critical", 95))
    text = "CRITICAL · Threat · acknowledge within 5 min · #1001"
    h.expect_reply("#critical-alerts", text)
    h.expect_dm_reply("ana", text)
    h.expect_dm_reply("ben", text)
    full = [message for message in h.slack.messages if message.thread_ts is None]
    h.expect_updates(*full, text=text)
    assert (h.incident()["state"], h.incident()["owner"]) == ("triggered", "ana")


def test_two_incidents_that_turn_out_to_be_one_are_merged_into_the_older(h: Harness) -> None:
    """One by its item alone, one by its message alone; then an event that names both."""
    h.post(SELF_HARM, review_queue_item={"entity_id": "", "entity_type": "", "message": None, "flags": []}, flags=[])
    h.fast_forward(seconds=1)
    h.post("message.flagged__user_report", reason="self harm")
    assert h.count(incidents) == 2
    h.forget_seen()
    h.post(SELF_HARM)
    assert (h.incident(1002)["state"], h.incident(1002)["merged_into"]) == ("merged", h.incident(1001)["id"])
    assert h.incident(1001)["category"] == "self_harm"
    younger = [message for message in h.slack.messages if message.first_text.endswith("#1002")]
    h.expect_updates(*younger, text="#1002 is now part of #1001", buttons=[])
    h.forget_seen()


def test_a_show_rule_shows_the_text_until_a_stricter_one_takes_it_away_everywhere(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("HATE", "high", 75))
    text = "HIGH · Hate · acknowledge within 15 min · #1001"
    message = h.expect_message("#hate", text, says=["I am going to end it all tonight", "Jess (user-42)"])
    h.fast_forward(seconds=90)
    h.post("review_queue_item.updated__block_by_automod", **labelled("PII", "low", 10))
    h.expect_update(message, never=["end it all", "Jess", "user-42"], says="Content withheld")
    [record] = h.records("incident.redacted")
    assert record["after"] == {"before": "show", "after": "withhold", "visible_s": "90"}


STORY = (SELF_HARM, "moderation_check.completed__flag", REVIEWED, FLAGGED_AGAIN, "message.flagged__user_report")
ORDERS = list(itertools.permutations(STORY))[::11]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(str(STORY.index(name)) for name in order))
def test_the_events_of_one_item_in_any_order_each_twice_end_in_one_incident_in_one_state(
    h: Harness, order: tuple[str, ...]
) -> None:
    for name in order:
        for _ in range(2):
            h.post(name)
        h.fast_forward(seconds=3)
    h.fast_forward(seconds=20)
    assert h.count(incidents) == 1
    row = h.incident()
    found = {name: row[name] for name in ("state", "category", "severity", "route", "content_rule")}
    assert found == {
        "state": "triggered",
        "category": "self_harm",
        "severity": "critical",
        "route": "Self-harm",
        "content_rule": "hide",
    }
    h.forget_seen()


def test_escalated_in_stream_goes_to_the_seniors(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=1)
    h.post("review_queue_item.updated__escalate")
    h.expect_dm("dana", f"{TITLE} · acknowledge within 30 min · #1001")
    h.expect_updates(*messages)


def test_an_acknowledged_incident_is_not_triggered_by_more_of_the_same(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.post("message.flagged__user_report", reason="self harm")
    assert h.incident()["state"] == "acknowledged"
    h.expect_updates(*messages)
