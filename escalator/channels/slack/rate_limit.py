"""The rate limit for Slack, shared by all processes: a burst of 30, then one message a second in a channel.

Slack takes about one message a second in a channel, with bursts, and 50 updates a minute in a workspace, which are
counted apart from messages (docs.slack.dev, "Rate limits": chat.postMessage has a tier of its own, chat.update is in
tier 3). A bucket is a key in Redis that one script reads and writes (the generic cell rate algorithm), by the time of
Redis. The last of a bucket are reserved for urgent messages. Messages never depend on Redis: without it there is no
limit. When Redis has just answered and is slow now, as on a busy machine, it is asked again in a second, for ten
seconds at most; urgent messages do not wait for it.
"""

from datetime import timedelta
from threading import Lock
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from escalator.channels.deadline_socket import in_time
from escalator.clock import Stopwatch

BURST = 30
KEPT = 6
"""The part of the burst reserved for urgent messages."""

EVERY = timedelta(seconds=1)
UPDATES = "updates"
"""The bucket of updates: one for all channels."""

UPDATES_TAKE = 1.2
"""The interval of updates as a multiple of that of messages: 50 a minute."""

ASK_S = 1.0
"""On a busy machine an answer is slow: without waiting for it, messages would exceed the limit just then."""

REST_S = 5.0
SLOW_S = 10.0
"""How long a Redis that does not answer in time counts as slow rather than down."""

_ASK_AGAIN_MS = 1_000
_TOO_LATE = (redis.TimeoutError, TimeoutError)
_CONNECT_S = 2.0
"""Longer than the wait for an answer: a slow new connection can then be used by the next call."""

_KEY = "escalator:slack-pace:"
_NOW = "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000) "
_KEEP = "redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', string.format('%.0f', full - now)) "

# The key holds when the bucket will be full again, in milliseconds; without the key it is full.
_TAKE = f"""{_NOW}
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + every
local wait = full - now - burst * every
if wait > 0 then return math.ceil(wait) end
{_KEEP}
return 0
"""
_HOLD = f"""{_NOW}
local full = now + tonumber(ARGV[1])
if full > tonumber(redis.call('GET', KEYS[1]) or now) then {_KEEP} end
return 0
"""


class Pacer(Protocol):
    """Decides when a call may be made. Never raises, and never waits for long."""

    def take(self, place: str, *, is_urgent: bool = False) -> timedelta | None:
        """Take one call from this bucket; return None when it may be made now, else how long to wait."""
        ...

    def hold(self, place: str, wait: timedelta) -> None:
        """Permit no call from this bucket for so long, because Slack has demanded it."""
        ...


class Unpaced:
    """No rate limit: for the sandbox."""

    def take(self, place: str, *, is_urgent: bool = False) -> None:
        """Return None: a call may always be made."""

    def hold(self, place: str, wait: timedelta) -> None:
        """Do nothing."""


UNPACED = Unpaced()


class SharedPace:
    """The rate limit shared by all processes. After a failure Redis is not used for `rest_s` seconds."""

    def __init__(
        self, client: "redis.Redis", *, every: timedelta = EVERY, ask_s: float = ASK_S, rest_s: float = REST_S
    ) -> None:
        self._take = client.register_script(_TAKE)
        self._hold = client.register_script(_HOLD)
        self._every = every
        self._ask_s = ask_s
        self._rest_s = rest_s
        self._failed: Stopwatch | None = None
        self._answered: Stopwatch | None = None
        self._lock = Lock()

    def take(self, place: str, *, is_urgent: bool = False) -> timedelta | None:
        """Take one call from this bucket; return None when it may be made now, or when Redis does not answer."""
        burst = BURST if is_urgent else BURST - KEPT
        late_ms = 0 if is_urgent else _ASK_AGAIN_MS
        wait_ms = self._run_script(self._take, place, _milliseconds(self._every_of(place)), burst, late_ms=late_ms)
        return timedelta(milliseconds=wait_ms) if wait_ms else None

    def hold(self, place: str, wait: timedelta) -> None:
        """Permit the next call after so long; from then on one a second."""
        self._run_script(self._hold, place, _milliseconds(wait + (BURST - 1) * self._every_of(place)))

    def _every_of(self, place: str) -> timedelta:
        return self._every * UPDATES_TAKE if place == UPDATES else self._every

    def _run_script(self, script: Any, place: str, *arguments: int, late_ms: int = 0) -> int:
        """Return the result of a script, 0 when Redis does not answer, and `late_ms` when it is only slow."""
        if self._is_resting():
            return 0
        try:
            value = int(in_time(lambda _wire: script(keys=[_KEY + place], args=arguments), self._ask_s))
        except Exception as error:  # noqa: BLE001  # a broker may answer anything, and the pace is only a courtesy
            if isinstance(error, _TOO_LATE) and self._has_just_answered():
                return late_ms
            with self._lock:
                self._failed = Stopwatch()
            return 0
        with self._lock:
            self._answered = Stopwatch()
        return value

    def _has_just_answered(self) -> bool:
        with self._lock:
            return self._answered is not None and self._answered.seconds() < SLOW_S

    def _is_resting(self) -> bool:
        with self._lock:
            return self._failed is not None and self._failed.seconds() < self._rest_s


def shared_pace(url: str, a_second: float = 1.0) -> SharedPace:
    """Return the rate limit kept in this Redis (a URL for its own client), with `a_second` messages a second in one
    channel. Opens no connection yet.
    """
    once = Retry(NoBackoff(), retries=0)
    client = redis.Redis.from_url(url, socket_timeout=_CONNECT_S, socket_connect_timeout=_CONNECT_S, retry=once)
    return SharedPace(client, every=EVERY / a_second)


def _milliseconds(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
