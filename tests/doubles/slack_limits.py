"""How fast Slack takes messages: one a second in a channel and 50 updates a minute in a workspace, both with bursts.

docs.slack.dev, "Rate limits": chat.postMessage has a tier of its own, chat.update is in tier 3. How large a burst may
be Slack says nowhere; here it is 32 at once, two more than the product allows itself, for what the way here takes
longer one time than another. A channel is known by what it is called: who calls it by two names has two buckets.
"""

import time
from collections import defaultdict

BURST = 32
POSTS_A_SECOND = 1.0
UPDATES_A_SECOND = 50 / 60


class Bucket:
    """Fills by so much a second, and is full at the beginning."""

    def __init__(self, a_second):
        self._a_second = a_second
        self._level = float(BURST)
        self._at = time.monotonic()

    def take(self):
        """Take one out; False when there is none."""
        now = time.monotonic()
        self._level = min(BURST, self._level + (now - self._at) * self._a_second)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class Limits:
    """The buckets of a workspace; `violations` are the calls that were too many."""

    def __init__(self):
        self.violations = []
        self._channels = defaultdict(lambda: Bucket(POSTS_A_SECOND))
        self._updates = Bucket(UPDATES_A_SECOND)

    def is_too_fast(self, method, channel):
        """Whether a call comes too soon."""
        buckets = {"chat.postMessage": self._channels[channel], "chat.update": self._updates}
        if method not in buckets or buckets[method].take():
            return False
        self.violations.append((method, channel))
        return True
