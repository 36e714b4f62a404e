"""The gravest content never leaves: not to Redis, not to a log, not to Slack, whatever happens to it on its way."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from escalator.store.tables import events, incidents
from tests.doubles.slack_state import Fault
from tests.live.grave import grave, has_mark
from tests.live.installation import PREFORK, SENIORS, Installation, wait_until
from tests.servers import PostgresServer, RedisServer


def _everything_in(redis: RedisServer) -> bytes:
    """Return every key and value, and all that was ever written: the append-only file keeps it."""
    with redis.client() as client:
        kept = [key + (client.dump(key) or b"") for key in client.scan_iter()]
    written = [path.read_bytes() for path in redis.directory.rglob("*") if path.is_file()]
    return b"".join(kept + written)


@contextmanager
def _watched(redis: RedisServer) -> Iterator[list[bytes]]:
    """Look at everything in Redis again and again, and gather what should not be there."""
    found: list[bytes] = []
    is_over = Event()

    def look() -> None:
        while not is_over.wait(0.05):
            with redis.client() as client:
                values = [client.dump(key) or b"" for key in client.scan_iter()]
            found.extend(value for value in values if has_mark(value))

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        is_over.set()
        watcher.join()


def test_the_search_finds_what_it_looks_for() -> None:
    body = base64.b64encode(json.dumps([["MARKtext"], {}, {}]).encode())
    assert all(has_mark(base64.b64encode(b"x" * shift + b"a MARK b")) for shift in range(3))
    assert has_mark(body)
    assert has_mark(b"MARKtext".hex().encode())
    assert not has_mark(base64.b64encode(b"nothing of that kind"))


def test_what_is_withheld_is_in_no_message_no_log_and_no_key_of_redis(
    on_postgres: Installation, postgres_server: PostgresServer
) -> None:
    on_postgres.start("--loglevel=DEBUG", *PREFORK)
    with _watched(on_postgres.redis) as found:
        gravest = grave()
        on_postgres.slack.inject("chat.postMessage", Fault(status=500), Fault(error="invalid_blocks"))
        on_postgres.deliver(gravest)
        [senior] = on_postgres.expect_messages(1, SENIORS)
        assert on_postgres.post(gravest[:-1]) == 400, "signed, and no JSON"
        assert on_postgres.post(gravest, secret="another") == 401
        assert on_postgres.post(grave("message.new")) == 200, "a private message, which nobody asked for"
        on_postgres.wait_until_idle()
        on_postgres.click("dana", "Acknowledge", senior)
        wait_until(lambda: "taken by Dana Fox" in senior.text, "the message says who has it")
        postgres_server.stop()
        assert on_postgres.post(grave()) == 503
        postgres_server.start()
        on_postgres.deliver(grave())
        on_postgres.expect_messages(2, SENIORS)
        on_postgres.wait_until_idle()

    assert {row["content_rule"] for row in on_postgres.rows(incidents)} == {"withhold"}
    assert [row["sealed_body"] for row in on_postgres.rows(events, type="message.new")] == [None]
    assert found == []
    assert not has_mark(_everything_in(on_postgres.redis))
    assert not has_mark(on_postgres.logs().encode())
    assert not has_mark(json.dumps(on_postgres.slack.log()).encode())
    assert not has_mark(repr(on_postgres.rows(incidents) + on_postgres.rows(events)).encode())
    assert not has_mark(repr(on_postgres.records("incident.opened", "incident.acknowledged")).encode())
