"""Bulkheads: how a process shares its sender threads, so that hanging calls cannot take them all.

A call cannot be interrupted before its channel's time limit. So nothing may fill the threads in the first place: each
endpoint, each host and each kind of call may hold a share of the threads that are still free (the dynamic threshold of
shared buffers: Choudhury and Hahne, 1998). One endpoint alone gets half of all threads; however many hang, the next one
finds a free thread as long as there is any.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from escalator.channels.contract import fingerprint_of
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.store.deliveries import DeliveryKind

UPDATE = "update"
"""The kind of calls that update a posted message; other kinds are those of deliveries."""

_HOST_CHARS = 16


class ShareKind(StrEnum):
    """What has a share."""

    ENDPOINT = "endpoint"
    HOST = "host"
    KIND = "kind"


ShareKey = tuple[ShareKind, str]


class Lane(NamedTuple):
    """What a call counts for: its endpoint, the called host, and its kind.

    A call to nobody, like all in the sandbox, has neither endpoint nor host.
    """

    endpoint: str
    host: str
    kind: str

    @property
    def keys(self) -> tuple[ShareKey, ...]:
        """Return the keys that need room for it."""
        named = ((ShareKind.ENDPOINT, self.endpoint), (ShareKind.HOST, self.host), (ShareKind.KIND, self.kind))
        return tuple((of, name) for of, name in named if name)


class Sendable(Protocol):
    """A delivery or posted message to send."""

    @property
    def endpoint(self) -> str: ...  # noqa: D102

    @property
    def channel(self) -> DestinationKind: ...  # noqa: D102

    @property
    def mode(self) -> Mode: ...  # noqa: D102


NO_VENDOR_LANE = Lane("", "", "")
"""The lane of messages that call no vendor: any free thread has room for them."""


def lane_of(message: Sendable, address: str, kind: str) -> Lane:
    """Return the lane of a call to this expanded address."""
    if message.mode is Mode.SANDBOX:
        return Lane("", "", kind)
    return Lane(message.endpoint, host_of(message.channel, address), kind)


def host_of(channel: DestinationKind, address: str) -> str:
    """Return the name of the callee: the vendor, or a digest of the operator's host, as it may be a secret."""
    if not channel.about.has_own_host:
        return f"vendor:{channel.value}"
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = address
    return f"host:{fingerprint_of(host)[:_HOST_CHARS]}"


class Share(NamedTuple):
    """How many threads something may hold for so many free ones: whole numbers, since this is asked for every call."""

    held: int
    free: int

    def has_room(self, held: int, free: int) -> bool:
        """Whether it may hold one more."""
        return held * self.free < self.held * free


_ENDPOINT = Share(1, 1)
_HOST = Share(3, 1)
_KINDS: Mapping[str, Share] = {
    DeliveryKind.PAGE: Share(7, 1),
    DeliveryKind.ALARM: Share(1, 1),
    DeliveryKind.BULLETIN: Share(1, 2),
    DeliveryKind.COPY: Share(1, 3),
    UPDATE: Share(1, 2),
}
"""Alone, of 32 threads: an endpoint gets 16, a host 24, pages 28, alerts 16, bulletins and updates 11, copies 8."""


def share_of(key: ShareKey) -> Share:
    """Return the share of a key."""
    of, name = key
    if of is ShareKind.KIND:
        return _KINDS[name]
    return _ENDPOINT if of is ShareKind.ENDPOINT else _HOST


def is_admitted(lane: Lane, free: int, busy: Mapping[ShareKey, int]) -> bool:
    """Whether one more call may begin; the last free thread is for alerts."""
    if free < (1 if lane.kind == DeliveryKind.ALARM else 2):
        return False
    return all(share_of(key).has_room(busy.get(key, 0), free) for key in lane.keys)


def full_shares(free: int, busy: Mapping[ShareKey, int]) -> frozenset[ShareKey]:
    """Return the keys with a full share."""
    return frozenset(key for key, count in busy.items() if not share_of(key).has_room(count, free))


@dataclass(slots=True)
class AdmissionTrial:
    """Tests what would be admitted if candidates were claimed one by one; `room` is the maximum."""

    free: int
    busy: Counter[ShareKey]
    room: int
    is_shared: bool = True

    def take(self, lane: Lane) -> bool:
        """Whether there is room for this one too."""
        if self.room < 1 or (self.is_shared and not is_admitted(lane, self.free, self.busy)):
            return False
        self.room -= 1
        self.free -= 1
        self.busy.update(lane.keys)
        return True

    def full(self) -> frozenset[ShareKey]:
        """Return the keys without room."""
        return full_shares(self.free, self.busy) if self.is_shared else frozenset()


@dataclass(slots=True)
class SenderThreads:
    """The sender threads of a process and their calls. Without `is_shared`, a key may take all."""

    slots: int
    is_shared: bool = True
    _busy: Counter[ShareKey] = field(default_factory=Counter)
    _taken: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken(self) -> int:
        """Return how many threads are busy."""
        return self._taken

    @property
    def free(self) -> int:
        """Return how many threads are free."""
        return self.slots - self._taken

    def take(self, lane: Lane) -> bool:
        """Take a thread for this call if there is one."""
        with self._lock:
            if self.free < 1 or (self.is_shared and not is_admitted(lane, self.free, self._busy)):
                return False
            self._taken += 1
            self._busy.update(lane.keys)
            return True

    def release(self, lanes: Iterable[Lane]) -> None:
        """Release threads."""
        with self._lock:
            for lane in lanes:
                self._taken -= 1
                self._busy.subtract(lane.keys)
            self._busy = +self._busy

    def rehearsal(self, room: int) -> AdmissionTrial:
        """Return a copy of the state, to test what could be claimed."""
        with self._lock:
            return AdmissionTrial(self.free, Counter(self._busy), min(room, self.free), self.is_shared)


class ThreadSource(Protocol):
    """Where threads are taken and released: a process' own, or an object that represents them."""

    def take(self, lane: Lane) -> bool:
        """Take a thread for a call on this lane, if there is room."""
        ...

    def release(self, lanes: Iterable[Lane]) -> None:
        """Release threads."""
        ...


@contextmanager
def reserve_threads(reserve: ThreadSource) -> Iterator["ThreadReservation"]:
    """Yield a way to take threads for calls; those without a call at the end are released."""
    reservation = ThreadReservation(reserve)
    try:
        yield reservation
    finally:
        reserve.release((Counter(reservation.taken) - Counter(reservation.used)).elements())


@dataclass(slots=True)
class ThreadReservation:
    """The threads that one claim takes, and those with calls."""

    reserve: ThreadSource
    taken: list[Lane] = field(default_factory=list)
    used: Sequence[Lane] = ()

    def take(self, lane: Lane) -> bool:
        """Take a thread for a call on this lane, if there is room."""
        is_taken = self.reserve.take(lane)
        if is_taken:
            self.taken.append(lane)
        return is_taken
