"""What a process holds while it lives: it renews it to its last call, and gives back what it does not know it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from escalator.bootstrap import build
from escalator.clock import SystemClock
from escalator.errors import Unavailable
from escalator.services.core.context import Core
from escalator.services.delivery import sender as sending
from escalator.services.delivery.sender import Sender
from escalator.services.intake import process
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.settings import read_settings
from escalator.store import leases
from escalator.store.tables import deliveries, processes
from escalator.stream.signature import sign
from tests.doubles.slack_state import Fault
from tests.live.installation import STREAM_KEY, STREAM_SECRET, Installation, event, wait_until

NEVER = timedelta(days=1)


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def core(on_postgres: Installation, clock: SystemClock) -> Iterator[Core]:
    """A process with a stored event that nobody has looked at."""
    core = build(read_settings(on_postgres.environment), clock=clock)
    core.policies.offer(core.database)
    body = event()
    WebhookReceiver(core).receive(WebhookRequest(body, STREAM_KEY, sign(body, STREAM_SECRET), ""))
    yield core
    core.database.close()


@pytest.fixture
def sender(core: Core, clock: SystemClock) -> Iterator[Sender]:
    sender = Sender(core, clock)
    sender.start()
    yield sender
    sender.stop(wait_s=30)


class Unheard:
    """A database whose commits are made, and whose word of it is lost, as when the network breaks at that moment."""

    def __init__(self, core: Core) -> None:
        self._database, self.is_broken = core.database, True

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        with self._database.writing(durable=durable) as connection:
            yield connection
        if self.is_broken:
            raise Unavailable("the connection is lost")


def test_a_claim_whose_commit_nobody_heard_of_is_given_back_long_before_its_lease_ends(
    core: Core, sender: Sender, on_postgres: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "MAX_LEASE", NEVER)
    core.sender_pool, unheard = sender, Unheard(core)
    sound, core.database = core.database, unheard
    with pytest.raises(Unavailable):
        process.process_events(core)
    core.database = sound
    [claimed] = on_postgres.rows(deliveries)
    assert (claimed["state"], claimed["claimed_by"]) == ("sending", core.id)

    on_postgres.expect_messages(1)
    on_postgres.wait_until_idle()
    [sent] = on_postgres.rows(deliveries)
    assert (sent["state"], sent["claim_number"]) == ("delivered", 2)
    assert len(on_postgres.messages()) == 1


def test_what_is_being_sent_is_not_given_back_however_long_it_takes(
    core: Core, sender: Sender, on_postgres: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalator.store.unconfirmed_claims.HEARTBEAT_TIMEOUT", timedelta(0))
    on_postgres.slack.inject("chat.postMessage", Fault(delay=4))
    core.sender_pool = sender
    process.process_events(core)
    on_postgres.wait_for(deliveries, 1, state="delivered")
    assert [row["claim_number"] for row in on_postgres.rows(deliveries)] == [1]
    assert len(on_postgres.messages()) == 1


def test_a_process_that_ends_renews_its_leases_until_its_last_call_is_over(
    core: Core, clock: SystemClock, on_postgres: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HEARTBEAT_S", 0.05)
    core.sender_pool = sender = Sender(core, clock)
    sender.start()
    on_postgres.slack.inject("chat.postMessage", Fault(delay=3))
    process.process_events(core)
    on_postgres.expect_messages(1)
    sender.stop(wait_s=0)
    [stopped] = on_postgres.rows(processes)
    wait_until(
        lambda: on_postgres.rows(processes)[0]["last_heartbeat_at"] > stopped["last_heartbeat_at"], "it beats on"
    )
    on_postgres.wait_for(deliveries, 1, state="delivered")
    sender.stop(wait_s=30)
