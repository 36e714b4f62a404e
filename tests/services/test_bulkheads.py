"""Who may take a thread: no destination, host or kind of call holds more than its share, whatever the order."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.model.destination_kind import DestinationKind
from escalator.services.outbound.bulkheads import (
    NO_VENDOR_LANE,
    UPDATE,
    Lane,
    SenderThreads,
    ShareKind,
    host_of,
    is_admitted,
    reserve_threads,
)
from escalator.store.deliveries import DeliveryKind

SLOTS = 16
KINDS = [*(kind.value for kind in DeliveryKind), UPDATE]
LANES = st.builds(Lane, st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["x", "y"]), st.sampled_from(KINDS))


def page(destination: str, host: str = "") -> Lane:
    return Lane(destination, host or destination, "page")


def filled(threads: SenderThreads, lane: Lane) -> int:
    """Return how many calls on that lane find room, one after the other, none of which ends."""
    count = 0
    while threads.take(lane):
        count += 1
    return count


@pytest.mark.parametrize(
    ("lanes", "room"),
    [
        pytest.param([page("a")], [8], id="one destination alone"),
        pytest.param([page("a"), page("b"), page("c"), page("d")], [8, 4, 2, 0], id="one that hangs after another"),
        pytest.param([Lane("a", "x", UPDATE)], [6], id="updates of posts"),
        pytest.param([Lane("a", "x", "copy")], [4], id="copies"),
        pytest.param([Lane("a", "x", "bulletin")], [6], id="bulletins"),
        pytest.param([Lane("a", "x", "alarm")], [8], id="alarms"),
    ],
)
def test_what_hangs_leaves_room(lanes: list[Lane], room: list[int]) -> None:
    threads = SenderThreads(SLOTS)
    assert [filled(threads, lane) for lane in lanes] == room


def test_a_vendor_that_hangs_as_a_whole_leaves_room_for_another_vendor() -> None:
    threads = SenderThreads(SLOTS)
    people = sum(filled(threads, page(f"person:{number}:slack", "vendor:slack")) for number in range(40))
    assert people == 12
    assert filled(threads, page("pager", "vendor:pagerduty")) == 2


def test_pages_leave_room_for_other_kinds_and_the_last_thread_is_for_alarms() -> None:
    threads = SenderThreads(SLOTS)
    assert sum(filled(threads, page(f"d{number}")) for number in range(40)) == 14
    assert filled(threads, Lane("e", "e", UPDATE)) == 1
    assert filled(threads, NO_VENDOR_LANE) == 0
    assert filled(threads, Lane("f", "f", "alarm")) == 1


@given(st.lists(st.tuples(LANES, st.booleans()), max_size=80))
def test_nobody_holds_more_than_a_share_and_nothing_is_lost(calls: list[tuple[Lane, bool]]) -> None:
    threads, held = SenderThreads(SLOTS), Counter[Lane]()
    for lane, is_ending in calls:
        if is_ending and held[lane]:
            held[lane] -= 1
            threads.release([lane])
        elif threads.take(lane):
            held[lane] += 1
        assert threads.free == SLOTS - held.total() >= 0
    for of, at_most in ((ShareKind.ENDPOINT, 8), (ShareKind.HOST, 12)):
        holding = Counter(name for lane in held.elements() for key, name in lane.keys if key is of)
        assert all(count <= at_most for count in holding.values())
    threads.release(held.elements())
    assert filled(threads, page("new")) == 8


@given(st.lists(LANES, max_size=60), LANES)
def test_a_newcomer_finds_room_as_long_as_two_threads_are_free(calls: list[Lane], new: Lane) -> None:
    threads = SenderThreads(SLOTS)
    for lane in calls:
        threads.take(lane)
    unknown = Lane("newcomer", "elsewhere", new.kind)
    kinds = {lane.kind for lane in calls}
    if threads.free >= 2 and new.kind not in kinds:
        assert threads.take(unknown)


def test_a_rehearsal_says_what_would_be_taken_and_takes_nothing() -> None:
    threads = SenderThreads(SLOTS)
    assert filled(threads, page("a")) == 8
    rehearsal = threads.rehearsal(room=3)
    assert rehearsal.full() == {(ShareKind.ENDPOINT, "a")}
    assert [rehearsal.take(page(name)) for name in ("a", "b", "b", "b", "b")] == [False, True, True, True, False]
    assert threads.free == SLOTS - 8


def test_what_a_claim_has_no_call_for_is_given_back_even_when_it_fails() -> None:
    threads = SenderThreads(SLOTS)
    with reserve_threads(threads) as taken:
        for name in ("a", "a", "b"):
            assert taken.take(page(name))
        taken.used = [page("a")]
    assert threads.free == SLOTS - 1
    with pytest.raises(ZeroDivisionError), reserve_threads(threads) as taken:
        assert not taken.take(page("a")) / 0
    assert threads.free == SLOTS - 1


def test_threads_that_take_at_the_same_time_take_no_more_than_the_share() -> None:
    threads = SenderThreads(SLOTS)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _number: threads.take(page("a")), range(200)))
    assert sum(taken) == 8


def test_without_shares_anybody_may_take_all() -> None:
    assert filled(SenderThreads(3, is_shared=False), page("a")) == 3
    assert not is_admitted(page("a"), 1, {})


@pytest.mark.parametrize(
    ("channel", "address", "same"),
    [
        pytest.param("slack", "C0ROOM", "C0OTHER", id="Slack is one vendor"),
        pytest.param("webhook", "https://example.com/a?b", "https://EXAMPLE.com:443/c", id="a webhook's host"),
        pytest.param("webhook", "http://[broken", "http://[broken", id="what is no address"),
    ],
)
def test_the_host_of_a_call(channel: str, address: str, same: str) -> None:
    kind = DestinationKind(channel)
    assert host_of(kind, address) == host_of(kind, same)
    assert "example" not in host_of(kind, address)
    assert host_of(kind, address) != host_of(DestinationKind.WEBHOOK, "https://another.example.net/")
