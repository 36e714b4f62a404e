"""`escalator stream connect`: our webhook as it should be, and no hook of anybody else's damaged."""

import copy

import pytest

from escalator.stream.events import NAMED
from tests.doubles.http import Fault

OURS = "https://escalator.example.com/webhooks/stream"
FOREIGN = [
    {"id": "f1", "enabled": True, "hook_type": "webhook", "product": "chat", "webhook_url": "https://a.example.com",
     "event_types": ["message.new"], "timeout_ms": 900, "updated_at": 1},
    {"id": "f2", "enabled": False, "hook_type": "webhook", "product": "feeds", "webhook_url": "https://b.example.com",
     "event_types": [], "updated_at": 1},
    {"id": "f3", "enabled": True, "hook_type": "webhook", "product": "all", "webhook_url": "https://c.example.com/x",
     "event_types": [], "should_send_custom_events": True, "callback": {"mode": "async"}, "updated_at": 1},
    {"id": "f4", "enabled": True, "hook_type": "sqs", "product": "chat", "sqs_queue_url": "https://sqs.example.com/q",
     "sqs_auth_type": "resource", "event_types": [], "updated_at": 1},
]  # fmt: skip
SECRETS = [
    pytest.param({"sqs_key": "AKIA", "sqs_secret": "the secret"}, id="a secret"),
    pytest.param({"sqs_secret": "********"}, id="a masked secret"),
    pytest.param({"failover_config": {"type": "gcs", "gcs_credentials": "{}"}}, id="credentials of a fail-over"),
]


@pytest.fixture(params=[False, True], ids=["unlisted hooks go", "unlisted hooks stay"])
def stream(request, stream_app):
    stream_app.keeps_unlisted_hooks = request.param
    stream_app.app["event_hooks"] = copy.deepcopy(FOREIGN)
    return stream_app


@pytest.fixture
def connect(cli, stream):
    def run(*options):
        result = cli("stream", "connect", *options)
        foreign = [hook | {"updated_at": 1} for hook in stream.app["event_hooks"] if hook["id"].startswith("f")]
        assert foreign == FOREIGN
        return result.exit_code, result.output

    return run


def ours(stream):
    return [hook for hook in stream.app["event_hooks"] if hook.get("webhook_url", "").rstrip("/") == OURS]


def written(stream):
    return [request for request in stream.requests if request.method == "PATCH"]


def test_a_webhook_is_added_beside_all_others(stream, connect):
    assert connect("--yes") == (
        0, f"app: the webhook to {OURS}:\n  there is none yet\napp: done, and the other hooks are as they were\n"
    )  # fmt: skip
    [hook] = ours(stream)
    assert (hook["enabled"], hook["hook_type"], hook["product"]) == (True, "webhook", "all")
    assert hook["event_types"] == sorted(NAMED)


def test_what_is_as_it_should_be_is_not_written_again(stream, connect):
    connect("--yes")
    assert connect("--yes") == (0, f"app: the webhook to {OURS} is as it should be\n")
    assert len(written(stream)) == 1


@pytest.mark.parametrize(
    ("present", "difference", "types"),
    [
        pytest.param({"enabled": False}, "enabled is false, and should be true", sorted(NAMED), id="disabled"),
        pytest.param(
            {"product": "moderation"}, 'product is "moderation", and should be "all"', sorted(NAMED), id="part"
        ),
        pytest.param(
            {"event_types": [name for name in NAMED if name != "user.banned"] + ["message.new"]},
            "it does not send user.banned",
            sorted([*NAMED, "message.new"]),
            id="a type is missing, another is somebody's wish",
        ),
        pytest.param({"event_types": [], "enabled": False}, "enabled is false, and should be true", [], id="all types"),
    ],
)
def test_one_that_is_not_as_it_should_be_is_corrected_and_keeps_what_else_it_has(
    stream, connect, present, difference, types
):
    hook = {"id": "o", "enabled": True, "hook_type": "webhook", "product": "all", "webhook_url": f"{OURS}/"}
    stream.app["event_hooks"].insert(1, hook | {"event_types": sorted(NAMED), "timeout_ms": 7} | present)
    code, output = connect("--yes")
    assert (code, f"  {difference}\n" in output) == (0, True)
    [hook] = ours(stream)
    assert (hook["id"], hook["enabled"], hook["product"], hook["timeout_ms"]) == ("o", True, "all", 7)
    assert hook["event_types"] == types


@pytest.mark.parametrize("secret", SECRETS)
def test_an_app_with_secrets_of_somebody_else_is_left_alone_and_the_steps_are_told(stream, cli, secret):
    stream.app["event_hooks"][3] |= secret
    before = copy.deepcopy(stream.app)
    result = cli("stream", "connect", "--yes")
    assert (result.exit_code, written(stream), stream.app) == (1, [], before)
    lines = result.output.splitlines()
    assert lines[0] == "app: not changed: the sqs hook f4 holds a secret, which Stream may show masked. Do it by hand:"
    assert lines[2] == f"  2. Add a hook of type webhook, product all, with the URL {OURS}"


def test_an_app_on_the_older_settings_is_left_alone(stream, connect):
    stream.app |= {"use_hook_v2": False, "webhook_url": "https://old.example.com"}
    code, output = connect("--yes")
    assert (code, written(stream)) == (1, [])
    assert "the app still uses the older webhook settings, which event hooks would replace" in output


@pytest.mark.parametrize(("answer", "code", "calls"), [("y\n", 0, 1), ("n\n", 1, 0)])
def test_it_asks_before_it_writes(stream, cli, answer, code, calls):
    result = cli("stream", "connect", stdin=answer)
    assert "Change it? 4 other hooks stay as they are [y/N]" in result.output
    assert (result.exit_code, len(written(stream))) == (code, calls)


def test_what_would_be_written_can_be_looked_at(stream, connect):
    code, output = connect("--print")
    assert (code, written(stream), '"webhook_url": "https://c.example.com/x"' in output) == (0, [], True)


@pytest.mark.parametrize("url", ["http://escalator.example.com/webhooks/stream", "escalator.example.com"])
def test_an_address_that_stream_does_not_call_is_refused(stream, cli, url):
    result = cli("stream", "connect", "--url", url)
    assert (result.exit_code, stream.requests) == (2, [])
    assert "set ESCALATOR_BASE_URL to the https:// address of this installation" in result.output


def test_other_types_and_another_address(stream, connect):
    url = "https://staging.example.com/webhooks/stream"
    assert connect("--yes", "--url", url, "--types", "review_queue_item.new, user.banned")[0] == 0
    [hook] = [hook for hook in stream.app["event_hooks"] if hook.get("webhook_url") == url]
    assert hook["event_types"] == ["review_queue_item.new", "user.banned"]


def test_an_app_that_cannot_be_asked_is_told(stream, connect, monkeypatch):
    monkeypatch.setenv("SECRET", "other")
    assert connect("--yes") == (1, "app: reached, but the credentials were refused (bad_credentials: code_43)\n")


def test_an_answer_that_is_lost_is_not_said_to_be_done(stream, connect):
    stream.inject(Fault(), Fault(drop=True, is_done=True), path="/api/v2/app")
    code, output = connect("--yes")
    assert code == 1
    assert "Whether it was changed is not known: ask again" in output


def test_a_hook_that_was_damaged_all_the_same_is_told_with_what_it_was(stream, cli):
    stream.damaged = "f1"
    result = cli("stream", "connect", "--yes")
    assert result.exit_code == 1
    assert "app: NOT AS PLANNED: the webhook hook f1 is not what it was\n" in result.output
    assert '"timeout_ms": 900' in result.output
