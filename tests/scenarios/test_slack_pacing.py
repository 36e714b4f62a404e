"""A channel that is spoken to no faster than it takes: everything comes, later, and as it stands by then."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from escalator.channels.slack.channel import SlackChannel
from escalator.model.policy import DestinationKind
from escalator.model.ranks import Mode
from escalator.store.tables import troubles
from tests.fakes import FakeClock
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, TAKEN, paged


class Turnstile:
    """A pace on a clock that is moved: in each place so many at once, then one a second."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.burst = 1_000
        self._taken: Counter[str] = Counter()
        self._opens: dict[str, datetime] = {}

    def take(self, place: str) -> timedelta | None:
        now = self._clock.now()
        opens = self._opens.get(place, now)
        if opens > now:
            return opens - now
        self._taken[place] += 1
        if self._taken[place] >= self.burst:
            self._opens[place] = now + timedelta(seconds=1)
        return None

    def hold(self, place: str, wait: timedelta) -> None:
        self._opens[place] = self._clock.now() + wait


@pytest.fixture
def turnstile(h: Harness) -> Turnstile:
    made = Turnstile(h.clock)
    ways_out = h.core.channels(Mode.PRODUCTION)
    paced = {**ways_out, DestinationKind.SLACK: SlackChannel(h.core.slack(Mode.PRODUCTION), made)}
    h.core.channels = lambda _mode: paced
    return made


def test_pages_beyond_the_burst_come_one_a_second_and_none_is_lost(h: Harness, turnstile: Turnstile) -> None:
    h.post(SELF_HARM)
    turnstile.burst = 2
    for item in range(2, 7):
        h.post(SELF_HARM, item=item)
    assert len(_in_channel(h)) == 3, "the first has told the channel's id, under which all others are counted"
    for more in range(1, 4):
        h.fast_forward(seconds=1)
        assert len(_in_channel(h)) == 3 + more
    h.forget_seen()
    assert [row["reason"] for row in h.records("delivery.failed")] == []
    assert h.count(troubles) == 0
    assert not [line for line in h.log.lines("warning") if line["event"] == "delivery_failed"]


def test_a_paced_page_counts_as_no_failure_of_its_step(h: Harness, turnstile: Turnstile) -> None:
    turnstile.hold("#critical-alerts", timedelta(seconds=30))
    h.post(SELF_HARM)
    h.fast_forward(minutes=1)
    h.forget_seen()
    assert h.records("step.failed") == []
    assert len(_in_channel(h)) == 1


def test_a_paced_update_shows_the_newest_state_and_nothing_in_between(h: Harness, turnstile: Turnstile) -> None:
    channel, ana, ben = paged(h)
    turnstile.hold(channel.channel, timedelta(seconds=10))
    h.click("ana", "Acknowledge", on=ana)
    h.expect_updates(ana, ben, text="#1001 taken by Ana Ruiz after 0 s")
    h.click("ana", "False alarm", on=ana)
    h.expect_updates(ana, ben, text="#1001 resolved by Ana Ruiz: no violation")
    h.expect_nothing()
    h.fast_forward(seconds=9)
    h.expect_nothing()
    h.fast_forward(seconds=1)
    h.expect_update(channel, "#1001 resolved by Ana Ruiz: no violation")
    assert TAKEN[0] not in channel.labels


def test_an_update_waits_for_slack_and_not_for_others(h: Harness, turnstile: Turnstile) -> None:
    channel, ana, ben = paged(h)
    turnstile.hold(channel.channel, timedelta(seconds=5))
    h.click("ana", "Acknowledge", on=ana)
    h.expect_updates(ana, ben)
    h.fast_forward(seconds=5)
    h.expect_update(channel, "#1001 taken by Ana Ruiz after 0 s")


def _in_channel(h: Harness) -> list[object]:
    return [one for one in h.slack.messages if one.channel == h.slack.channel_id("#critical-alerts")]
