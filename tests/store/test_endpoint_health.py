"""What several processes write of endpoints at the same time: each waits for the others, and none for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from escalator.model.destination_kind import DestinationKind
from escalator.services.core.context import Core
from escalator.store import endpoint_health
from escalator.store.endpoint_health import EndpointState, HealthUpdates

NAMES = [f"room-{number}" for number in range(12)]
ROUNDS = 15


def noted(core: Core, **note: object) -> None:
    """Write the same of every name."""
    notes = HealthUpdates()
    for name in NAMES:
        for key, value in note.items():
            setattr(notes.of(name), key, value)
    with core.database.writing() as connection:
        notes.write(connection, core.clock.now())


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_transactions_that_write_of_the_same_endpoints_in_any_order_never_lock_one_another_out(core: Core) -> None:
    now, barrier = core.clock.now(), Barrier(4)

    def write(worker: int) -> None:
        for _round in range(ROUNDS):
            barrier.wait()
            if worker == 0:
                with core.database.writing() as connection:
                    endpoint_health.begin_probes(connection, reversed(NAMES), now, now + timedelta(seconds=1))
                continue
            notes = HealthUpdates()
            for turn, name in enumerate(reversed(NAMES) if worker % 2 else NAMES):
                note = notes.of(name)
                if turn % 3 == 0:
                    note.timeouts = 1
                elif turn % 3 == 1:
                    note.failure = (DestinationKind.SLACK, "http_503")
                else:
                    note.paused_until = now + timedelta(seconds=worker)
            with core.database.writing() as connection:
                notes.write(connection, now)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))


def test_what_is_known_already_is_not_written_again(core: Core) -> None:
    noted(core, has_answered=True, is_probe_over=True, is_reached=True, is_there=True)
    with core.database.reading() as connection:
        assert endpoint_health.unwell(connection, core.clock.now()) == {}
    noted(core, timeouts=2)
    noted(core, timeouts=1)
    with core.database.reading() as connection:
        assert endpoint_health.unwell(connection, core.clock.now()) == dict.fromkeys(
            NAMES, EndpointState(consecutive_timeouts=3)
        )
    noted(core, has_answered=True)
    with core.database.reading() as connection:
        assert endpoint_health.unwell(connection, core.clock.now()) == {}
