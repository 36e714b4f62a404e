"""The pace of a Slack channel: 30 at once, then one a second, kept by all processes together; a courtesy at best."""

from dataclasses import dataclass, field
from datetime import timedelta

import fakeredis
import pytest
import redis

from escalator.bootstrap import build
from escalator.channels.contract import Notification
from escalator.channels.slack.channel import SlackChannel
from escalator.channels.slack.rate_limit import BURST, KEPT, UPDATES, SharedPace, Unpaced, shared_pace
from escalator.clock import Stopwatch
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.rendering.card import card
from escalator.settings import read_settings
from tests.doubles.broker import FAILURES, BrokerProxy
from tests.rendering.builders import a_view
from tests.servers import RedisServer

PLACE, OTHER = "C1", "C2"
SECOND = timedelta(seconds=1)
LONG_AGO_S = 3.0


@pytest.fixture
def server():
    return fakeredis.FakeServer()


def pace(server, **how):
    """One process' view of the pace."""
    return SharedPace(fakeredis.FakeRedis(server=server), **{"ask_s": 5.0} | how)


def used_up(one, place=PLACE):
    ordinary = BURST - KEPT
    assert [one.take(place) for _ in range(ordinary)] == [None] * ordinary
    return one


def test_a_burst_goes_at_once_and_the_next_waits_a_second(server):
    wait = used_up(pace(server)).take(PLACE)
    assert timedelta(0) < wait <= SECOND


def test_the_last_of_a_burst_are_kept_for_what_is_urgent(server):
    one = used_up(pace(server))
    assert [one.take(PLACE, is_urgent=True) for _ in range(KEPT)] == [None] * KEPT
    assert timedelta(0) < one.take(PLACE, is_urgent=True) <= SECOND


def test_updates_are_paced_apart_from_messages_fifty_a_minute(server):
    one = used_up(used_up(pace(server)), UPDATES)
    assert SECOND < one.take(UPDATES) <= 1.2 * SECOND


def test_all_processes_share_one_bucket(server):
    used_up(pace(server))
    assert pace(server).take(PLACE) is not None


def test_every_channel_has_a_bucket_of_its_own(server):
    assert used_up(pace(server)).take(OTHER) is None


def test_who_was_refused_has_taken_nothing(server):
    one = used_up(pace(server))
    assert max(one.take(PLACE) for _ in range(50)) <= SECOND


def test_one_comes_free_every_second(server):
    one = used_up(pace(server))
    _let_pass(server, seconds=2)
    assert [one.take(PLACE) is None for _ in range(3)] == [True, True, False]


def test_the_bucket_is_forgotten_once_it_is_full_again(server):
    used_up(pace(server))
    client = fakeredis.FakeRedis(server=server)
    [key] = client.keys()
    assert 23_000 < client.pttl(key) <= 24_000


def test_what_slack_says_of_the_pace_rules(server):
    one = pace(server)
    one.hold(PLACE, timedelta(seconds=17))
    assert timedelta(seconds=16) < one.take(PLACE, is_urgent=True) <= timedelta(seconds=17)
    assert one.take(OTHER) is None
    _let_pass(server, seconds=17)
    assert [one.take(PLACE, is_urgent=True) is None for _ in range(2)] == [True, False]


def test_after_what_slack_asked_for_the_first_turns_are_those_of_what_is_urgent(server):
    one = pace(server)
    one.hold(PLACE, timedelta(seconds=17))
    _let_pass(server, seconds=17)
    assert one.take(PLACE) is not None
    _let_pass(server, seconds=KEPT)
    assert [one.take(PLACE) is None for _ in range(2)] == [True, False]


def test_a_shorter_wait_takes_nothing_from_a_longer_one(server):
    one = pace(server)
    one.hold(PLACE, timedelta(seconds=17))
    one.hold(PLACE, timedelta(seconds=1))
    assert one.take(PLACE) > timedelta(seconds=16)


def _let_pass(server, seconds):
    """Move what the key says instead of the clock."""
    client = fakeredis.FakeRedis(server=server)
    [key] = client.keys("*C1")
    client.set(key, int(client.get(key)) - seconds * 1000)


@dataclass
class Away:
    """A Redis that cannot be asked; without an error it can, and has no objection."""

    error: Exception | None
    asked: int = 0

    def register_script(self, _text):
        return self

    def __call__(self, **_arguments):
        self.asked += 1
        if self.error is not None:
            raise self.error
        return 0


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(redis.ConnectionError("down"), id="down"),
        pytest.param(redis.TimeoutError("slow"), id="slow"),
        pytest.param(redis.ResponseError("OOM"), id="full"),
        pytest.param(OSError("no such socket"), id="not there"),
    ],
)
def test_without_redis_there_is_no_bucket_and_it_is_left_alone_for_a_while(error):
    away = Away(error)
    one = SharedPace(away)
    assert [one.take(PLACE) for _ in range(100)] == [None] * 100
    one.hold(PLACE, SECOND)
    assert away.asked == 1


def test_a_redis_that_has_just_answered_and_is_slow_now_holds_what_is_not_urgent():
    away = Away(redis.TimeoutError("slow"))
    one = SharedPace(away)
    away.error, slow = None, away.error
    assert one.take(PLACE) is None
    away.error = slow
    assert [one.take(PLACE) for _ in range(3)] == [SECOND] * 3
    assert one.take(PLACE, is_urgent=True) is None
    assert away.asked == 5


def test_after_a_while_it_is_asked_again():
    away = Away(redis.ConnectionError("down"))
    one = SharedPace(away, rest_s=0)
    assert [one.take(PLACE) for _ in range(3)] == [None] * 3
    assert away.asked == 3


@pytest.mark.live
def test_a_real_server_keeps_the_same_pace(redis_server: RedisServer):
    one, other = (SharedPace(redis_server.client(), ask_s=5) for _ in range(2))
    used_up(one)
    assert timedelta(0) < other.take(PLACE) <= SECOND
    other.hold(PLACE, timedelta(seconds=17))
    assert one.take(PLACE) > timedelta(seconds=16)
    assert one.take(OTHER) is None
    assert all(0 < redis_server.client().pttl(key) <= 46_000 for key in redis_server.client().scan_iter())


@pytest.mark.live
def test_a_server_that_hangs_holds_nobody(redis_server: RedisServer):
    one, place = shared_pace(redis_server.url), "C-HANGS"  # What it is asked while it hangs it does afterwards.
    redis_server.freeze()
    watch = Stopwatch()
    try:
        assert [one.take(place) for _ in range(1_000)] == [None] * 1_000
    finally:
        redis_server.thaw()
    assert watch.seconds() < LONG_AGO_S


def test_nobody_there_holds_nobody(tmp_path):
    settings = read_settings({"SECRET_KEY": "x", "ESCALATOR_VAR": str(tmp_path)})
    one = shared_pace(settings.redis_client_url)
    assert [one.take(PLACE) for _ in range(1_000)] == [None] * 1_000


# --- The channel ---------------------------------------------------------------------------------------------------


@dataclass
class Slow:
    """A pacer that lets nobody through."""

    wait: timedelta | None = SECOND
    asked: list = field(default_factory=list)
    held: list = field(default_factory=list)

    def take(self, place, *, is_urgent=False):
        self.asked.append((place, is_urgent))
        return self.wait

    def hold(self, place, wait):
        self.held.append((place, wait))


@dataclass
class Api:
    """A Slack that answers everything alike."""

    answer: object = Delivered("C1/1.2")
    calls: list = field(default_factory=list)

    def post(self, *_said, **_how):
        self.calls.append("post")
        return self.answer

    def update(self, *_said):
        self.calls.append("update")
        return self.answer


ASKED = [
    pytest.param("send", None, "#alerts", "post", id="a full message, by its address"),
    pytest.param("send", "C1/1.2", "C1", "post", id="a reply, by the channel's id"),
    pytest.param("update", "C1/1.2", UPDATES, "update", id="an update, whatever its channel"),
]


def said(ref, *, is_urgent=False):
    view = a_view()
    context, full = MessageContext(None, None, "alerts"), card(view)
    return Notification(context, "#alerts", full, view.occasion, "k", "p", view.now, ref=ref, is_urgent=is_urgent)


@pytest.mark.parametrize(("call", "ref", "place", "method"), ASKED)
def test_every_call_asks_for_its_turn_first(call, ref, place, method):
    pacer, api = Slow(), Api()
    for is_urgent in (False, True):
        failed = getattr(SlackChannel(api, pacer), call)(said(ref, is_urgent=is_urgent))
        assert failed == Failed(FailureReason.PACED, "paced", SECOND)
    assert (pacer.asked, api.calls) == ([(place, False), (place, True)], [])
    pacer.wait = None
    assert getattr(SlackChannel(api, pacer), call)(said(ref)) == api.answer
    assert api.calls == [method]


@pytest.mark.parametrize(("call", "ref", "place", "method"), ASKED)
def test_what_slack_asks_for_is_told_to_all(call, ref, place, method):
    pacer, api = Slow(None), Api(Failed(FailureReason.RATE_LIMITED, "ratelimited", 17 * SECOND))
    assert getattr(SlackChannel(api, pacer), call)(said(ref)) == api.answer
    assert pacer.held == [(place, 17 * SECOND)]


def test_no_other_failure_says_anything_of_the_pace():
    pacer = Slow(None)
    for failed in (Failed(FailureReason.RATE_LIMITED), Failed(FailureReason.VENDOR_ERROR, retry_after=SECOND)):
        SlackChannel(Api(failed), pacer).send(said(None))
    assert pacer.held == []


def test_the_sandbox_has_no_pace(tmp_path):
    core = build(read_settings({"SECRET_KEY": "x", "ESCALATOR_VAR": str(tmp_path), "SLACK_BOT_TOKEN": "t"}))
    paced = {mode: core.channels(mode)[DestinationKind.SLACK]._pacer for mode in Mode}
    assert {mode for mode, pacer in paced.items() if isinstance(pacer, Unpaced)} == {Mode.SANDBOX}
    core.database.close()


@pytest.mark.parametrize("name", FAILURES)
def test_whatever_the_broker_answers_a_message_is_not_kept_from_its_turn(redis_server, name):
    reply, _only = FAILURES[name]
    with BrokerProxy(redis_server.port) as broker:
        broker.fail(reply)
        pace = shared_pace(broker.url)
        wait = pace.take(PLACE, is_urgent=True)
        pace.hold(PLACE, SECOND)
    assert wait is None or wait < SECOND
