"""`escalator stream status`: is the app reached, does its webhook lead here, and what of its set-up matters."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from escalator.bootstrap import build
from escalator.services.stream.watch_queues import watch_queues
from escalator.settings import from_environment
from escalator.store import stream_queues
from escalator.store.tables import incidents, stream_calls
from escalator.stream.events import NAMED
from tests.doubles.stream import nanoseconds

OURS = "https://escalator.example.com/webhooks/stream"
HOOK = {"id": "h1", "enabled": True, "hook_type": "webhook", "product": "all", "webhook_url": OURS, "event_types": []}


@pytest.fixture
def stream(stream_app):
    """An app as it should be."""
    stream_app.app["event_hooks"] = [HOOK]
    stream_app.users = {"ana", "eli"}
    return stream_app


@pytest.fixture
def status(cli, stream):
    def run():
        result = cli("stream", "status", "--json")
        found = [(line["status"], line["found"]) for line in json.loads(result.stdout)]
        assert {line["what"] for line in json.loads(result.stdout)} == {"stream app"}
        assert result.exit_code == (1 if "fail" in {status for status, _found in found} else 0)
        return found

    return run


def test_an_app_that_is_set_up_well(status):
    assert status() == [
        ("ok", "key and secret are accepted by the app Chat"),
        ("ok", f"a webhook leads to {OURS}"),
        ("warn", "no event has come yet"),
        ("ok", "nothing in Stream's queue waits for a review"),
        ("ok", "rate limits: QueryReviewQueue 60 a minute, 59 left, SubmitAction 300 a minute, 300 left"),
        ("ok", "its queue is not compared with the webhooks: its mode is sandbox: nothing leaves the sandbox"),
    ]


def test_in_lines_each_says_what_would_help(cli, stream):
    stream.app["event_hooks"] = []
    lines = cli("stream", "status", "--source", "app").stdout.splitlines()
    assert lines[1] == (
        f"fail  stream app: no webhook of the app leads to {OURS}; add a webhook to {OURS} in Stream's dashboard, "
        "product `all`, with the event types of the README"
    )


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"KEY": ""}, [("warn", "off: its `api_key` is empty")]),
        ({"KEY": "other"}, [("fail", "reached, but the credentials were refused (bad_credentials: code_2)")]),
        ({"SECRET": "other"}, [("fail", "reached, but the credentials were refused (bad_credentials: code_43)")]),
        ({"STREAM_API_URL": "http://127.0.0.1:1"}, [("fail", "cannot be reached (unreachable)")]),
    ],
)
def test_an_app_that_cannot_be_asked_is_told_once_and_nothing_else_is_asked(status, monkeypatch, env, expected):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert status() == expected


QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/moderation"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:moderation"
TO_QUEUE = {"enabled": True, "hook_type": "sqs", "sqs_queue_url": QUEUE, "event_types": []}
TO_TOPIC = {"enabled": True, "hook_type": "sns", "sns_topic_arn": TOPIC, "event_types": []}


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [
        pytest.param([TO_QUEUE], [("ok", f"its events go to {QUEUE}")], id="to the queue alone"),
        pytest.param([TO_TOPIC], [("ok", f"its events go to {TOPIC}")], id="to the topic alone"),
        pytest.param(
            [TO_QUEUE, HOOK],
            [("ok", f"its events go to {QUEUE}"), ("ok", f"a webhook leads to {OURS}")],
            id="both ways",
        ),
        pytest.param(
            [TO_QUEUE | {"event_types": [name for name in NAMED if name != "user.banned"]}],
            [("warn", "the SQS hook does not send user.banned")],
            id="a type is missing",
        ),
        pytest.param(
            [TO_QUEUE | {"enabled": False}], [("fail", f"no webhook of the app leads to {OURS}")], id="a disabled hook"
        ),
        pytest.param(
            [TO_QUEUE | {"sqs_queue_url": f"{QUEUE}-2"}],
            [("fail", f"no webhook of the app leads to {OURS}")],
            id="to somebody else's queue",
        ),
    ],
)
def test_a_source_with_a_queue_or_a_topic_needs_no_webhook(status, stream, folder, monkeypatch, hooks, expected):
    monkeypatch.setenv("QUEUE", QUEUE)
    monkeypatch.setenv("TOPIC", TOPIC)
    policy = folder / "escalation.yml"
    ways = 'api_secret: "${SECRET}", sqs: "${QUEUE}", sns_topic: "${TOPIC}"'
    policy.write_text(policy.read_text().replace('api_secret: "${SECRET}"', ways))
    stream.app["event_hooks"] = hooks
    found = status()
    assert found[1 : 1 + len(expected)] == expected
    assert found[1 + len(expected)] == ("warn", "no event has come yet")


@pytest.mark.parametrize(
    ("hooks", "legacy", "expected"),
    [
        pytest.param([HOOK | {"webhook_url": OURS + "/"}], "", ("ok", f"a webhook leads to {OURS}"), id="a slash"),
        pytest.param([], OURS, ("ok", f"a webhook leads to {OURS}"), id="the older setting"),
        pytest.param([HOOK | {"enabled": False}], "", ("fail", f"the webhook to {OURS} is disabled"), id="disabled"),
        pytest.param(
            [HOOK | {"webhook_url": "https://other.example.com"}],
            "",
            ("fail", f"no webhook of the app leads to {OURS}"),
            id="elsewhere",
        ),
        pytest.param(
            [HOOK | {"hook_type": "sqs"}], "", ("fail", f"no webhook of the app leads to {OURS}"), id="a queue"
        ),
        pytest.param(
            [HOOK], OURS, ("warn", f"2 webhooks lead to {OURS}: every event comes more than once"), id="both settings"
        ),
        pytest.param(
            [HOOK | {"event_types": [name for name in NAMED if name != "user.banned"]}],
            "",
            ("warn", "the webhook does not send user.banned"),
            id="a type is missing",
        ),
    ],
)
def test_whether_a_webhook_leads_here(stream, status, hooks, legacy, expected):
    stream.app |= {"event_hooks": hooks, "moderation_webhook_url": legacy}
    assert status()[1] == expected


def test_a_clock_that_is_wrong_is_told(stream, status):
    stream.now = lambda: datetime.now(UTC) + timedelta(minutes=5, seconds=30)
    assert status()[1] == ("warn", "its clock and ours differ by 5 min")


def test_the_oldest_item_without_a_review_is_told(stream, status):
    hours = timedelta(hours=3, minutes=1)
    stream.add_item("a", created_at=int((datetime.now(UTC) - hours).timestamp()) * 1_000_000_000)
    stream.add_item("b")
    assert ("ok", "the oldest item in Stream's queue without a review is from 3 h 1 min ago") in status()


QUEUES = """\
queues:
  - {name: Backlog, more_than: 1, notify: [alerts]}
  - {name: Other, when: {source: elsewhere}, more_than: 1, notify: [alerts]}
"""


@pytest.fixture
def watched(folder, stream):  # noqa: ARG001  # the app comes with the policy
    """The policy watches two queues, one of them at another source."""
    policy = folder / "escalation.yml"
    elsewhere = '  elsewhere: {api_key: "", api_secret: ""}\npeople:'
    policy.write_text(policy.read_text().replace("people:", elsewhere, 1) + QUEUES)


def lines_about_queues(cli):
    lines = json.loads(cli("stream", "status", "--source", "app", "--json").stdout)
    return [(line["status"], line["found"]) for line in lines if "watched queue" in line["found"]]


@pytest.mark.usefixtures("stream", "watched")
def test_in_the_sandbox_it_says_that_queues_are_not_asked_for(cli):
    assert lines_about_queues(cli) == [("ok", "the watched queue Backlog is not asked for in the sandbox")]


@pytest.mark.usefixtures("watched")
def test_what_is_known_of_a_watched_queue(cli, stream, monkeypatch):
    monkeypatch.setenv("ESCALATOR_MODE", "production")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "secret")
    assert lines_about_queues(cli) == [("warn", "the watched queue Backlog has not been asked for yet")]
    core = build(from_environment())
    core.policies.offer(core.database)
    stream.add_item("a", created_at=nanoseconds(datetime.now(UTC) - timedelta(hours=3, seconds=30)))
    watch_queues(core)
    [(status, found)] = lines_about_queues(cli)
    assert status == "ok"
    assert found.startswith("the watched queue Backlog: 1 item waits in Stream, the oldest for 3 h; asked ")
    with core.database.writing() as connection:
        key = stream_queues.QueueKey("app", "Backlog")
        since = datetime.now(UTC) - timedelta(minutes=5, seconds=30)
        stream_queues.save_failure(connection, key, since, "timeout", datetime.now(UTC))
    found = "the watched queue Backlog has not been answered since 5 min ago (timeout)"
    assert lines_about_queues(cli) == [("warn", found)]
    core.database.close()


def test_preferences_that_change_what_happens_here_are_told(stream, status):
    preferences = {"escalation_queue_enabled": True, "escalation_reasons": ["threat"], "disable_audit_logs": True}
    stream.app["moderation_dashboard_preferences"] = preferences
    said = status()
    assert ("ok", "its escalation queue is on, with the reasons threat") in said
    found = "disable_audit_logs is on: Stream keeps no log of actions, so who acted cannot be looked up there"
    assert ("warn", found) in said


def test_people_whom_stream_does_not_know_are_named(stream, status):
    stream.users.remove("ana")
    assert ("warn", "Ana: Stream knows no user ana, so reviews of theirs count as a stranger's") in status()


ACTIONS = """\
actions:
  remove: {label: Delete, do: delete}
  purge: {label: Delete for ever, do: delete, role: senior}
"""


def change_policy(folder, *changes, more=""):
    policy = folder / "escalation.yml"
    text = policy.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    policy.write_text(text + more)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (set(), ["Stream knows no user bot (`stream_user`), so it may refuse what is done as that user"]),
        ({"bot"}, []),
    ],
)
def test_the_user_as_whom_we_act_must_exist_in_stream(folder, stream, status, known, expected):
    change_policy(folder, ('"${SECRET}"', '"${SECRET}", stream_user: bot'))
    stream.users |= known
    assert [found for _status, found in status() if "stream_user" in found] == expected


@pytest.mark.parametrize(("is_on", "warnings"), [(False, 1), (True, 0)])
def test_telling_an_app_whose_escalation_queue_is_off_is_a_warning(folder, stream, status, is_on, warnings):
    change_policy(folder, ('"${SECRET}"', '"${SECRET}", stream_user: bot, tell_stream: escalated'))
    stream.users.add("bot")
    stream.app["moderation_dashboard_preferences"] = {"escalation_queue_enabled": is_on}
    found = "`tell_stream` is on, but the app's escalation queue is off, so escalations are not reported to Stream"
    assert status().count(("warn", found)) == warnings


@pytest.mark.parametrize(
    ("offer", "source", "who"),
    [
        pytest.param(", actions: [remove]", "", "Ana, Eli", id="offered to all"),
        pytest.param(", actions: [purge]", "", "Eli", id="offered to seniors"),
        pytest.param(", actions: [remove], restricted_to: [mods]", "", "Ana", id="only one may see the category"),
        pytest.param("", "", "", id="offered to nobody"),
        pytest.param(", actions: [remove]", ", act_as: service, stream_user: eli", "", id="done as the service"),
    ],
)
def test_people_who_are_offered_an_action_need_an_id_in_stream(folder, status, offer, source, who):
    change_policy(
        folder,
        (", stream: ana", ""),
        (", stream: eli", ""),
        ("at_least: critical", f"at_least: critical{offer}"),
        ('"${SECRET}"', f'"${{SECRET}}"{source}'),
        more=ACTIONS,
    )
    found = f"{who}: offered actions that they cannot use, as their id in Stream is not known"
    assert [words for _status, words in status() if "offered" in words] == ([found] if who else [])


def call(core, alerted_incident, **fields):
    now = core.clock.now()
    with core.database.reading() as connection:
        version = core.policies.required(connection).version
    made = {
        "id": uuid4(),
        "incident_id": alerted_incident,
        "action_id": uuid4(),
        "position": 0,
        "action_key": "remove",
        "part": "delete",
        "person": "ana",
        "policy_version_id": version,
        "source": "app",
        "mode": "production",
        "item_id": "item",
        "user_id": "ana",
        "target_digest": "",
        "state": "new",
        "created_at": now,
        "next_attempt_at": now,
        "expires_at": now + timedelta(hours=2),
    }
    with core.database.writing() as connection:
        connection.execute(stream_calls.insert().values(made | fields))


def test_what_failed_or_waits_is_told(alerted, stream_app, status):  # noqa: ARG001  # the incident comes with it
    now = alerted.clock.now()
    with alerted.database.reading() as connection:
        incident = connection.scalar(select(incidents.c.id))
    hours = timedelta(hours=1)
    call(alerted, incident, state="failed", part="ban", reason="forbidden", ended_at=now - 2 * hours)
    call(alerted, incident, state="failed", part="ban", reason="forbidden", ended_at=now - 3 * hours)
    call(alerted, incident, state="failed", reason="no_longer_there", ended_at=now - 23 * hours)
    call(alerted, incident, state="failed", part="restore", reason="forbidden", ended_at=now - 25 * hours)
    call(alerted, incident, state="proposed", created_at=now - 9 * hours)
    call(alerted, incident, state="done", created_at=now - 8 * hours, ended_at=now)
    call(alerted, incident, state="unknown", created_at=now - hours, reason="timeout")
    call(alerted, incident, state="new", created_at=now - 7 * hours, source="another")
    found = "failed in the last 24 h: 3 (2 × Ban: not allowed; 1 × Delete: the item is no longer in Stream)"
    lines = [line for line in status() if "failed" in line[1] or "waited" in line[1]]
    assert lines == [("warn", found), ("warn", "Delete has waited for 1 h (timeout)")]


def test_an_unknown_source_is_a_misuse(cli, stream):
    result = cli("stream", "status", "--source", "chat")
    assert (result.exit_code, result.stderr) == (2, "Error: --source: the policy has no source 'chat'; it has app\n")


def test_the_doctor_looks_at_the_same_outside_the_sandbox_only(cli, stream, monkeypatch):
    def lines():
        return [line for line in json.loads(cli("doctor", "--json").stdout) if line["what"] == "stream app"]

    assert lines() == []
    assert stream.requests == []
    monkeypatch.setenv("ESCALATOR_MODE", "production")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1")
    assert lines()[0]["found"] == "key and secret are accepted by the app Chat"
    monkeypatch.setenv("STREAM_API_URL", "http://127.0.0.1:1")
    assert [(line["status"], line["found"]) for line in lines()] == [("warn", "cannot be reached (unreachable)")]
