"""`escalator sample`, against an instance that writes down what it is sent."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from escalator.stream.samples import SAMPLES
from escalator.stream.signature import verify


class Instance(ThreadingHTTPServer):
    """Says its mode, and answers a webhook with its status."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode, self.status, self.received = "sandbox", 200, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer(200, json.dumps({"mode": self.server.mode}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), body))
        self._answer(self.server.status, b"")

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def instance():
    with Instance() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_sample_is_signed_as_stream_signs(cli, instance):
    result = cli("sample", "self_harm", "--url", instance.url)
    assert result.exit_code == 0
    assert f"{instance.url}/sandbox" in result.stdout
    [(path, headers, body)] = instance.received
    assert (path, headers["X-Api-Key"]) == ("/webhooks/stream", "demo-key")
    verify(body, headers["X-Signature"], ["demo-secret"])


def test_every_sample_is_about_another_item_unless_one_is_named(cli, instance):
    for more in ([], [], ["--item", "item-1"], ["--item", "item-1"]):
        cli("sample", "--url", instance.url, *more)
    items = [json.loads(body)["review_queue_item"]["id"] for _path, _headers, body in instance.received]
    assert len(set(items)) == 3
    assert items[2:] == ["item-1", "item-1"]


def test_key_and_secret_are_those_of_the_policys_first_source_that_is_on(cli, instance, folder, monkeypatch):
    (folder / "escalation.yml").write_text(POLICY)
    monkeypatch.setenv("THE_SECRET", "secret of chat")
    assert cli("sample", "--url", instance.url).exit_code == 0
    [(_path, headers, body)] = instance.received
    assert headers["X-Api-Key"] == "key of chat"
    verify(body, headers["X-Signature"], ["secret of chat"])


def test_a_policy_without_a_source_that_is_on_is_told(cli, instance, folder):
    (folder / "escalation.yml").write_text(POLICY)
    result = cli("sample", "--url", instance.url)
    assert result.exit_code == 1
    assert "no source of the policy has both a key and a secret" in result.stderr


@pytest.mark.parametrize("where", ["here", "there"])
def test_production_wants_to_hear_that_it_is_a_drill(cli, instance, monkeypatch, where):
    if where == "here":
        monkeypatch.setenv("ESCALATOR_MODE", "production")
    else:
        instance.mode = "production"
    refused = cli("sample", "--url", instance.url)
    assert (refused.exit_code, instance.received) == (2, [])
    assert "--drill" in refused.stderr
    accepted = cli("sample", "--url", instance.url, "--drill")
    assert (accepted.exit_code, len(instance.received)) == (0, 1)


@pytest.mark.parametrize(("mode", "shown"), [("sandbox", True), ("divert", False)])
def test_one_is_sent_to_the_sandbox_page_only_where_there_is_one(cli, instance, mode, shown):
    instance.mode = mode
    assert ("/sandbox" in cli("sample", "--url", instance.url).stdout) is shown


def test_an_instance_that_does_not_accept_is_a_problem(cli, instance):
    instance.status = 401
    result = cli("sample", "--url", instance.url)
    assert result.exit_code == 1
    assert "another key or secret" in result.stderr


def test_an_instance_that_is_not_there_is_a_problem(cli, instance):
    url = "http://127.0.0.1:1"
    result = cli("sample", "--url", url)
    assert result.exit_code == 1
    assert f"nothing answers at {url}" in result.stderr


def test_the_samples_are_listed(cli):
    assert [line.split()[0] for line in cli("sample", "--list").stdout.splitlines()] == list(SAMPLES)


def test_an_unknown_sample_is_a_misuse(cli):
    result = cli("sample", "none")
    assert result.exit_code == 2
    assert "self_harm" in result.stderr


POLICY = """\
version: 1
timezone: UTC
sources:
  off:  {platform: stream, api_key: "${NOT_SET:-}", api_secret: "${NOT_SET:-}"}
  chat: {platform: stream, api_key: key of chat, api_secret: ["${THE_SECRET:-}", ""]}
destinations:
  room: {slack: "#room", urgent: true}
paths:
  tell: [{notify: [room]}]
default: tell
"""
