"""What became of a notification, in words."""

from datetime import timedelta

import pytest

from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Occasion
from escalator.rendering.delivery_status import fate_words, occasion_words, recipient_words
from tests.rendering.builders import a_policy


@pytest.mark.parametrize(
    ("state", "reason", "took_s", "attempts", "said"),
    [
        pytest.param("delivered", None, 0.4, 1, "sent after 0.4 s", id="at once"),
        pytest.param("delivered", None, 90, 3, "sent after 1 min, 3 tries", id="after some tries"),
        pytest.param(
            "failed", "bad_target: channel_not_found", None, 1, "failed: the address does not exist", id="for good"
        ),
        pytest.param("failed", "timeout", None, 4, "failed after 4 tries: timeout", id="given up"),
        pytest.param("suppressed", "acknowledged", None, 0, "not sent: already acknowledged", id="too late"),
        pytest.param("suppressed", "something_new", None, 0, "not sent: something new", id="a reason without words"),
        pytest.param("pending", None, None, 0, "waiting to be sent", id="not yet"),
        pytest.param(
            "pending", "rate_limited", None, 2, "waiting to be sent, tried 2 times: rate limited", id="tried before"
        ),
        pytest.param("sending", None, None, 1, "being sent", id="on its way"),
        pytest.param("listed", None, None, 0, "sent in a bundle", id="on a list"),
    ],
)
def test_a_fate(state, reason, took_s, attempts, said):
    took = None if took_s is None else timedelta(seconds=took_s)
    assert fate_words(state, reason, took, attempts) == said


def test_a_recipient_is_called_by_name_and_way():
    assert recipient_words("person:ana", DestinationKind.EMAIL, a_policy()) == "Ana Ruiz by email"
    assert recipient_words("person:zoe", DestinationKind.SLACK, a_policy()) == "zoe by Slack"
    assert recipient_words("board", DestinationKind.JIRA, a_policy()) == "board (Jira)"


def test_only_what_is_no_step_says_what_it_was_for():
    assert occasion_words(Occasion.STEP, is_copy=False) == ""
    assert occasion_words(Occasion.HAND_OVER, is_copy=False) == "handover"
    assert occasion_words(Occasion.OPENED, is_copy=True) == "copy for a feed"
