"""The pace of Slack on a clock that is moved."""

from collections import Counter
from datetime import datetime, timedelta

from escalator.channels.slack.channel import SlackChannel
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from tests.fakes import FakeClock
from tests.scenarios.harness import Harness


class Turnstile:
    """A pace on a clock that is moved: in each place so many at once, then one a second. What is urgent waits only
    where Slack itself has said so.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.burst = 1_000
        self._taken: Counter[str] = Counter()
        self._opens: dict[str, datetime] = {}
        self._held: dict[str, datetime] = {}

    @classmethod
    def of(cls, h: Harness) -> "Turnstile":
        """Return the pace of Slack in that installation, in the hands of the scenario."""
        made = cls(h.clock)
        ways_out = h.core.channels(Mode.PRODUCTION)
        paced = {**ways_out, DestinationKind.SLACK: SlackChannel(h.core.slack(Mode.PRODUCTION), made)}
        h.core.channels = lambda _mode: paced
        return made

    def take(self, place: str, *, is_urgent: bool = False) -> timedelta | None:
        now = self._clock.now()
        opens = max(self._held.get(place, now), now if is_urgent else self._opens.get(place, now))
        if opens > now:
            return opens - now
        self._taken[place] += 1
        if self._taken[place] >= self.burst:
            self._opens[place] = now + timedelta(seconds=1)
        return None

    def hold(self, place: str, wait: timedelta) -> None:
        self._held[place] = self._clock.now() + wait
