"""How an address of ours is written: with slashes too many it is the same door, and a wrong one is noticed."""

import json
from types import SimpleNamespace

import pytest

from escalator.channels.slack.signature import sign_callback
from escalator.services.maintenance.jobs import flush_metrics
from escalator.stream.signature import sign
from tests.sandboxes import a_core
from tests.scenarios.log import Log
from tests.stream.bodies import stored
from web.app import create_app
from web.vendor_paths import REMEMBERED_PATHS, VENDOR_PATHS

SECRETS = {
    "STREAM_API_KEY": "key",
    "STREAM_API_SECRET": "secret",
    "SLACK_SIGNING_SECRET": "slack-secret",
    "PAGERDUTY_WEBHOOK_SECRET": "pd-secret",
    "JIRA_WEBHOOK_SECRET": "jira-secret",
    "ESCALATOR_BASE_URL": "https://escalator.example.com",
}
STREAM_HEADERS = {"X-Api-Key": "key", "X-Signature": "0" * 64}


@pytest.fixture
def log():
    with Log().listening() as log:
        yield log


@pytest.fixture
def installation(sqlite_url, tmp_path, log):
    core = a_core(sqlite_url, tmp_path, **SECRETS)
    yield SimpleNamespace(core=core, client=create_app(core).test_client(), log=log)
    core.database.close()


def wrong_paths(installation) -> list[tuple[str, str]]:
    lines = installation.log.lines("warning")
    return [(str(line["path"]), str(line["remedy"])) for line in lines if line["event"] == "wrong_path"]


def test_the_list_of_doors_is_every_route_that_a_vendor_posts_to(installation):
    rules = {rule.rule for rule in installation.client.application.url_map.iter_rules() if "POST" in rule.methods}
    assert {rule for rule in rules if rule.startswith(("/webhooks/", "/slack/"))} == set(VENDOR_PATHS)


@pytest.mark.parametrize("door", VENDOR_PATHS)
@pytest.mark.parametrize("written", ["{}", "{}/", "{}//", "/{}", "//{}/"])
def test_a_door_answers_however_many_slashes_stand_around_it(installation, door, written):
    plain = installation.client.post(door, data=b"{}")
    environ = {"PATH_INFO": written.format(door)}
    answer = installation.client.post("/", data=b"{}", environ_overrides=environ)
    assert (answer.status_code, answer.json) == (plain.status_code, plain.json) == (401, {"error": "unauthorized"})
    assert wrong_paths(installation) == []


def test_what_is_signed_is_taken_with_a_slash_at_the_end(installation):
    body = stored("review_queue_item.new__text_self_harm_critical")
    headers = {"X-Api-Key": "key", "X-Signature": sign(body, "secret")}
    assert installation.client.post("/webhooks/stream/", data=body, headers=headers).status_code == 200
    typed = b"command=%2Foncall&user_id=U1&team_id=T1&text="
    signed = sign_callback(typed, "slack-secret", installation.core.clock.now())
    assert installation.client.post("/slack/commands/", data=typed, headers=signed).status_code == 200


@pytest.mark.parametrize("path", ["/", "/webhook/stream", "/webhooks/streams", "/webhooks", "/stream", "/foo/bar/"])
def test_what_stream_sends_to_a_wrong_path_is_404_counted_and_logged_once_with_the_remedy(installation, path):
    for _ in range(3):
        answer = installation.client.post(path, data=b"{}", headers=STREAM_HEADERS)
        assert answer.status_code == 404
    remedy = "Stream's webhook URL must be https://escalator.example.com/webhooks/stream"
    assert wrong_paths(installation) == [(path.rstrip("/") or "/", remedy)]
    counted = installation.core.metrics.take()
    assert counted["escalator_wrong_path_requests_total", (("vendor", "stream"),)] == 3


@pytest.mark.parametrize(
    ("headers", "vendor", "door"),
    [
        ({"X-Slack-Signature": "v0=0"}, "slack", "/slack/interactions"),
        ({"X-PagerDuty-Signature": "v1=0"}, "pagerduty", "/webhooks/pagerduty"),
        ({"X-Hub-Signature": "sha256=0"}, "jira", "/webhooks/jira"),
        ({"X-Atlassian-Webhook-Identifier": "1"}, "jira", "/webhooks/jira"),
    ],
)
def test_the_remedy_names_the_door_of_the_vendor_that_knocked(installation, headers, vendor, door):
    assert installation.client.post("/hooks", data=b"{}", headers=headers).status_code == 404
    ((path, remedy),) = wrong_paths(installation)
    assert (path, door in remedy) == ("/hooks", True)
    assert installation.core.metrics.take() == {("escalator_wrong_path_requests_total", (("vendor", vendor),)): 1}


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/slack/interaction", "/slack/interactions"),
        ("/slack/command", "/slack/commands"),
        ("/webhook/jira", "/webhooks/jira"),
    ],
)
def test_a_path_that_is_nearly_a_door_is_told_whoever_posts_to_it(installation, path, door):
    assert installation.client.post(path, data=b"{}").status_code == 404
    ((logged, remedy),) = wrong_paths(installation)
    assert (logged, remedy.endswith(f"https://escalator.example.com{door}")) == (path, True)
    assert installation.core.metrics.take() == {("escalator_wrong_path_requests_total", (("vendor", "unknown"),)): 1}


def test_what_scanners_post_is_counted_and_not_logged(installation):
    for path in ("/wp-login.php", "/cgi-bin/x", "/.env"):
        assert installation.client.post(path, data=b"{}").status_code == 404
    assert wrong_paths(installation) == []
    assert installation.core.metrics.take() == {("escalator_wrong_path_requests_total", (("vendor", "unknown"),)): 3}


def test_neither_a_secret_in_the_path_nor_many_paths_fill_the_log(installation):
    post = installation.client.post
    post("/webhooks/jira/S3cretT0kenFr0mTheUrl?token=hidden", data=b"{}", headers={"X-Hub-Signature": "sha256=0"})
    for number in range(REMEMBERED_PATHS + 50):
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        post(f"/{letters}", data=b"{}", headers=STREAM_HEADERS)
    logged = [path for path, _remedy in wrong_paths(installation)]
    assert logged[0] == "/webhooks/jira/…"
    assert len(logged) == len(set(logged)) == REMEMBERED_PATHS
    assert "S3cret" not in installation.log.text
    assert "hidden" not in installation.log.text


def test_the_metric_is_shown(installation):
    installation.client.post("/", data=b"{}", headers=STREAM_HEADERS)
    flush_metrics(installation.core)
    said = installation.client.get("/metrics").text
    assert 'escalator_wrong_path_requests_total{vendor="stream"} 1.0' in said


def test_a_page_that_is_only_read_is_no_wrong_path(installation):
    assert installation.client.get("/nowhere").status_code == 404
    assert installation.client.get("/webhooks/stream").status_code == 405
    answer = installation.client.put("/webhooks/stream", data=json.dumps({}))
    assert answer.status_code == 405
    assert wrong_paths(installation) == []
