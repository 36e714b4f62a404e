"""What happens when PostgreSQL fails over: the old primary may live, answer and be silent, and its address moves on."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from escalator.store.migrate import migrate
from tests.doubles.slack import SlackDouble
from tests.failover import Replicating, Switch
from tests.live.conftest import installed
from tests.live.installation import SENIORS, Installation, event, hanging, wait_until
from tests.live.load import Accepted, Load
from tests.servers import RedisServer

pytestmark = [pytest.mark.postgres, pytest.mark.long]

IS_FULL = "LIVE_OUTAGE_S" in os.environ
"""Whether this is the whole acceptance test, `LIVE_OUTAGE_S=60 pytest tests/live/test_failover.py`: then how late
something is must hold too, for which it needs the machine to itself."""
BROKER_S = float(os.environ.get("LIVE_OUTAGE_S") or 15)
"""How long the broker takes no writes."""


def _must_be_below(bound_s: float, what: str, found_s: float) -> None:
    sys.stdout.write(f"{what}: {found_s:.1f} s, to be below {bound_s:.0f} s\n")
    assert not IS_FULL or found_s < bound_s, what


@dataclass
class Pair:
    """The old primary, its standby, and the address that leads to the primary."""

    old: Replicating
    new: Replicating
    switch: Switch
    installation: Installation

    def fail_over(self) -> None:
        """Let the standby take over, and the address lead there."""
        self.new.promote()
        self.switch.lead_to(self.new.socket)
        # The test only reads, which the old primary may go on to answer.
        self.installation.core.database.close()


@pytest.fixture
def pair(redis_server: RedisServer, slack: SlackDouble, tmp_path: Path) -> Iterator[Pair]:
    with Replicating() as old, closing(Replicating()) as new, Switch(old.socket) as switch:
        migrate(old.create_database("escalator"))
        new.follow(old)
        with installed(switch.url("escalator"), redis_server, slack, tmp_path) as installation:
            yield Pair(old, new, switch, installation)


@contextmanager
def _read_only(pair: Pair) -> Iterator[None]:
    pair.old.refuse_writes()
    yield


@contextmanager
def _a_standby(pair: Pair) -> Iterator[None]:
    pair.old.become_standby()
    yield


@contextmanager
def _frozen(pair: Pair) -> Iterator[None]:
    with hanging(pair.old):
        yield


@contextmanager
def _gone_without_a_word(pair: Pair) -> Iterator[None]:
    pair.switch.fall_silent()
    yield


@contextmanager
def _still_in_office(_pair: Pair) -> Iterator[None]:
    """The address moves while the old primary knows nothing of it: its durable commits wait for ever."""
    yield


WHAT_BECOMES_OF_THE_OLD_PRIMARY = [
    pytest.param(_read_only, id="it answers, and takes no writes"),
    pytest.param(_a_standby, id="it is restarted as a standby"),
    pytest.param(_frozen, id="it hangs"),
    pytest.param(_gone_without_a_word, id="its host is gone without a word"),
    pytest.param(_still_in_office, id="it lives, and its commits wait for ever"),
]


@pytest.mark.parametrize("old_primary", WHAT_BECOMES_OF_THE_OLD_PRIMARY)
def test_when_the_address_leads_to_a_new_primary_everything_goes_on_there(
    pair: Pair, old_primary: Callable[[Pair], AbstractContextManager[None]]
) -> None:
    here = pair.installation
    here.start()
    here.deliver(event(language="quick"))
    here.expect_messages(1, SENIORS)
    here.wait_until_idle()
    pids = {name: process.pid for name, process in here.processes.items()}
    load = Load(here)
    with old_primary(pair):
        with load.running():
            time.sleep(2)
            pair.fail_over()
            back_at = time.time()
            wait_until(lambda: any(one.at > back_at for one in list(load.accepted)), "an event is accepted again")
            time.sleep(3)
        told = load.told()
        here.expect_messages(1 + len(told), SENIORS)
        here.wait_until_idle()
    first = min(one.at for one in load.accepted if one.at > back_at) - back_at
    _must_be_below(5, "accepted again after", first)
    _must_be_below(10, "told at the latest after", _latest(told, back_at))
    assert {name: process.pid for name, process in here.processes.items()} == pids
    assert all(process.is_running for process in here.processes.values())


def _latest(told: dict[Accepted, float], since: float = 0.0) -> float:
    """Return how late the latest was told, counted from its acceptance or from that instant, whichever was later."""
    return max(at - max(one.at, since) for one, at in told.items())


@contextmanager
def _read_only_broker(redis: RedisServer) -> Iterator[None]:
    """Let a living broker refuse every write, as one that a managed fail-over has demoted does."""
    with redis.client() as client:
        client.replicaof("127.0.0.1", "1")
        try:
            yield
        finally:
            client.replicaof("NO", "ONE")


def test_under_load_nothing_is_late_while_the_broker_takes_no_writes(on_postgres: Installation) -> None:
    on_postgres.start()
    load = Load(on_postgres)
    with load.running():
        time.sleep(2)
        with _read_only_broker(on_postgres.redis):
            time.sleep(BROKER_S)
        time.sleep(3)
    told = load.told()
    assert load.refusals == []
    _must_be_below(5, "told at the latest after", _latest(told))
    on_postgres.expect_messages(len(told), SENIORS)


def test_under_load_nothing_is_lost_or_late_when_the_database_fails_over_and_the_broker_takes_no_writes(
    pair: Pair,
) -> None:
    here = pair.installation
    here.start()
    load = Load(here)
    with load.running():
        time.sleep(2)
        with _read_only_broker(here.redis):
            time.sleep(BROKER_S / 2)
            failing_at = time.time()
            pair.old.refuse_writes()
            time.sleep(2)
            pair.fail_over()
            back_at = time.time()
            time.sleep(max(BROKER_S / 2, 15))
        time.sleep(3)
    told = load.told()
    assert set(load.refusals) <= {503}
    _must_be_below(10, "told at the latest after the database is back", _latest(told, back_at))
    apart = {one: at for one, at in told.items() if at < failing_at or one.at > back_at + 10}
    _must_be_below(5, "told at the latest while only the broker is wrong", _latest(apart))
    here.expect_messages(len(told), SENIORS)
