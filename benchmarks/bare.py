"""What we are compared with: Flask checks the HMAC, Celery carries the event, requests posts it. No database.

`intake()` is the other baseline: Flask checks the HMAC and commits one row. `lookup()` is the baseline of the pages:
Flask reads one row by its primary key.
"""

import hashlib
import hmac
import os
import sqlite3
import time
from collections.abc import Callable
from threading import Lock

import psycopg_pool
import requests
from celery import Celery
from flask import Flask, Response, request

SECRET = b"bench-secret"

celery = Celery("bare", broker=os.environ.get("REDIS_URL", "redis://127.0.0.1:1/0"))
celery.conf.update(task_ignore_result=True, worker_prefetch_multiplier=4)


@celery.task(name="bare.notify")
def notify(event_id: str) -> None:
    """Tell the vendor."""
    requests.post(os.environ["SINK_URL"] + "/bare", json={"event": event_id}, timeout=5)


@celery.task(name="bare.late")
def late(due_at: float) -> None:
    """Note how late this task begins."""
    celery.broker_connection().default_channel.client.rpush("late_ms", (time.time() - due_at) * 1000)


def publish_late(count: int, ahead_s: float) -> None:
    """Publish so many countdowns that fall due within one second, in some seconds from now."""
    first = time.time() + ahead_s
    for number in range(count):
        due_at = first + number / count
        late.apply_async((due_at,), countdown=due_at - time.time())


def _is_signed(body: bytes) -> bool:
    made = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made, request.headers.get("X-Signature", ""))


def pipeline() -> Flask:
    """Return the bare pipeline's web application."""
    app = Flask("bare")

    @app.post("/webhooks/stream")
    def receive() -> Response:
        if not _is_signed(request.get_data()):
            return Response(status=401)
        notify.delay("event")
        return Response(status=200)

    @app.get("/readyz")
    def readyz() -> str:
        return "ready"

    return app


def _row_writer(url: str) -> Callable[[bytes], None]:
    """Return what commits one row, to PostgreSQL or to a SQLite file."""
    if url.startswith("sqlite:"):
        file = sqlite3.connect(url.removeprefix("sqlite:///") + ".bare", isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE bare_events (body blob)"):
            file.execute(statement)
        lock = Lock()

        def write(body: bytes) -> None:
            with lock:
                file.execute("INSERT INTO bare_events (body) VALUES (?)", (body,))

        return write
    pool = psycopg_pool.ConnectionPool(url, min_size=4, max_size=8, kwargs={"autocommit": True})
    with pool.connection() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare_events (id bigserial PRIMARY KEY, body bytea)")

    def insert(body: bytes) -> None:
        with pool.connection() as connection:
            connection.execute("INSERT INTO bare_events (body) VALUES (%s)", (body,))

    return insert


def intake() -> Flask:
    """Return a bare web application that commits one row for each event."""
    app = Flask("bare-intake")
    write = _row_writer(os.environ["DATABASE_URL"])

    @app.post("/webhooks/stream")
    def receive() -> Response:
        body = request.get_data()
        if not _is_signed(body):
            return Response(status=401)
        write(body)
        return Response(status=200)

    @app.get("/readyz")
    def readyz() -> str:
        return "ready"

    return app


def lookup() -> Flask:
    """Return a bare web application whose page shows one incident, found by its primary key."""
    app = Flask("bare-lookup")
    pool = psycopg_pool.ConnectionPool(os.environ["DATABASE_URL"], min_size=4, max_size=8, kwargs={"autocommit": True})
    with pool.connection() as connection:
        (incident_id,) = connection.execute("SELECT id FROM incidents LIMIT 1").fetchone() or (None,)

    @app.get("/")
    def show() -> str:
        with pool.connection() as connection:
            row = connection.execute("SELECT number, state FROM incidents WHERE id = %s", (incident_id,)).fetchone()
        return f"<p>{row}</p>"

    return app
