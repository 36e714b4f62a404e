"""What `doctor` says of a call that failed: whether anything answered comes first."""

import pytest

from escalator.model.message import Failed, FailureReason
from escalator.rendering.probe_failures import NOBODY_ANSWERED, probe_words


@pytest.mark.parametrize("reason", FailureReason)
def test_cannot_be_reached_is_said_exactly_when_nothing_answered(reason):
    assert probe_words(Failed(reason)).startswith("cannot be reached") is (reason in NOBODY_ANSWERED)


def test_the_reason_and_the_vendors_word_follow():
    assert probe_words(Failed(FailureReason.UNREACHABLE, "tls")) == "cannot be reached (unreachable: tls)"
