"""Housekeeping asks once which jobs wait, and tries to claim only the others."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from escalator.services.core.context import Core
from escalator.services.maintenance import jobs as housekeeping
from escalator.services.maintenance.jobs import run_jobs
from escalator.store import jobs

NAMES = sorted(name for _job, name in housekeeping._JOBS if name is not None)


@pytest.fixture
def claimed(core: Core, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the jobs that were claimed."""
    names: list[str] = []
    real = jobs.claim_due

    def claim(connection: object, name: str, *more: object) -> bool:
        names.append(name)
        return real(connection, name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "claim_due", claim)
    core.policies.offer(core.database)
    return names


def put_off(core: Core, *names: str) -> None:
    with core.database.writing() as connection:
        for name in names:
            assert jobs.claim_due(connection, name, core.clock.now(), timedelta(hours=1))


@pytest.mark.parametrize("name", NAMES)
def test_a_job_is_claimed_by_the_name_under_which_it_waits(core: Core, claimed: list[str], name: str) -> None:
    put_off(core, *(other for other in NAMES if other != name))
    claimed.clear()
    run_jobs(core)
    assert set(claimed) <= {name}


def test_while_all_wait_nothing_is_written(core: Core, claimed: list[str]) -> None:
    put_off(core, *NAMES)
    run_jobs(core)
    claimed.clear()
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("SELECT"):
            written.append(statement)

    event.listen(core.database.engine, "before_cursor_execute", note)
    run_jobs(core)
    event.remove(core.database.engine, "before_cursor_execute", note)
    assert (claimed, written) == ([], [])
