"""Ready means that an event can be stored now, and not that the database answers: what cannot is refused by both doors.

The faults are real ones: a database that was made read-only, as a failover leaves it, and a disk that takes no more.
"""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import NullPool, create_engine, event, text

from escalator.services.core.process_liveness import SWEEPER, record_heartbeat
from escalator.store import Database
from escalator.store.tables import events
from tests.scenarios.harness import Harness, use_database
from tests.scenarios.stories import SELF_HARM

pytestmark = pytest.mark.every_database

Fault = Callable[[Harness], AbstractContextManager[None]]


@contextmanager
def made_read_only(h: Harness) -> Iterator[None]:
    """Let the database take no writes, from the next connection on."""
    if h.core.database.is_sqlite:
        path = h.core.database.url.database
        was, read_only = h.core.database, Database(f"sqlite:///file:{path}?mode=ro&uri=true")
        use_database(h.core, read_only)
        yield
        read_only.close()
        use_database(h.core, was)
        return
    name = h.core.database.url.database
    administrator = create_engine(h.core.database.url, poolclass=NullPool)  # the product's pool takes no such session
    for setting in ("on", "off"):
        with administrator.connect() as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.commit()
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {setting}"))
            connection.commit()
        h.core.database.close()
        if setting == "on":
            yield


@contextmanager
def full(h: Harness) -> Iterator[None]:
    """Let no file of this process grow beyond what the database's log has reached: SQLite cannot append to it."""
    wal = h.folder / "escalator.db-wal"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ready(h: Harness) -> tuple[int, list[str]]:
    h.clock.move(seconds=1)
    record_heartbeat(h.core, SWEEPER, h.clock.now())
    return readyz(h)


def readyz(h: Harness) -> tuple[int, list[str]]:
    answer = h.app.test_client().get("/readyz")
    return answer.status_code, answer.json["degraded"]


def assert_neither_ready_nor_storing(h: Harness, fault: Fault, why: str) -> None:
    assert ready(h) == (200, [])
    with fault(h):
        h.clock.move(seconds=1)
        status, degraded = readyz(h)
        assert (status, degraded[0].startswith("database: ")) == (503, True)
        assert why in degraded[0]
        assert h.send(h.sample(SELF_HARM), is_working=False).status_code == 503
    assert ready(h) == (200, [])
    assert h.send(h.sample(SELF_HARM), is_working=False).status_code == 200
    assert h.count(events) == 1


def test_with_a_database_that_is_read_only_it_is_not_ready_and_stream_is_asked_to_come_again(h: Harness) -> None:
    why = "readonly database" if h.core.database.is_sqlite else "read-only transaction"
    assert_neither_ready_nor_storing(h, made_read_only, why)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_with_a_disk_that_is_full_it_is_not_ready_and_stream_is_asked_to_come_again(h: Harness) -> None:
    assert_neither_ready_nor_storing(h, full, "disk")


def test_asking_often_whether_it_is_ready_writes_once_a_second(h: Harness) -> None:
    written: list[str] = []

    @event.listens_for(h.core.database.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO events"):
            written.append(statement)

    h.clock.move(seconds=1)
    for _ in range(5):
        assert readyz(h)[0] == 200
    assert len(written) == 1
    h.clock.move(seconds=1)
    readyz(h)
    assert len(written) == 2
    assert h.count(events) == 0
