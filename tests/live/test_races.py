"""Who acknowledges races the deadline: whoever commits first, no page is sent after an answer, and no case is lost."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from escalator.bootstrap import build
from escalator.errors import Unavailable
from escalator.model.incident import Verb
from escalator.rendering.buttons import ButtonValue
from escalator.services.core.context import Core
from escalator.services.delivery import claim_deliveries
from escalator.services.incidents import escalation
from escalator.services.incidents.actions import SlackRequest, perform_action
from escalator.services.intake import process
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.settings import read_settings
from escalator.store.tables import audit_records, deliveries, incidents
from escalator.stream.signature import sign
from tests.fakes import FakeClock
from tests.live.installation import POLICY, STREAM_KEY, STREAM_SECRET, event

pytestmark = pytest.mark.long

TRIES = 1000
MANY = 8
A_LITTLE_S = 0.0002


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def cores(database_url: str, tmp_path: Path, clock: FakeClock) -> Iterator[Sequence[Core]]:
    """Two processes, as far as the database can tell, on one clock; there are as many incidents as tries."""
    settings = {
        "DATABASE_URL": database_url,
        "ESCALATOR_POLICY": str(POLICY),
        "ESCALATOR_MODE": "production",
        "ESCALATOR_VAR": str(tmp_path),
        "SECRET_KEY": "race",
        "SLACK_BOT_TOKEN": "xoxb-race",
    }
    made = [build(read_settings(settings), clock=clock, pool_size=MANY) for _ in range(2)]
    one = made[0]
    one.policies.offer(one.database)
    receiver = WebhookReceiver(one)
    for _ in range(TRIES):
        body = event(language="quick")
        receiver.receive(WebhookRequest(body, STREAM_KEY, sign(body, STREAM_SECRET), ""))
    while process.process_events(one):
        pass
    yield made
    for core in made:
        core.database.close()


def _ids(core: Core) -> list[UUID]:
    with core.database.reading() as connection:
        return list(connection.scalars(select(incidents.c.id).order_by(incidents.c.number)))


def _rows(core: Core, table: object) -> Sequence[object]:
    with core.database.reading() as connection:
        return connection.execute(select(table)).all()


def _insist(deed: Callable[[], int]) -> int:
    """Do it again when the database was too busy, as every caller does."""
    while True:
        try:
            return deed()
        except Unavailable:
            continue


def _acknowledge(core: Core, incident_id: UUID) -> int:
    button = ButtonValue(incident_id, round=1, fence=1)
    asked = SlackRequest(user_id="U0ANA", team_id="T1", verb=Verb.ACKNOWLEDGE, button=button)
    assert perform_action(core, asked).text.endswith("is yours now")
    return 1


def _space_out(core: Core, table: object, column: str, start: datetime) -> list[datetime]:
    """Let one incident after the other have its turn, a second apart, and return when."""
    turns = [start + timedelta(seconds=10 + number) for number in range(TRIES)]
    key = table.c.id if table is incidents else table.c.incident_id
    with core.database.writing() as connection:
        for incident_id, at in zip(_ids(core), turns, strict=True):
            connection.execute(update(table).where(key == incident_id).values({column: at}))
    return turns


def _race(cores: Sequence[Core], clock: FakeClock, turns: Sequence[datetime], against: Callable[[Core], int]) -> int:
    """Let an acknowledgement of each incident meet what another process does to it; return how often that one won.

    Who lost begins a little earlier the next time, so that both win about as often, by as little as can be.
    """
    wins, delay_s = 0, 0.0

    def begin(line: threading.Barrier, wait_s: float, deed: Callable[[], int]) -> int:
        line.wait()
        time.sleep(max(0.0, wait_s))
        return _insist(deed)

    with ThreadPoolExecutor(2) as threads:
        for incident_id, at in zip(_ids(cores[0]), turns, strict=True):
            clock.move_to(at)
            line = threading.Barrier(2)
            answering = threads.submit(begin, line, -delay_s, lambda one=incident_id: _acknowledge(cores[0], one))
            other = threads.submit(begin, line, delay_s, lambda: against(cores[1]))
            answering.result()
            has_won = other.result()
            wins += has_won
            delay_s += A_LITTLE_S if has_won else -A_LITTLE_S
            assert _insist(lambda: against(cores[1])) == 0, "after the answer there is nothing to do any more"
    return wins


def _said(core: Core, action: str) -> Counter[UUID]:
    return Counter(row.incident_id for row in _rows(core, audit_records) if row.action == action)


def test_a_step_fires_before_the_acknowledgement_or_never(cores: Sequence[Core], clock: FakeClock) -> None:
    core = cores[0]
    fired_first = _race(cores, clock, _space_out(core, incidents, "due_at", clock.now()), escalation.fire_due)

    assert 0 < fired_first < TRIES
    ended = {row.id: row for row in _rows(core, incidents)}
    assert {row.state for row in ended.values()} == {"acknowledged"}
    assert _said(core, "incident.acknowledged") == dict.fromkeys(ended, 1)
    assert _said(core, "step.fired") == {one: row.step + 1 for one, row in ended.items()}
    assert sum(row.step for row in ended.values()) == fired_first
    # An acknowledgement drops what is to be sent: a page that still waited would have been fired after it.
    assert Counter(row.state for row in _rows(core, deliveries)) == {"suppressed": TRIES + fired_first}


def test_a_page_is_claimed_before_the_acknowledgement_or_never(cores: Sequence[Core], clock: FakeClock) -> None:
    core = cores[0]
    turns = _space_out(core, deliveries, "next_attempt_at", clock.now())
    _space_out(core, incidents, "due_at", turns[-1])
    claimed_first = _race(cores, clock, turns, lambda one: len(claim_deliveries.claim_calls(one, 1).calls))

    assert 0 < claimed_first < TRIES
    assert {row.state for row in _rows(core, incidents)} == {"acknowledged"}
    # Nobody reports back, so what was claimed is looked at once more when its lease ends, and dropped.
    assert Counter(row.claim_number for row in _rows(core, deliveries)) == {1: claimed_first, 0: TRIES - claimed_first}
    assert {row.state for row in _rows(core, deliveries)} <= {"sending", "suppressed"}


def test_every_deadline_fires_once_however_many_fire_it(
    cores: Sequence[Core], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalation, "BATCH", 3)
    clock.move(seconds=3)

    def fire_all(number: int) -> None:
        while _insist(lambda: escalation.fire_due(cores[number % 2])):
            pass

    with ThreadPoolExecutor(MANY) as threads:
        list(threads.map(fire_all, range(MANY)))
    core = cores[0]
    assert _said(core, "step.fired") == dict.fromkeys(_ids(core), 2)
    assert len(_rows(core, deliveries)) == 2 * TRIES
