"""One channel of Slack has one pace, whatever it is called."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalator.channels.contract import Notification
from escalator.channels.slack.channel import SlackChannel
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.rendering.card import card
from tests.rendering.builders import a_view

VIEW = a_view()
FIRST = Notification(MessageContext(None, None, "alerts"), "#alerts", card(VIEW), VIEW.occasion, "k", "p", VIEW.now)


class Pace:
    """Lets everybody through, and remembers who asked."""

    def __init__(self):
        self.asked = []

    def take(self, place, *, is_urgent=False):
        self.asked.append(place)

    def hold(self, place, wait):
        raise AssertionError(place, wait)


class Api:
    """A Slack in which every address means one channel at a time."""

    def __init__(self):
        self.channel = "C1"
        self.failed = None

    def post(self, *_said, **_how):
        return self.failed or Delivered(f"{self.channel}/1.2")

    def update(self, *_said):
        return Delivered(f"{self.channel}/1.2")


@pytest.fixture
def pace():
    return Pace()


@pytest.fixture
def api():
    return Api()


@pytest.mark.parametrize("address", ["#alerts", "U0ANA"])
def test_an_address_and_the_channel_that_it_means_have_one_pace(pace, api, address):
    channel, one = SlackChannel(api, pace), replace(FIRST, address=address)
    channel.send(one)
    channel.send(one)
    channel.send(replace(one, ref="C1/1.2"))
    assert pace.asked == [address, "C1", "C1"]


def test_a_name_that_another_channel_has_taken_has_its_pace(pace, api):
    channel = SlackChannel(api, pace)
    channel.send(FIRST)
    api.channel = "C2"
    channel.send(FIRST)
    channel.send(FIRST)
    assert pace.asked == ["#alerts", "C1", "C2"]


def test_a_failure_names_no_channel(pace, api):
    channel = SlackChannel(api, pace)
    api.failed = Failed(FailureReason.VENDOR_ERROR, retry_after=timedelta(seconds=1))
    channel.send(FIRST)
    channel.send(FIRST)
    assert pace.asked == ["#alerts", "#alerts"]


def test_what_is_known_of_channels_has_an_end(pace, api):
    channel = SlackChannel(api, pace)
    for number in range(5_000):
        channel.send(replace(FIRST, address=f"#alerts-{number}"))
    assert len(channel._channel_ids) <= 1_000
