"""The picture that the sandbox page draws, and what people do on it."""

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select, update
from uuid6 import uuid7

from escalator.channels.slack.interactions import Click, Submission, parse
from escalator.channels.slack.modals import Origin, resolve_view
from escalator.channels.slack.signature import verify
from escalator.channels.stand_in import Refused
from escalator.errors import Unauthorized
from escalator.model.incident import Outcome, Verb
from escalator.model.levels import Mode
from escalator.model.message import MessageContext
from escalator.ports import PROCESS_EVENTS
from escalator.sandbox.controls import expire_deadline, kill_worker, send_sample
from escalator.sandbox.incident_views import MOST_INCIDENTS
from escalator.sandbox.page import MOST_MESSAGES, VIEWS_STAY, sandbox_state
from escalator.sandbox.slack_clicks import Press, signed_click
from escalator.services.core.process_liveness import SENDER, SWEEPER
from escalator.services.delivery.sender import send_all_due
from escalator.services.incidents.actions import SlackRequest, perform_action
from escalator.services.incidents.escalation import fire_due
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver
from escalator.services.intake.store_event import IntakeResult
from escalator.store import processes
from escalator.store.processes import Process
from escalator.store.tables import deliveries, incidents
from escalator.stream.samples import SAMPLES
from tests.fakes import START
from tests.sandboxes import a_core, alert, demo_policy, go_on

FIXTURE = json.loads((Path(__file__).parent.parent / "web" / "sandbox_fixture.json").read_text(encoding="utf-8"))


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def click_of(core, message, person, verb="acknowledge"):
    """What our door makes of this person's click on the button with this verb."""
    button = next(one for one in message["buttons"] if one["action_id"] == verb)
    signed = signed_click(core, Press(person, UUID(message["id"]), button["action_id"], button["value"]))
    return parse(signed.body.encode())


def acknowledge(core, person, message=None):
    click = click_of(core, message or sandbox_state(core)["messages"][0], person)
    asked = SlackRequest(
        click.user_id, click.team_id, click.verb, click.button, click.channel_id, click.message_ts, is_sandbox=True
    )
    perform_action(core, asked)
    send_all_due(core)


def open_window(core, view, person="ana"):
    """Open a window for somebody, and return it as the page sees it."""
    core.slack(Mode.SANDBOX).open_view(
        MessageContext(None, 1001, "#critical-alerts", person), f"U0{person.upper()}.1", view
    )
    return sandbox_state(core)["messages"][-1]


# ---- the contract with the page


@pytest.mark.parametrize("part", ["people", "samples", "workers", "messages", "incidents"])
def test_the_picture_has_the_form_that_the_page_was_drawn_with(core, part):
    alert(core)
    beat(core, SWEEPER, 4711)

    said, drawn = sandbox_state(core)[part][0], FIXTURE[part][0]

    assert set(drawn) <= set(said)
    assert set(said) - set(drawn) <= {"channel", "thread", "slack"}


def test_the_picture_and_its_figures_and_entries_have_the_names_of_the_contract(core):
    alert(core)

    picture = sandbox_state(core)

    (incident,) = picture["incidents"]
    drawn = FIXTURE["incidents"][0]
    assert set(picture) == set(FIXTURE)
    assert set(incident["figures"]) == set(drawn["figures"])
    assert {frozenset(entry) for entry in incident["timeline"]} == {frozenset(drawn["timeline"][0])}
    assert json.loads(json.dumps(picture)) == picture


def test_an_empty_sandbox_still_says_who_is_there_and_what_can_be_sent(core):
    picture = sandbox_state(core)

    assert (picture["mode"], picture["now"], picture["reached_nobody"]) == ("sandbox", "2026-08-20T14:03:10.000000Z", 0)
    assert (picture["messages"], picture["incidents"], picture["workers"]) == ([], [], [])
    assert picture["people"][0] == {
        "key": "ana",
        "name": "Ana Ruiz",
        "role": "moderator",
        "slack": "U0ANA",
        "email": "ana@example.com",
        "pagerduty": "PANA01",
        "timezone": "Europe/Madrid",
    }
    assert picture["groups"] == [{"slack": "S0SENIORS", "name": "senior-moderators", "members": ["dana"]}]
    assert [one["name"] for one in picture["samples"]] == list(SAMPLES)
    assert picture["samples"][0]["title"] == "A threat, found by Stream and still visible"


def test_before_the_first_policy_the_picture_is_empty(database_url, tmp_path):
    core = a_core(database_url, tmp_path, policy="not: a policy")

    picture = sandbox_state(core)

    assert (picture["people"], picture["incidents"], picture["demo_policy"]) == ([], [], False)
    core.database.close()


def test_only_the_demo_policy_is_called_so(core, database_url, tmp_path):
    assert sandbox_state(core)["demo_policy"] is True

    core.settings.policy_file.write_text(demo_policy() + "\n# ours now\n", encoding="utf-8")
    core.policies.offer(core.database)

    assert sandbox_state(core)["demo_policy"] is False


def test_a_person_whose_slack_id_is_not_set_has_none_and_the_policys_time_zone(database_url, tmp_path):
    policy = (
        demo_policy().replace("slack: U0ELI,", 'slack: "${ELI_SLACK}",').replace("timezone: America/Los_Angeles, ", "")
    )
    core = a_core(database_url, tmp_path, policy=policy)

    eli = sandbox_state(core)["people"][-1]

    assert (eli["key"], eli["slack"], eli["timezone"]) == ("eli", None, "UTC")
    core.database.close()


# ---- messages


def in_slack(core):
    return [one for one in sandbox_state(core)["messages"] if one["channel"] == "slack"]


def test_a_message_says_where_it_would_have_gone_and_what_could_be_pressed(core):
    alert(core)

    channel, ana, ben = in_slack(core)

    assert (channel["destination"], channel["address"], channel["person"]) == (
        "critical-alerts",
        "#critical-alerts",
        None,
    )
    assert (ana["destination"], ana["address"], ana["person"]) == ("person:ana", "U0ANA", "ana")
    assert ben["person"] == "ben"
    assert (ana["kind"], ana["channel"], ana["type"], ana["incident"]) == ("slack", "slack", "message", 1001)
    assert ana["text"] == ana["first_text"] == "HIGH · Threat · acknowledge within 20 s · #1001"
    assert [one["label"] for one in ana["buttons"]][:2] == ["Acknowledge", "Reveal"]
    assert ana["blocks"][0]["text"]["text"] == "HIGH · Threat"
    assert ana["updated_at"] is None


def test_an_escalation_rings_in_the_thread_and_names_it_twice(core):
    alert(core)
    go_on(core, seconds=20)
    go_on(core, seconds=20)

    messages = in_slack(core)

    full = next(one for one in messages if one["destination"] == "critical-alerts")
    reply = next(one for one in messages if one["thread"])
    assert reply["thread"] == reply["thread_ts"] == full["ts"]
    assert (reply["broadcast"], reply["buttons"]) == (True, [])
    assert [one["person"] for one in messages if one["person"]] == ["ana", "ben", "dana", "eli"]


def test_an_acknowledgement_brings_every_message_up_to_date_in_its_place(core):
    alert(core)
    core.clock.move(seconds=57)
    acknowledge(core, "ana")

    messages = in_slack(core)

    assert {one["text"] for one in messages} == {"#1001 taken by Ana Ruiz after 57 s"}
    assert {one["first_text"] for one in messages} == {"HIGH · Threat · acknowledge within 20 s · #1001"}
    assert {one["updated_at"] for one in messages} == {"2026-08-20T14:04:07.000000Z"}
    assert "Resolve" in [one["label"] for one in messages[0]["buttons"]]


def test_an_answer_to_a_stranger_who_became_somebody_names_them(core):
    slack = core.slack(Mode.SANDBOX)
    slack.ephemeral(MessageContext(None, None, ""), "#a", "U0BEN", {"text": "who are you?"})
    slack.ephemeral(MessageContext(None, None, ""), "#a", "U0WHO", {"text": "who are you?"})

    assert [one["person"] for one in sandbox_state(core)["messages"]] == ["ben", "U0WHO"]


def test_a_window_is_shown_with_its_title_and_soon_no_more(core):
    shown = open_window(core, resolve_view(1001, Origin("v")))
    assert (shown["type"], shown["text"], shown["destination"]) == ("view", "Resolve #1001", "person:ana")
    assert shown["view"]["callback_id"] == "resolve"

    core.clock.move(seconds=VIEWS_STAY.total_seconds() + 1)

    assert sandbox_state(core)["messages"] == []


def test_only_the_newest_messages_are_shown(core):
    slack = core.slack(Mode.SANDBOX)
    for number in range(MOST_MESSAGES + 2):
        slack.post(MessageContext(None, None, "critical-alerts"), "#a", {"text": str(number)})

    shown = [one["text"] for one in sandbox_state(core)["messages"]]

    assert shown == [str(number) for number in range(2, MOST_MESSAGES + 2)]


# ---- incidents


def test_an_incident_says_how_it_stands_and_who_is_next(core):
    alert(core, "self_harm")

    (incident,) = sandbox_state(core)["incidents"]

    assert {key: incident[key] for key in ("number", "state", "header", "category", "severity", "owner")} == {
        "number": 1001,
        "state": "triggered",
        "header": "CRITICAL · Self-harm",
        "category": "self_harm",
        "severity": "critical",
        "owner": None,
    }
    assert (incident["opened_at"], incident["due_at"]) == ("2026-08-20T14:03:10.000000Z", "2026-08-20T14:03:30.000000Z")
    assert (incident["due_kind"], incident["next"]) == (
        "step",
        "notifies senior moderators, PagerDuty and senior mail",
    )


def test_an_incident_without_a_category_is_called_uncategorised(core):
    alert(core, "auto_ban")

    (incident,) = sandbox_state(core)["incidents"]

    assert incident["header"] == "UNKNOWN · Uncategorised"


def after_the_path(core):
    go_on(core, seconds=20)
    go_on(core, seconds=20)


def taken(core):
    acknowledge(core, "ana")


def reminded(core):
    acknowledge(core, "ana")
    go_on(core, minutes=8)


def resolved(core):
    acknowledge(core, "ana")
    message = sandbox_state(core)["messages"][0]
    click = click_of(core, message, "ana", "false_alarm")
    perform_action(core, SlackRequest(click.user_id, click.team_id, click.verb, click.button, is_sandbox=True))


@pytest.mark.parametrize(
    ("happens", "due_kind", "following"),
    [
        pytest.param(after_the_path, "restart", "restarts from step 1", id="nobody answered: the path begins again"),
        pytest.param(taken, "remind", "reminds the owner", id="taken: the owner is reminded"),
        pytest.param(reminded, "resolve_within", "restarts from step 1", id="reminded: it starts again"),
        pytest.param(resolved, None, None, id="resolved: nothing"),
    ],
)
def test_what_comes_next_depends_on_the_deadline(core, happens, due_kind, following):
    alert(core)

    happens(core)

    (incident,) = sandbox_state(core)["incidents"]
    assert (incident["due_kind"], incident["next"]) == (due_kind, following)


def test_the_first_message_is_timed_from_the_webhook(core):
    send_sample(core, WebhookReceiver(core), "threat")
    process_events(core)
    (waiting,) = sandbox_state(core)["incidents"]
    core.clock.move(milliseconds=41, microseconds=230)
    send_all_due(core)
    core.clock.move(seconds=20)
    fire_due(core)
    send_all_due(core)

    (told,) = sandbox_state(core)["incidents"]

    assert waiting["figures"]["webhook_to_message_ms"] is None
    assert told["figures"]["webhook_to_message_ms"] == 41.2


def test_only_what_a_deadline_fires_is_late(core):
    alert(core)
    assert sandbox_state(core)["incidents"][0]["figures"]["lateness_ms"] == []

    go_on(core, seconds=20, milliseconds=9)
    go_on(core, seconds=20, milliseconds=120)

    assert sandbox_state(core)["incidents"][0]["figures"]["lateness_ms"] == [9.0, 120.0]


def test_a_step_that_somebody_asked_for_is_not_late(core):
    alert(core)
    core.clock.move(seconds=5)
    click = click_of(core, sandbox_state(core)["messages"][0], "ana", "escalate_now")
    perform_action(core, SlackRequest(click.user_id, click.team_id, click.verb, click.button, is_sandbox=True))

    (incident,) = sandbox_state(core)["incidents"]

    assert [entry["action"] for entry in incident["timeline"]].count("step.fired") == 2
    assert incident["figures"]["lateness_ms"] == []


def test_the_timeline_tells_what_happened_in_sentences_that_name_who_did_it(core):
    alert(core)
    core.clock.move(seconds=5)
    acknowledge(core, "ana")

    timeline = sandbox_state(core)["incidents"][0]["timeline"]

    said = [entry["text"] for entry in timeline]
    assert said[0].startswith("Opened by")
    assert "Sent to critical-alerts" in said
    assert {
        "at": "2026-08-20T14:03:15.000000Z",
        "action": "incident.acknowledged",
        "actor": "system",
        "text": "Acknowledged by Ana Ruiz",
    } in timeline
    assert [entry["at"] for entry in timeline] == sorted(entry["at"] for entry in timeline)


def test_an_incident_of_another_mode_never_appears(core):
    alert(core)
    alert(core, "self_harm")
    with core.database.writing() as connection:
        connection.execute(update(incidents).where(incidents.c.number == 1001).values(mode=Mode.PRODUCTION))

    picture = sandbox_state(core)

    assert [one["number"] for one in picture["incidents"]] == [1002]
    assert picture["reached_nobody"] == 1


def test_what_really_went_out_is_not_timed(core):
    alert(core)
    with core.database.writing() as connection:
        connection.execute(update(deliveries).values(mode=Mode.DIVERT))

    assert sandbox_state(core)["incidents"][0]["figures"]["webhook_to_message_ms"] is None


def test_the_newest_incidents_are_shown_and_all_are_counted(core):
    receiver = WebhookReceiver(core)
    for _ in range(MOST_INCIDENTS + 2):
        send_sample(core, receiver, "threat")
    while process_events(core):
        pass

    picture = sandbox_state(core)

    assert picture["reached_nobody"] == MOST_INCIDENTS + 2
    assert [one["number"] for one in picture["incidents"]] == list(range(1003, 1003 + MOST_INCIDENTS))


def test_the_picture_costs_as_many_queries_for_many_incidents_as_for_one(core):
    def count_queries():
        asked = []
        listen = lambda *_args: asked.append(1)  # noqa: E731
        event.listen(core.database.engine, "before_cursor_execute", listen)
        sandbox_state(core)
        event.remove(core.database.engine, "before_cursor_execute", listen)
        return len(asked)

    alert(core)
    for_one = count_queries()
    for _ in range(5):
        alert(core)

    assert count_queries() == for_one <= 15


# ---- processes


def beat(core, kind, pid, *, started=START, at=None, host=None):
    process = Process(uuid7(), kind, host or socket.gethostname()[:256], pid, started, at or core.clock.now())
    with core.database.writing() as connection:
        processes.beat(connection, process)


def test_a_process_is_shown_once_and_the_one_that_sweeps_is_the_worker(core):
    beat(core, SENDER, 4711)
    beat(core, SWEEPER, 4711, started=START - timedelta(seconds=1))
    beat(core, SENDER, 4712)

    shown = [(one["kind"], one["pid"], one["started_at"], one["alive"]) for one in sandbox_state(core)["workers"]]

    assert sorted(shown) == [
        ("sender", 4712, "2026-08-20T14:03:10.000000Z", True),
        ("worker", 4711, "2026-08-20T14:03:09.000000Z", True),
    ]


def test_a_process_that_has_not_beaten_for_a_while_is_not_alive_and_then_gone(core):
    beat(core, SWEEPER, 4711)

    core.clock.move(seconds=6)
    assert [one["alive"] for one in sandbox_state(core)["workers"]] == [False]

    core.clock.move(minutes=1)
    assert sandbox_state(core)["workers"] == []


# ---- samples


@pytest.mark.parametrize("name", list(SAMPLES))
def test_every_sample_gets_in_by_streams_own_door(core, name):
    assert send_sample(core, WebhookReceiver(core), name) is IntakeResult.STORED

    assert core.queue.published == [PROCESS_EVENTS]
    assert process_events(core) == 1


def test_two_samples_of_one_name_are_two_incidents(core):
    alert(core)
    alert(core)

    assert sandbox_state(core)["reached_nobody"] == 2


def test_there_is_no_sample_that_is_not_in_the_list(core):
    assert isinstance(send_sample(core, WebhookReceiver(core), "made-up"), Refused)
    assert core.queue.published == []


SOURCES = """
  off:     {platform: stream, api_key: "${NOT_SET}", api_secret: "a-secret"}
  mute:    {platform: stream, api_key: mute-key, api_secret: "${NOT_SET}"}
  demo:
"""


def test_a_sample_is_signed_for_the_first_source_that_has_key_and_secret(database_url, tmp_path):
    core = a_core(database_url, tmp_path, policy=demo_policy().replace("\n  demo:\n", SOURCES))

    assert send_sample(core, WebhookReceiver(core), "threat") is IntakeResult.STORED
    core.database.close()


def test_without_any_credentials_the_page_is_told_what_to_set(database_url, tmp_path):
    policy = demo_policy().replace("${STREAM_API_KEY:-demo-key}", "${STREAM_API_KEY}")
    core = a_core(database_url, tmp_path, policy=policy)

    refused = send_sample(core, WebhookReceiver(core), "threat")

    assert "API key" in refused.why
    core.database.close()


# ---- clicks


def test_a_click_is_what_slack_would_send_signed_with_the_sandboxs_own_secret(core):
    alert(core)
    message = sandbox_state(core)["messages"][0]
    button = message["buttons"][0]

    signed = signed_click(core, Press("ana", UUID(message["id"]), button["action_id"], button["value"]))

    body = signed.body.encode()
    verify(body, signed.headers, core.settings.sandbox_signing_secret, core.clock.now())
    with pytest.raises(Unauthorized):
        verify(body, signed.headers, "slack's own secret", core.clock.now())
    click = parse(body)
    assert isinstance(click, Click)
    assert (click.user_id, click.team_id, click.verb) == ("U0ANA", "SANDBOX", Verb.ACKNOWLEDGE)
    assert f"{click.channel_id}/{click.message_ts}" == f"#critical-alerts/{message['ts']}"
    assert click.response_url == ""
    assert click.trigger_id.startswith("U0ANA.")


def test_a_submitted_window_brings_back_what_was_filled_in(core):
    alert(core)
    value = sandbox_state(core)["messages"][0]["buttons"][0]["value"]
    window = open_window(core, resolve_view(1001, Origin(value, "#critical-alerts", "1.000001")))
    state = {"outcome": {"outcome": "referred"}, "reference": {"reference": "case 7"}}

    signed = signed_click(core, Press("ana", UUID(window["id"]), view_state=state))

    said = parse(signed.body.encode())
    assert isinstance(said, Submission)
    assert (said.user_id, said.outcome, said.reference) == ("U0ANA", Outcome.REFERRED, "case 7")
    assert (said.channel_id, said.message_ts) == ("#critical-alerts", "1.000001")


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"outcome": {"outcome": ""}, "reference": {"reference": ""}}, id="inputs left empty"),
        pytest.param({"outcome": {"outcome": "made-up"}}, id="an option that is not offered"),
        pytest.param({"else": {"entirely": "x"}}, id="inputs that the window does not have"),
        pytest.param({}, id="nothing"),
    ],
)
def test_what_a_window_does_not_offer_cannot_be_chosen(core, state):
    alert(core)
    value = sandbox_state(core)["messages"][0]["buttons"][0]["value"]
    window = open_window(core, resolve_view(1001, Origin(value)))

    said = parse(signed_click(core, Press("ana", UUID(window["id"]), view_state=state)).body.encode())

    assert (said.outcome, said.reference) == (None, "")


def test_a_person_is_chosen_by_their_slack_id(core):
    element = {"type": "users_select", "action_id": "to"}
    view = {"title": {"text": "Hand over"}, "blocks": [{"type": "input", "block_id": "to", "element": element}]}
    window = open_window(core, view)

    chosen, nobody = (
        payload_of(signed_click(core, Press("ana", UUID(window["id"]), view_state={"to": {"to": said}})))
        for said in ("U0BEN", "")
    )

    assert chosen["view"]["state"]["values"]["to"]["to"] == {"type": "users_select", "selected_user": "U0BEN"}
    assert nobody["view"]["state"]["values"]["to"]["to"]["selected_user"] is None


def payload_of(signed):
    return json.loads(parse_qs(signed.body)["payload"][0])


@pytest.mark.parametrize(
    ("person", "press", "why"),
    [
        pytest.param("ana", {"message": uuid4()}, "no such message", id="a message that is not there"),
        pytest.param("zoe", {}, "no Slack id", id="somebody who is not in the policy"),
        pytest.param("ana", {"view_state": {}}, "no such dialog", id="a message submitted as a window"),
    ],
)
def test_a_click_that_slack_could_not_send_is_not_signed(core, person, press, why):
    alert(core)
    message = UUID(sandbox_state(core)["messages"][0]["id"])

    refused = signed_click(core, Press(**{"person": person, "message": message} | press))

    assert isinstance(refused, Refused)
    assert why in refused.why


def test_nobody_submits_a_window_that_opened_for_somebody_else(core):
    window = open_window(core, resolve_view(1001, Origin("v")), person="ana")

    assert isinstance(signed_click(core, Press("ben", UUID(window["id"]), view_state={})), Refused)


# ---- running a clock out


def test_running_a_clock_out_makes_it_due_now_and_asks_for_an_alarm(core):
    alert(core)
    core.clock.move(seconds=3)

    assert expire_deadline(core, 1001) is None

    assert core.queue.alarms[-1] == core.clock.now()
    go_on(core)
    assert in_slack(core)[-1]["person"] == "dana"


def test_only_a_clock_that_runs_can_run_out(core):
    alert(core)
    resolved(core)

    assert "no deadline" in expire_deadline(core, 1001).why


@pytest.mark.parametrize("number", [pytest.param(1001, id="of another mode"), pytest.param(9999, id="unknown")])
def test_only_the_sandboxs_own_incidents_can_be_hurried(core, number):
    alert(core)
    with core.database.writing() as connection:
        connection.execute(update(incidents).values(mode=Mode.DIVERT))

    assert "sandbox" in expire_deadline(core, number).why
    with core.database.reading() as connection:
        assert connection.scalar(select(incidents.c.due_at)) == START + timedelta(seconds=20)


# ---- killing a worker


@pytest.fixture
def run_core(database_url, tmp_path):
    """What `escalator run` starts."""
    core = a_core(database_url, tmp_path, ESCALATOR_RUN="1")
    yield core
    core.database.close()


@pytest.fixture
def sleepers():
    """Processes to kill, in our process group or in one of their own."""
    started = []

    def sleeper(*, is_ours=True):
        command = [sys.executable, "-c", "import signal; signal.pause()"]
        started.append(subprocess.Popen(command, start_new_session=not is_ours))
        return started[-1]

    yield sleeper
    for one in started:
        one.kill()
        one.wait()


def test_the_newest_living_worker_is_killed_without_a_warning(run_core, sleepers):
    older, newer, sender = sleepers(), sleepers(), sleepers()
    beat(run_core, SWEEPER, older.pid)
    beat(run_core, SWEEPER, newer.pid, started=START + timedelta(seconds=1))
    beat(run_core, SENDER, sender.pid, started=START + timedelta(seconds=2))
    assert sandbox_state(run_core)["can_kill"] is True

    assert kill_worker(run_core) == newer.pid

    assert newer.wait(10) == -signal.SIGKILL
    assert (older.poll(), sender.poll()) == (None, None)


def test_a_worker_that_is_gone_already_leaves_the_turn_to_the_next(run_core, sleepers):
    left, gone = sleepers(), sleepers()
    gone.kill()
    gone.wait()
    beat(run_core, SWEEPER, left.pid)
    beat(run_core, SWEEPER, gone.pid, started=START + timedelta(seconds=1))

    assert kill_worker(run_core) == left.pid


@pytest.mark.parametrize(
    ("options", "row"),
    [
        pytest.param({}, {"host": "elsewhere"}, id="a worker of another machine"),
        pytest.param({}, {"at": START - timedelta(seconds=7)}, id="a row of a worker long silent"),
        pytest.param({"is_ours": False}, {}, id="a process that we did not start"),
    ],
)
def test_nothing_else_is_ever_killed(run_core, sleepers, options, row):
    sleeper = sleepers(**options)
    beat(run_core, SWEEPER, sleeper.pid, **row)

    assert isinstance(kill_worker(run_core), Refused)
    assert sleeper.poll() is None


def test_the_process_that_is_asked_does_not_kill_itself(run_core):
    beat(run_core, SWEEPER, os.getpid())

    assert isinstance(kill_worker(run_core), Refused)


def test_only_what_run_has_started_can_be_killed(core, sleepers):
    sleeper = sleepers()
    beat(core, SWEEPER, sleeper.pid)

    assert sandbox_state(core)["can_kill"] is False
    assert isinstance(kill_worker(core), Refused)
    assert sleeper.poll() is None
