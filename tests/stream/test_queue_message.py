"""What of a message in a queue is the event: plain, packed, in an envelope; and what is none."""

import base64
import gzip
import json

import pytest

from escalator.errors import TooLarge
from escalator.stream.queue_message import event_in

LIMIT = 1000
EVENT = json.dumps({"type": "message.flagged", "text": "für alle"}).encode()
PACKED = gzip.compress(EVENT)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def in_envelope(message: object, **changes: object) -> str:
    topic = "arn:aws:sns:eu-west-1:123456789012:moderation"
    return json.dumps({"Type": "Notification", "TopicArn": topic, "Message": message, "Signature": "x"} | changes)


FORMS = {
    "plain": EVENT.decode(),
    "plain, with space around": f" \n{EVENT.decode()}\n",
    "base64": base64_of(EVENT),
    "base64 of gzip": base64_of(PACKED),
    "base64 of gzip with a line break at its end": f"{base64_of(PACKED)}\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("put", [lambda text: text, in_envelope], ids=["alone", "in the envelope of a topic"])
def test_the_event_is_found_in_every_form(text, put):
    assert json.loads(event_in(put(text), LIMIT)) == json.loads(EVENT)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"type": "message.flagged", "Message": "{}"}', id="an event with a field called Message"),
        pytest.param(in_envelope("{}", Type="SubscriptionConfirmation"), id="another message of SNS"),
        pytest.param(in_envelope({"type": "x"}), id="an envelope whose message is no text"),
        pytest.param("{not json", id="not JSON"),
        pytest.param("not base64 either!", id="text"),
        pytest.param("", id="nothing"),
        pytest.param("{" * 900, id="nested"),
    ],
)
def test_what_is_no_known_form_is_left_as_it_is(text):
    assert event_in(text, LIMIT) == text.encode()


def test_a_broken_gzip_stream_is_left_as_it_is():
    assert event_in(base64_of(PACKED[:-5]), LIMIT) == PACKED[:-5]


def test_half_a_surrogate_pair_raises_nothing():
    assert event_in(json.loads('"{\\ud800"'), LIMIT) == b"{\xed\xa0\x80"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * (2 * LIMIT + 1), id="the message itself"),
        pytest.param("{" + " " * LIMIT, id="the event in it"),
        pytest.param(base64_of(gzip.compress(bytes(10_000_000))), id="what it inflates to"),
        pytest.param(in_envelope(base64_of(gzip.compress(bytes(10_000_000)))), id="in an envelope"),
    ],
)
def test_more_than_the_limit_is_refused(text):
    with pytest.raises(TooLarge):
        event_in(text, 20_000 if "Notification" in text else LIMIT)
