"""A PostgreSQL that has become a standby answers every question, and takes nothing."""

import shutil
from collections.abc import Iterator

import pytest

from escalator.bootstrap import build
from escalator.errors import Unavailable
from escalator.services.core.context import Core
from escalator.services.core.process_liveness import SENDER, record_heartbeat
from escalator.services.monitoring.health import StoreTrial, readiness
from escalator.settings import read_settings
from escalator.store.migrate import migrate
from tests.fakes import FakeClock
from tests.servers import PostgresServer
from tests.store.conftest import POLICY
from web.app import create_app


class Replica(PostgresServer):
    """A server whose log would do for a standby, and that can be made one."""

    def command(self) -> list[str]:
        return [*super().command(), "-c", "wal_level=replica"]

    def become_standby(self) -> None:
        self.stop()
        signal = self._data / "standby.signal"
        signal.touch()
        if self.user:
            shutil.chown(signal, self.user)
        self.start()


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica() as server:
        yield server


@pytest.fixture
def core(replica: Replica) -> Iterator[Core]:
    """A process on this server, with a policy."""
    url = replica.create_database("escalator")
    migrate(url)
    made = build(
        read_settings({"DATABASE_URL": url, "ESCALATOR_POLICY": str(POLICY), "SECRET_KEY": "secret-key"}),
        clock=FakeClock(),
    )
    made.policies.offer(made.database)
    yield made
    made.database.close()


@pytest.mark.postgres
def test_on_a_standby_nothing_is_ready_and_every_write_says_that_the_database_is_unavailable(
    core: Core, replica: Replica
) -> None:
    assert readiness(core, StoreTrial(core)).can_store
    core.database.close()
    replica.become_standby()
    answer = create_app(core).test_client().get("/readyz")
    assert answer.status_code == 503
    [degraded] = answer.json["degraded"]
    assert degraded.startswith("database: ")
    assert "read-only transaction" in degraded
    with pytest.raises(Unavailable, match="read-only transaction"):
        record_heartbeat(core, SENDER)
