"""`escalator stream reconcile`, and what `stream status` says of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from escalator.bootstrap import build
from escalator.services.intake.process import process_events
from escalator.services.stream.reconcile import reconcile_due_sources
from escalator.settings import from_environment
from escalator.store import stream_items
from escalator.store.tables import events
from tests.doubles.http import Fault
from tests.doubles.stream import nanoseconds
from tests.stream.bodies import a_flag

QUEUE = "/api/v2/moderation/review_queue"


@pytest.fixture
def stream(stream_app, monkeypatch):
    """An app whose source is in production, with an item that no webhook has told of."""
    monkeypatch.setenv("ESCALATOR_MODE", "production")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    stream_app.add_item("old", created_at=ago(days=3), updated_at=ago(hours=2))
    stream_app.add_item("new", created_at=ago(hours=1), updated_at=ago(hours=1), flags=[a_flag(labels=["HATE"])])
    return stream_app


def ago(**span):
    return nanoseconds(datetime.now(UTC) - timedelta(**span))


def counted(core):
    with core.database.reading() as connection:
        return connection.execute(events.select().where(events.c.type == "escalator.recovered")).all()


def test_it_says_what_it_found_and_stores_it(cli, core, stream):
    result = cli("stream", "reconcile")
    assert result.stdout == "app: 0 known, 1 opened, 0 changed, 0 closed, 1 ignored as too old\n"
    assert (result.exit_code, len(counted(core))) == (0, 1)


def test_a_dry_run_says_it_and_stores_nothing(cli, core, stream):
    result = cli("stream", "reconcile", "--dry-run", "--since", "90m", "--source", "app")
    assert result.stdout == "app: would be 0 known, 1 opened, 0 changed, 0 closed, 0 ignored as too old\n"
    assert (result.exit_code, counted(core)) == (0, [])


def test_as_json(cli, core, stream):
    said = json.loads(cli("stream", "reconcile", "--dry-run", "--json").stdout)
    expected = {"known": 0, "opened": 1, "changed": 0, "closed": 0, "too_old": 1, "too_large": 0, "has_more": False}
    assert said == [{"source": "app", **expected}]


def test_a_stream_that_cannot_be_asked_is_told(cli, core, stream):
    stream.inject(Fault(status=503), path=QUEUE)
    result = cli("stream", "reconcile")
    assert result.exit_code == 1
    assert result.stdout.startswith("app: 0 known")
    assert result.stdout.endswith("(vendor_error: http_503)\n")


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"ESCALATOR_MODE": "sandbox"}, "its mode is sandbox: nothing leaves the sandbox"),
        ({"KEY": ""}, "its `api_key` is empty"),
    ],
)
def test_what_is_not_read_is_said(cli, core, stream, monkeypatch, env, expected):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    result = cli("stream", "reconcile")
    assert (result.exit_code, result.stdout) == (0, f"app: not read: {expected}\n")
    assert stream.requests == []


def test_a_duration_that_is_none_is_a_misuse(cli, core, stream):
    result = cli("stream", "reconcile", "--since", "yesterday")
    assert (result.exit_code, "write 30m, 24h or 7d" in result.stderr) == (2, True)


def test_while_webhooks_wait_nothing_is_taken_for_lost(cli, core, stream):
    cli("stream", "reconcile")
    with core.database.writing() as connection:
        connection.execute(events.update().values(next_at=core.clock.now() - timedelta(minutes=1)))
    result = cli("stream", "reconcile", "--since", "2d")
    expected = "app: not read: webhooks wait to be processed, and would be taken for lost; is a worker running?\n"
    assert (result.exit_code, result.stdout) == (1, expected)


def status(cli):
    return [(line["status"], line["found"]) for line in json.loads(cli("stream", "status", "--json").stdout)]


def test_the_status_says_how_it_goes(cli, core, stream, monkeypatch):
    assert status(cli)[-1] == ("warn", "its queue was never compared with the webhooks")
    worker = build(from_environment())
    worker.policies.offer(worker.database)
    reconcile_due_sources(worker)
    process_events(worker)
    assert status(cli)[-1] == ("ok", "its queue was last compared with the webhooks 0 s ago")
    with core.database.writing() as connection:
        stream_items.record_lost(connection, "app", ["new"], core.clock.now())
    found = "in 24 h, 1 items were found only in its queue: their webhooks never came"
    assert status(cli)[-1] == ("warn", found)


def test_in_the_sandbox_the_status_says_that_nothing_is_compared(cli, core, stream, monkeypatch):
    monkeypatch.setenv("ESCALATOR_MODE", "sandbox")
    found = "its queue is not compared with the webhooks: its mode is sandbox: nothing leaves the sandbox"
    assert status(cli)[-1] == ("ok", found)


def test_filters_that_match_nothing_are_found_out(cli, core, stream):
    found = "its queue shows an item that it does not find by id and time of update, so lost webhooks are not found"
    assert ("fail", found) not in status(cli)
    stream.is_deaf_to_ids = True
    assert ("fail", found) in status(cli)
