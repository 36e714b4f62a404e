"""The double refuses what a careful receiver refuses."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests
from standardwebhooks import Webhook

from tests.doubles.webhook import SECRET, WebhookDouble

BODY = {"type": "escalator.test", "timestamp": "2026-08-20T14:03:10.000Z", "data": {"text": "x", "details": []}}


@pytest.fixture
def feed():
    with WebhookDouble() as double:
        yield double


def post(feed, said=BODY, *, secret=SECRET, id_="msg_1", at=None, **headers):
    at, text = at or datetime.now(UTC), said if isinstance(said, str) else json.dumps(said)
    signed = {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, at, text),
    }
    return requests.post(feed.url, data=text, headers=signed | headers, timeout=10).status_code


def test_what_is_signed_and_well_formed_is_taken_once(feed):
    assert [post(feed), post(feed)] == [204, 204]
    assert [(one.type, len(one.attempts)) for one in feed.received] == [("escalator.test", 2)]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        pytest.param({"secret": "whsec_b3RoZXI="}, 401, id="another secret"),
        pytest.param({"webhook-signature": "v1,"}, 401, id="no signature"),
        pytest.param({"webhook-timestamp": "yesterday"}, 401, id="no time"),
        pytest.param({"at": datetime.now(UTC) - timedelta(minutes=6)}, 401, id="signed too long ago"),
        pytest.param({"id_": "msg.1"}, 400, id="a dot in the id"),
        pytest.param({"Content-Type": "text/plain"}, 415, id="no JSON is announced"),
        pytest.param({"said": "{"}, 422, id="no JSON"),
        pytest.param({"said": BODY | {"more": 1}}, 422, id="a name that the schema does not know"),
        pytest.param({"said": BODY | {"type": "incident.opened"}}, 422, id="an incident without its data"),
        pytest.param({"said": json.dumps(BODY | {"data": {"text": "x" * 20_000, "details": []}})}, 413, id="too large"),
    ],
)
def test_what_is_not_is_refused(feed, how, status):
    assert post(feed, **how) == status
    assert (feed.received, len(feed.refused)) == ([], 1)
