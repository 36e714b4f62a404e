"""What people type in Slack: who answers now, and an incident that a person opens."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from escalator.channels.slack.signature import sign_callback
from escalator.channels.slack.text import date
from escalator.rendering.replies import stranger_words
from escalator.store.tables import events
from tests.doubles.slack_rules import view_problems
from tests.doubles.slack_state import Fault
from tests.scenarios.harness import POLICY, SLACK_SECRET, Harness
from tests.scenarios.slack_acts import FORM, answer_to, fill, problems_of, typed
from tests.scenarios.stories import TITLE
from tests.scenarios.witness import Window, words_of

NOTE = "She wrote to me directly <!channel>: goodbye"
ROTA = """
schedules:
  rota:
    overrides: [{person: ana, from: 2026-08-20T00:00, to: 2026-08-21T00:00}]
    layers: [{rotate: daily, start: 2026-08-22, handover: 09:00, people: [ben]}]
"""


# --- The door ------------------------------------------------------------------------------------------------------


def test_a_command_that_slack_has_not_signed_is_refused(h: Harness) -> None:
    assert typed(h, "ana", "/oncall", secret="somebody else's").status_code == 401


def test_slacks_check_of_the_certificate_is_answered(h: Harness) -> None:
    body = b"ssl_check=1&token=x"
    headers = sign_callback(body, SLACK_SECRET, h.clock.now())
    answer = h.app.test_client().post("/slack/commands", data=body, headers=headers, content_type=FORM)
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("fields", [{}, {"command": "/oncall"}, {"user_id": "U0ANA", "command": ""}])
def test_what_is_no_command_is_refused(h: Harness, fields: dict[str, str]) -> None:
    body = urlencode(fields).encode()
    headers = sign_callback(body, SLACK_SECRET, h.clock.now())
    assert h.app.test_client().post("/slack/commands", data=body, headers=headers).status_code == 400


def test_an_unknown_command_is_answered_with_those_there_are(h: Harness) -> None:
    said = answer_to(typed(h, "ana", "/deploy now"))
    assert "`/oncall`" in said
    assert "`/escalate`" in said


@pytest.mark.parametrize("command", ["/oncall", "/escalate", "/deploy"])
def test_a_stranger_is_told_what_to_do(h: Harness, command: str) -> None:
    assert answer_to(typed(h, "stranger", command)) == stranger_words("U0STRANGER")


@pytest.mark.parametrize("command", ["/oncall", "/escalate"])
def test_somebody_from_another_workspace_is_told_nothing(h: Harness, command: str) -> None:
    said = answer_to(typed(h, "ana", command, team="T0ELSEWHERE"))
    assert said == "Nothing changed: this Slack workspace is not the one of these alerts."


# --- /oncall -------------------------------------------------------------------------------------------------------


def test_who_answers_is_told_by_name_and_contact(h: Harness) -> None:
    assert answer_to(typed(h, "vera", "/oncall")).splitlines() == [
        "*moderators* · everybody: Ana Ruiz <@U0ANA>, Ben Okafor <@U0BEN>",
        "*seniors* · everybody: Dana Fox <@U0DANA> (lead)",
    ]


def on_rota(h: Harness) -> Harness:
    text = POLICY.read_text().replace("[ana, ben]}", "[ana, ben], schedule: rota, lead: eli}")
    return h.start(text + ROTA)


def test_a_rota_says_until_when_and_who_is_next_in_the_readers_own_zone(bare: Harness) -> None:
    h = on_rota(bare)
    now, until, then = "Ana Ruiz <@U0ANA>", date(datetime(2026, 8, 21, tzinfo=UTC)), "Ben Okafor <@U0BEN>"
    line = f"*moderators* · now {now} until {until} · next {then} from {date(datetime(2026, 8, 22, 9, tzinfo=UTC))}"
    assert line in answer_to(typed(h, "vera", "/oncall")).splitlines()


def test_where_nobody_is_on_call_the_lead_is_named(bare: Harness) -> None:
    h = on_rota(bare)
    h.clock.move(days=1)
    until = date(datetime(2026, 8, 22, 9, tzinfo=UTC))
    line = (
        f"*moderators* · nobody is on call until {until} · lead instead: Eli Stone <@U0ELI> (lead)"
        " · next Ben Okafor <@U0BEN>"
    )
    assert line in answer_to(typed(h, "vera", "/oncall")).splitlines()


def test_a_schedule_is_shown_for_itself_when_it_is_asked_for(bare: Harness) -> None:
    h = on_rota(bare)
    assert "*rota*" not in answer_to(typed(h, "vera", "/oncall"))
    assert answer_to(typed(h, "vera", "/oncall rota")).startswith("*rota* · now Ana Ruiz <@U0ANA>")


@pytest.mark.parametrize("wanted", ["moderators", "Moderators", " moderators "])
def test_one_team_may_be_asked_for(h: Harness, wanted: str) -> None:
    said = answer_to(typed(h, "ana", f"/oncall {wanted}"))
    assert said.splitlines() == ["*moderators* · everybody: Ana Ruiz <@U0ANA>, Ben Okafor <@U0BEN>"]


def test_the_team_of_a_restricted_category_is_shown_to_who_is_in_it(h: Harness) -> None:
    line = "*child-safety* · everybody: Ben Okafor <@U0BEN>, Dana Fox <@U0DANA>"
    assert line in answer_to(typed(h, "ben", "/oncall")).splitlines()
    assert line in answer_to(typed(h, "dana", "/oncall child-safety")).splitlines()


@pytest.mark.parametrize("wanted", ["child-safety", "nobody-knows"])
def test_a_team_that_is_not_theirs_to_know_is_as_one_that_is_not_there(h: Harness, wanted: str) -> None:
    said = answer_to(typed(h, "eli", f"/oncall {wanted}"))
    assert said == f"There is no team or schedule `{wanted}`. Known: `moderators`, `seniors`."


# --- /escalate -----------------------------------------------------------------------------------------------------


def opened(h: Harness, person: str = "ana") -> Window:
    answer = typed(h, person, "/escalate")
    assert (answer.status_code, answer.data) == (200, b"")
    window = h.expect_window(person, "Escalate")
    assert view_problems(window.view) == []
    return window


def offered(window: Window, name: str) -> list[str]:
    found = [block for block in window.view["blocks"] if block["block_id"] == name]
    return [option["text"]["text"] for block in found for option in block["element"]["options"]]


def told(response: object) -> str:
    said = json.loads(response.data)
    assert said["response_action"] == "update"
    assert view_problems(said["view"]) == []
    return words_of(said["view"]["blocks"])


def test_an_incident_that_a_person_opens_takes_the_way_of_all(h: Harness) -> None:
    answer = fill(h, opened(h), category="self_harm", about=NOTE, item="https://example.com/m/1", author="user-42")
    assert "#1001 opened" in told(answer)
    page = f"{TITLE} · acknowledge within 5 min · #1001"
    messages = h.expect_message("#critical-alerts", page), h.expect_dm("ana", page), h.expect_dm("ben", page)
    incident = h.incident()
    assert [incident[name] for name in ("source", "route", "severity", "mode")] == [
        "chat",
        "Self-harm",
        "critical",
        "production",
    ]
    [record] = h.records("incident.opened")
    assert [record[name] for name in ("actor_kind", "actor_key", "via", "reason")] == [
        "person",
        "ana",
        "slack",
        "escalator.manual",
    ]
    assert "goodbye" not in words_of(messages[0].blocks)
    h.click("ben", "Reveal", on=messages[0])
    assert h.expect_window("ben", "Text of #1001").text.endswith(f"{NOTE}\nhttps://example.com/m/1")
    h.click("ben", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, text="#1001 taken by Ben Okafor after 0 s")
    h.click("ben", "False alarm", on=messages[0])
    h.expect_updates(*messages, never="Still open in Stream")


def test_what_was_said_stands_only_in_sealed_columns(h: Harness) -> None:
    fill(h, opened(h), category="self_harm", about=NOTE, author="user-42")
    h.forget_seen()
    assert "goodbye" not in h.log.text
    assert "goodbye" not in str(h.records())
    assert "user-42" not in str(h.records())
    with h.core.database.reading() as connection:
        [row] = connection.execute(select(events)).all()
    assert (row.type, row.state, b"goodbye" in row.sealed_body) == ("escalator.manual", "done", False)


def test_a_category_without_labels_is_named_all_the_same(bare: Harness) -> None:
    text = POLICY.read_text().replace("categories:\n", "categories:\n  odd: {title: Odd things, at_least: high}\n")
    bare.start(text)
    fill(bare, opened(bare), category="odd", about=NOTE)
    page = bare.expect_message("#critical-alerts", "HIGH · Odd things · acknowledge within 30 min · #1001")
    assert page.labels[0] == "Acknowledge"
    assert bare.incident()["category"] == "odd"


def test_of_a_withheld_category_nothing_is_said(h: Harness) -> None:
    fill(h, opened(h, "ben"), category="csam", about=NOTE, item="user-42-message", author="user-42")
    assert h.incident()["content_rule"] == "withhold"
    assert [one.channel for one in h.slack.messages] == ["C0CHILD", "D0BEN", "D0DANA"]
    for secret in ("goodbye", "user-42"):
        assert secret not in str(h.slack.messages)
    h.forget_seen()


def test_only_categories_that_they_may_see_are_offered(h: Harness) -> None:
    assert offered(opened(h, "ana"), "category") == ["Self-harm", "Threat", "Hate", "Personal data"]
    assert offered(opened(h, "ben"), "category")[0] == "Child safety"


def test_a_category_that_was_not_offered_opens_nothing(h: Harness) -> None:
    window = opened(h, "ben")
    answer = fill(h, window, by="ana", category="csam", about=NOTE)
    assert "the policy has no category" in told(answer)
    assert h.count(events) == 0


def test_a_viewer_opens_nothing(h: Harness) -> None:
    said = "Nothing changed: your role does not allow this. Ask a moderator."
    assert answer_to(typed(h, "vera", "/escalate")) == said
    window = opened(h)
    assert said in told(fill(h, window, by="vera", category="hate", about=NOTE))
    assert stranger_words("U0STRANGER") in told(fill(h, window, by="stranger", category="hate", about=NOTE))
    assert h.count(events) == 0


def test_what_is_about_nothing_keeps_the_window_open(h: Harness) -> None:
    assert problems_of(fill(h, opened(h), category="hate", about="  ")) == {"about": "Describe what it is about."}
    assert h.count(events) == 0


def test_a_form_that_slack_sends_twice_opens_one_incident(h: Harness) -> None:
    window = opened(h)
    for _ in range(2):
        assert "#1001 opened" in told(fill(h, window, category="self_harm", about=NOTE))
    assert h.count(events) == 1
    h.forget_seen()


def test_one_about_the_same_item_is_an_incident_of_its_own(h: Harness) -> None:
    for number, view_id in ((1001, "V1"), (1002, "V2")):
        window = opened(h)
        values = {"category": "self_harm", "about": NOTE, "item": "m-1"}
        answer = h.interact(h.slack.submitted(window.view, values, "U0ANA", view_id=view_id))
        assert f"#{number} opened" in told(answer)
    h.forget_seen()


def test_what_cannot_be_processed_at_once_is_recorded_and_opened_by_a_worker(
    h: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("broken")

    window = opened(h)
    with monkeypatch.context() as patch:
        patch.setattr("escalator.services.intake.manual_incident.process_event", broken)
        answer = fill(h, window, is_working=False, category="self_harm", about=NOTE)
    assert "Recorded. The incident opens in a moment." in told(answer)
    h.expect_error("manual_not_processed")
    h.expect_nothing()
    h.work()
    assert h.incident()["category"] == "self_harm"
    h.forget_seen()


def test_a_window_that_slack_does_not_open_is_said_to_be_missing(h: Harness) -> None:
    h.slack.inject("views.open", Fault(error="expired_trigger_id"))
    said = answer_to(typed(h, "ana", "/escalate"))
    assert said == "Nothing changed: the dialog could not be opened. Enter the command again."


TWO = 'staging: {platform: stream, api_key: "${STAGING_KEY:-}", api_secret: secret, mode: MODE, divert_to: leads}\n'


def with_staging(h: Harness, mode: str, key: str = "staging-key") -> Harness:
    text = POLICY.read_text().replace("sources:\n", f"sources:\n  {TWO}".replace("MODE", mode))
    if mode == "sandbox":
        text = text.replace(", divert_to: leads", "")
    return h.start(text, STAGING_KEY=key)


def test_of_several_sources_one_is_chosen(bare: Harness) -> None:
    h = with_staging(bare, "divert")
    window = opened(h)
    assert offered(window, "source") == ["staging", "chat"]
    assert "#1001 opened" in told(fill(h, window, category="self_harm", about=NOTE, source="staging"))
    assert (h.incident()["source"], h.incident()["mode"]) == ("staging", "divert")
    h.expect_message("#leads", f"TEST · {TITLE} · acknowledge within 5 min · #1001")


def test_a_source_that_is_off_is_not_offered(bare: Harness) -> None:
    h = with_staging(bare, "divert", key="")
    window = opened(h)
    assert offered(window, "source") == []
    fill(h, window, category="self_harm", about=NOTE)
    assert h.incident()["source"] == "chat"
    h.forget_seen()


def test_in_the_sandbox_it_stays_there_and_says_so(bare: Harness) -> None:
    h = with_staging(bare, "sandbox")
    answer = fill(h, opened(h), category="self_harm", about=NOTE, source="staging")
    assert "#1001 opened in the sandbox: nothing is sent" in told(answer)
    assert h.incident()["mode"] == "sandbox"
    h.expect_nothing()


def test_what_the_sandbox_has_signed_opens_nothing_outside_of_it(h: Harness) -> None:
    said = answer_to(typed(h, "ana", "/escalate", secret=h.core.settings.sandbox_signing_secret))
    assert said == "Nothing changed: no source of the policy is enabled."


def test_stream_itself_cannot_open_one(h: Harness) -> None:
    body = json.dumps({"type": "escalator.manual", "category": "hate", "about": NOTE, "person": "eli", "id": "1"})
    assert h.send(body.encode()).status_code == 200
    assert h.count(events, state="ignored") == 1
    assert h.records("incident.opened") == []


def test_a_route_may_ask_for_it_by_name(bare: Harness) -> None:
    route = "  - {name: By hand, when: {event: escalator.manual}, path: seniors-now, assign: seniors}\n"
    bare.start(POLICY.read_text().replace("routes:\n", f"routes:\n{route}"))
    fill(bare, opened(bare), category="hate", about=NOTE)
    assert bare.incident()["route"] == "By hand"
    bare.forget_seen()


def test_what_a_person_opens_is_never_only_logged(bare: Harness) -> None:
    route = "  - {name: Quiet hate, when: {category: hate}, path: log-only}\n"
    bare.start(POLICY.read_text().replace("routes:\n", f"routes:\n{route}"))
    fill(bare, opened(bare), category="hate", about=NOTE)
    assert (bare.incident()["state"], bare.incident()["path"]) == ("triggered", "triage")
    bare.expect_message("#critical-alerts", "UNKNOWN · Hate · acknowledge within 30 min · #1001")
