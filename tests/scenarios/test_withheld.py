"""The gravest content never leaves: not in a request to Slack, not in the log, and in no column but the sealed ones."""

import json

import pytest
from sqlalchemy import LargeBinary, select

from escalator.store.purge import purge_content as purge_content
from escalator.store.tables import events, incidents, metadata
from tests.scenarios.harness import Harness
from tests.scenarios.stories import REVIEWED, SELF_HARM, labelled, paged, taken_by_ana

MARK = "zzyzx-secret"
SAID = {
    "moderation_payload": {"texts": [f"text {MARK}"], "images": [f"https://cdn.example.com/{MARK}.jpg"]},
    "message": {"text": f"text {MARK}", "html": f"<p>{MARK}</p>", "user": {"name": f"Name {MARK}"}},
    "entity_creator": {"id": f"user-{MARK}", "name": f"Name {MARK}"},
    "entity_creator_id": f"user-{MARK}",
    "reviewed_by": "",
    "escalation_metadata": {"notes": f"notes {MARK}"},
}


def withheld(**more: object) -> dict[str, object]:
    changes = labelled("CSAM")
    return changes | {"review_queue_item": changes["review_queue_item"] | SAID | more}


def leaks(h: Harness) -> list[str]:
    """Return every place outside the sealed columns in which the marked content stands."""
    found = [f"slack: {call}" for call in h.slack.calls if MARK in json.dumps(call)]
    found += [f"slack: {said}" for said in (*h.slack.views, *h.slack.responses) if MARK in json.dumps(said)]
    found += [f"log: {line}" for line in h.log.text.splitlines() if MARK in line]
    found += [f"metrics: {line}" for line in h.app.test_client().get("/metrics").text.splitlines() if MARK in line]
    with h.core.database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).all():
                found += [f"{table.name}.{name}" for name, value in row._mapping.items() if MARK in _shown(value)]
    return found


def _shown(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def test_what_is_withheld_stands_nowhere_but_sealed(h: Harness) -> None:
    h.post("moderation_check.completed__flag", entity_creator_id=f"user-{MARK}")
    h.post(SELF_HARM, **withheld())
    h.post("message.flagged__user_report", reason="child safety", message={"text": f"again {MARK}"})
    h.send(b'{"type": "message.new", "message": {"text": "zzyzx-secret"}}')
    h.send(b'{"no type": "zzyzx-secret"}')
    h.fast_forward(minutes=6)
    channel = next(message for message in h.slack.messages if message.channel == "C0CHILD")
    h.click("ben", "Acknowledge", on=channel)
    h.click("dana", "Acknowledge", on=channel)
    h.post(REVIEWED, **withheld(reviewed_by="mod-2"))
    h.fast_forward(hours=2)
    h.tidy()
    assert h.incident()["category"] == "csam"
    assert leaks(h) == []
    h.forget_seen()


def test_the_search_for_leaks_finds_what_is_shown(h: Harness) -> None:
    changes = labelled("HATE", "high", 75)
    h.post(SELF_HARM, **(changes | {"review_queue_item": changes["review_queue_item"] | SAID}))
    assert any(leak.startswith("slack") for leak in leaks(h))
    h.forget_seen()


def test_what_is_withheld_is_never_revealed_in_slack(h: Harness) -> None:
    h.post(SELF_HARM, **withheld())
    channel = next(message for message in h.slack.messages if message.channel == "C0CHILD")
    assert "Reveal" not in channel.labels
    button = channel.button("Acknowledge")
    button["action_id"] = "reveal"
    h.click("dana", "Acknowledge", on=channel)
    h.expect_answer("dana", "Nothing changed: that is not possible with withheld content.")
    assert leaks(h) == []
    assert h.slack.views == []
    h.forget_seen()


def test_an_error_while_processing_says_nothing_of_the_content(h: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbling(*_arguments: object) -> None:
        raise ValueError("stumbled")

    monkeypatch.setattr("escalator.services.intake.process.open_incident", stumbling)
    h.post(SELF_HARM, **withheld())
    h.fast_forward(minutes=2)
    h.expect_error("batch_failed")
    h.expect_error("item_failed")
    assert leaks(h) == []
    h.forget_seen()


def test_the_address_of_withheld_media_is_kept_not_even_sealed(h: Harness) -> None:
    h.post(SELF_HARM, **withheld())
    with h.core.database.reading() as connection:
        [sealed] = connection.scalars(select(incidents.c.sealed_content))
    assert f"{MARK}.jpg" not in h.core.seal.open(sealed).decode()
    h.forget_seen()


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_only_columns_that_say_so_hold_bytes(table: object) -> None:
    assert [column.name for column in table.columns if isinstance(column.type, LargeBinary)] == [
        column.name for column in table.columns if column.name.startswith("sealed_")
    ]


def sealed_columns(h: Harness) -> dict[str, int]:
    """Return how many values stand in each sealed column."""
    with h.core.database.reading() as connection:
        return {
            f"{table.name}.{column.name}": sum(value is not None for value in connection.scalars(select(column)))
            for table in metadata.sorted_tables
            for column in table.columns
            if column.name.startswith("sealed_")
        }


def test_content_is_deleted_when_its_retention_is_over_and_the_records_stay(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.click("ana", "False alarm", on=messages[0])
    h.expect_updates(*messages)
    h.clock.move(days=29, hours=23)
    h.tidy()
    assert sealed_columns(h)["incidents.sealed_content"] == 1
    h.clock.move(hours=2)
    h.tidy()
    assert set(sealed_columns(h).values()) == {0}
    assert len(h.records("incident.content_purged")) == 1
    assert len(h.records("incident.resolved")) == 1
    assert (h.count(incidents), h.count(events)) == (1, 1)


def test_the_content_of_an_open_incident_is_never_deleted(h: Harness) -> None:
    paged(h)
    with h.core.database.writing() as connection:
        purge_content(connection, h.clock.move(days=400), h.core.policies.running(connection).policy.retain_content)
    assert sealed_columns(h)["incidents.sealed_content"] == 1


def test_a_body_that_was_only_kept_for_inspection_is_deleted_in_time(h: Harness) -> None:
    h.send(b"{nonsense")
    assert sealed_columns(h)["events.sealed_body"] == 1
    h.clock.move(days=31)
    h.tidy()
    assert sealed_columns(h)["events.sealed_body"] == 0
