"""What waits in Stream's own queue: people are notified once when it is too much, when it doubles, and at its end."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from escalator.bootstrap import build
from escalator.services.stream.watch_queues import watch_queues
from escalator.store import stream_queues
from escalator.store.tables import bulletins, deliveries, stream_queue_samples
from escalator.store.tables import stream_queues as queue_table
from tests.browsers import Browser
from tests.doubles.http import Fault
from tests.doubles.stream import StreamDouble, nanoseconds
from tests.scenarios.harness import POLICY, STREAM_KEY, STREAM_SECRET, Harness
from tests.scenarios.together import together

BACKLOG = "{name: Backlog, more_than: 40, older_than: 2h, notify: [leads, person:dana]}"


def policy(*queues: str, more: str = "") -> str:
    listed = "\n".join(f"  - {queue}" for queue in queues or (BACKLOG,))
    return f"{POLICY.read_text()}\nqueues:\n{listed}\n{more}"


@pytest.fixture
def stream(bare: Harness) -> Iterator[StreamDouble]:
    with StreamDouble(secrets=(STREAM_SECRET,), now=bare.clock.now) as double:
        assert double.key == STREAM_KEY
        yield double


@pytest.fixture
def h(bare: Harness, stream: StreamDouble) -> Harness:
    return bare.start(policy(), STREAM_API_URL=stream.origin)


def fill(stream: StreamDouble, items: int, **age: float) -> None:
    """Let as many items wait, the oldest of this age."""
    stream.items.clear()
    for number in range(items):
        stream.add_item(f"item-{number}")
    if items:
        stream.items[0]["created_at"] = nanoseconds(stream.now() - timedelta(**age))


def look(h: Harness, **later: float) -> None:
    """Let a worker ask Stream, a minute after the last time unless told otherwise."""
    h.clock.move(**(later or {"minutes": 1}))
    watch_queues(h.core)
    h.work()


def expect(h: Harness, text: str, **how: object) -> None:
    h.expect_message("#leads", text, **how)
    h.expect_dm("dana", text, **how)


@pytest.mark.every_database
def test_the_story_of_a_queue(h: Harness, stream: StreamDouble) -> None:
    fill(stream, 40, minutes=20)
    look(h)
    h.expect_nothing()
    fill(stream, 41, minutes=20)
    look(h)
    expect(
        h,
        "Backlog: 41 items wait in Stream, the oldest for 21 min",
        says=["Limits: older than 2 h, more than 40 items", "Open Stream's dashboard"],
    )
    for minute in range(5):
        fill(stream, 60 + minute, minutes=25)
        look(h)
    h.expect_nothing()
    fill(stream, 82, minutes=26)
    look(h)
    expect(h, "Backlog got worse: 82 items wait in Stream, the oldest for 27 min")
    for _ in range(10):
        fill(stream, 3, minutes=5)
        look(h)
    h.expect_nothing()
    look(h)
    expect(h, "Backlog is over: 3 items wait in Stream, the oldest for 7 min")
    look(h)


def test_an_item_that_waits_too_long_is_enough_and_twice_as_long_is_worse(h: Harness, stream: StreamDouble) -> None:
    fill(stream, 1, hours=2, minutes=1)
    look(h, seconds=1)
    expect(h, "Backlog: 1 item waits in Stream, the oldest for 2 h 1 min")
    look(h, hours=2)
    h.expect_nothing()
    look(h, minutes=2)
    expect(h, "Backlog got worse: 1 item waits in Stream, the oldest for 4 h 3 min")


def test_a_restart_repeats_nothing(h: Harness, stream: StreamDouble) -> None:
    fill(stream, 41, minutes=1)
    look(h)
    expect(h, "Backlog: 41 items wait in Stream, the oldest for 2 min")
    h.start("", STREAM_API_URL=stream.origin)
    look(h)
    h.expect_nothing()


@pytest.mark.every_database
def test_two_workers_at_once_ask_once_and_notify_once(h: Harness, stream: StreamDouble) -> None:
    fill(stream, 41, minutes=1)
    other = build(h.core.settings, clock=h.clock, queue=h.queue)
    together(lambda: watch_queues(h.core), lambda: watch_queues(other))
    other.database.close()
    h.work()
    assert len(stream.requests) == 1
    expect(h, "Backlog: 41 items wait in Stream, the oldest for 1 min")


def test_it_is_asked_once_a_minute_and_a_long_one_once_for_each_call(h: Harness, stream: StreamDouble) -> None:
    for _ in range(60):
        look(h, seconds=2)
    assert len(stream.requests) == 2
    fill(stream, 450, minutes=1)
    for _ in range(150):
        look(h, seconds=2)
    expect(h, "Backlog: 450 items wait in Stream, the oldest for 1 min")
    assert len(stream.requests) == 7


def test_more_than_are_counted(h: Harness, stream: StreamDouble) -> None:
    fill(stream, 501, minutes=3)
    look(h, seconds=1)
    expect(h, "Backlog: more than 500 items wait in Stream, the oldest for 3 min")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=503), id="503"),
        pytest.param(Fault(drop=True), id="no answer"),
        pytest.param(Fault(html=True), id="a page of a proxy"),
        pytest.param(Fault(status=429, retry_after="30"), id="too many calls"),
    ],
)
def test_while_stream_does_not_answer_nobody_is_notified_and_nothing_is_over(
    h: Harness, stream: StreamDouble, fault: Fault
) -> None:
    fill(stream, 41, minutes=1)
    look(h)
    expect(h, "Backlog: 41 items wait in Stream, the oldest for 2 min")
    stream.inject(*[fault] * 30)
    for _ in range(30):
        look(h)
    h.expect_nothing()
    row = _row(h)
    assert (row.figures.items, row.failing_since is None) == (41, False)
    look(h)
    assert _row(h).failing_since is None
    assert [line["event"] for line in h.log.lines("warning")].count("stream_queue_not_read") == 1
    h.expect_nothing()


def _row(h: Harness) -> stream_queues.StoredQueue:
    with h.core.database.reading() as connection:
        [row] = stream_queues.all_queues(connection).values()
    return row


def test_when_stream_limits_us_it_is_asked_again_when_it_says(h: Harness, stream: StreamDouble) -> None:
    stream.inject(Fault(status=429, retry_after="600"))
    look(h)
    for _ in range(9):
        look(h)
    assert len(stream.requests) == 1
    look(h)
    assert len(stream.requests) == 2


def test_only_what_the_queue_names_counts(bare: Harness, stream: StreamDouble) -> None:
    bare.start(policy("{name: Hate, when: {label: HATE}, more_than: 1, notify: leads}"), STREAM_API_URL=stream.origin)
    fill(stream, 5, minutes=1)
    stream.items[0]["label"] = ["HATE"]
    look(bare)
    bare.expect_nothing()
    stream.items[1]["label"] = ["SPAM", "HATE"]
    look(bare)
    bare.expect_message("#leads", "Hate: 2 items wait in Stream, the oldest for 3 min")


def test_outside_its_hours_nothing_is_sent_until_they_open(bare: Harness, stream: StreamDouble) -> None:
    day = "{name: Backlog, more_than: 40, notify: leads, hours: late}"
    hours = "hours:\n  late: {from: 16:00, to: 20:00}\n"
    bare.start(policy(day, more=hours), STREAM_API_URL=stream.origin)
    fill(stream, 41, minutes=1)
    look(bare)
    bare.expect_nothing()
    look(bare, hours=2)
    bare.expect_message("#leads", "Backlog: 41 items wait in Stream, the oldest for 2 h 2 min")
    stream.items.clear()
    look(bare, hours=4)
    look(bare, minutes=11)
    bare.expect_nothing()
    look(bare, hours=20)
    bare.expect_message("#leads", "Backlog is over: nothing waits in Stream")


def test_growth_is_known_after_two_weeks(bare: Harness, stream: StreamDouble) -> None:
    bare.start(policy("{name: Backlog, growth: 2.0, notify: leads}"), STREAM_API_URL=stream.origin)
    for week, items in enumerate((400, 10, 20)):
        fill(stream, items, minutes=1)
        look(bare, weeks=1) if week else look(bare)
        look(bare, minutes=10)
    bare.expect_nothing()
    assert bare.count(stream_queue_samples) == 3
    fill(stream, 40, minutes=1)
    look(bare, weeks=1, minutes=-30)
    bare.expect_message(
        "#leads", "Backlog: 40 items wait in Stream, the oldest for 6 d 23 h, twice as many as usual at this hour"
    )


def test_samples_are_kept_for_five_weeks(bare: Harness, stream: StreamDouble) -> None:
    bare.start(policy("{name: Backlog, growth: 2.0, notify: leads}"), STREAM_API_URL=stream.origin)
    for _ in range(9):
        look(bare, weeks=1)
    assert bare.count(stream_queue_samples) == 6


def test_in_the_sandbox_stream_is_not_asked(bare: Harness, stream: StreamDouble) -> None:
    bare.start(policy(), mode="sandbox", STREAM_API_URL=stream.origin)
    fill(stream, 41, minutes=1)
    look(bare)
    assert stream.requests == []
    assert bare.count(queue_table) == 0


def test_a_diverted_source_is_watched_and_its_messages_go_to_one_place(bare: Harness, stream: StreamDouble) -> None:
    text = policy().replace(
        "    platform: stream\n", "    platform: stream\n    mode: divert\n    divert_to: hate-room\n"
    )
    bare.start(text, STREAM_API_URL=stream.origin)
    fill(stream, 41, minutes=1)
    look(bare)
    bare.expect_message("#hate", "TEST · Backlog: 41 items wait in Stream, the oldest for 2 min")


def test_a_queue_of_a_restricted_category_is_sent_to_no_person_who_may_not_see_it(
    bare: Harness, stream: StreamDouble
) -> None:
    queue = "{name: Minors, when: {label: CSAM}, more_than: 1, notify: [child-room, person:ana, person:ben]}"
    bare.start(policy(queue), STREAM_API_URL=stream.origin)
    fill(stream, 2, minutes=1)
    for item in stream.items:
        item["label"] = ["CSAM"]
    look(bare)
    bare.expect_message("C0CHILD", "Minors: 2 items wait in Stream, the oldest for 2 min")
    bare.expect_dm("ben", "Minors: 2 items wait in Stream, the oldest for 2 min")


def test_a_pager_gets_no_message_at_the_end_for_it_would_page_again(bare: Harness, stream: StreamDouble) -> None:
    text = policy("{name: Backlog, more_than: 40, notify: [pager, leads]}")
    pager = "destinations:\n  pager: {pagerduty: 0123456789abcdef0123456789abcdef}\n"
    bare.start(text.replace("destinations:\n", pager), STREAM_API_URL=stream.origin)
    fill(stream, 41, minutes=1)
    watch_queues(bare.core)
    assert (bare.count(deliveries, destination="pager"), bare.count(deliveries, destination="leads")) == (1, 1)
    stream.items.clear()
    for _ in range(12):
        bare.clock.move(minutes=1)
        watch_queues(bare.core)
    assert (bare.count(deliveries, destination="pager"), bare.count(deliveries, destination="leads")) == (1, 2)


def test_another_filter_makes_another_queue_and_a_removed_one_is_forgotten(h: Harness, stream: StreamDouble) -> None:
    fill(stream, 41, minutes=1)
    look(h)
    expect(h, "Backlog: 41 items wait in Stream, the oldest for 2 min")
    h.change_policy("name: Backlog, more_than", "name: Backlog, when: {label: HATE}, more_than")
    look(h, seconds=2)
    row = _row(h)
    assert (row.figures.items, row.state.sent) == (0, None)
    h.change_policy("name: Backlog", "name: Waiting")
    look(h)
    assert [row.key.queue] != [_row(h).key.queue] == ["Waiting"]


def test_who_dies_after_asking_loses_nothing(h: Harness, stream: StreamDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    fill(stream, 41, minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr("escalator.services.stream.watch_queues.announce_queue", die)
        with pytest.raises(SystemExit):
            look(h)
    assert h.count(bulletins) == 0
    look(h, seconds=59)
    h.expect_nothing()
    look(h, seconds=1)
    expect(h, "Backlog: 41 items wait in Stream, the oldest for 3 min")


def first_page(h: Harness, person: str) -> str:
    page = Browser(h.core, person).get("/").text
    listed = re.search(r'<ul class="queues.*?</ul>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", listed[0]).split()) if listed else ""


def metrics(h: Harness) -> dict[str, str]:
    lines = h.app.test_client().get("/metrics").text.splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line.startswith("escalator_stream_queue"))


def test_the_first_page_and_metrics_say_what_waits_and_when_that_is_old(h: Harness, stream: StreamDouble) -> None:
    assert first_page(h, "vera") == ""
    stream.inject(Fault(status=503))
    look(h)
    assert first_page(h, "vera") == "Backlog : not known yet, Stream has not answered Open Stream"
    assert metrics(h) == {}
    fill(stream, 3, minutes=20)
    look(h)
    assert first_page(h, "vera") == "Backlog : 3 items wait in Stream, the oldest for 21 min Open Stream"
    assert metrics(h) == {
        'escalator_stream_queue_items{queue="Backlog",source="chat"}': "3.0",
        'escalator_stream_queue_oldest_seconds{queue="Backlog",source="chat"}': str(21 * 60.0),
    }
    stream.inject(*[Fault(status=503)] * 16)
    look(h)
    assert "Stream has not answered since" in first_page(h, "vera")
    assert len(metrics(h)) == 2
    for _ in range(15):
        look(h)
    old = r"Backlog : 3 items wait in Stream, the oldest for 21 min \(from .*: Stream has not answered since\) Open .*"
    assert re.fullmatch(old, first_page(h, "vera"))
    assert metrics(h) == {}


def test_the_weekly_review_has_the_most_and_the_average_of_a_week(bare: Harness, stream: StreamDouble) -> None:
    minors = "{name: Minors, when: {label: CSAM}, more_than: 99, notify: [child-room]}"
    bare.start(policy(BACKLOG.replace("40", "400"), minors), STREAM_API_URL=stream.origin)
    for items in (10, 60, 20):
        fill(stream, items, minutes=1)
        look(bare, hours=1)

    def review(person: str) -> list[str]:
        page = Browser(bare.core, person).get("/audit/week/2026-W34").text
        return re.findall(r"<li>(.*: \d+ at most, \d+ on average)</li>", page)

    assert review("ana") == ["Backlog: 60 at most, 30 on average"]
    assert review("ben") == ["Backlog: 60 at most, 30 on average", "Minors: 0 at most, 0 on average"]


def test_the_first_page_shows_a_queue_of_a_restricted_category_to_those_who_may_see_it(
    bare: Harness, stream: StreamDouble
) -> None:
    queue = "{name: Minors, when: {label: CSAM}, more_than: 9, notify: [child-room]}"
    bare.start(policy(queue), STREAM_API_URL=stream.origin)
    look(bare)
    assert first_page(bare, "ana") == ""
    assert first_page(bare, "ben") == "Minors : nothing waits in Stream Open Stream"
