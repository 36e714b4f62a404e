"""Signatures, judged by the reference implementation of Standard Webhooks."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from escalator.channels.webhook.signing import BadSecret, keys_of, signatures

KEY = b"0123456789abcdef0123456789abcdef"
WHSEC = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(KEY[::-1]).decode()
BODY = '{"type":"incident.opened","data":{"title":"é"}}'.encode()
NOW = datetime(2026, 8, 20, 14, 3, 10, tzinfo=UTC)


def signed(secret):
    return signatures(keys_of(secret), "msg_1", int(NOW.timestamp()), BODY)


def by_the_library(secret):
    return Webhook(secret).sign("msg_1", NOW, BODY.decode())


def test_a_signature_is_that_of_the_reference_implementation():
    assert signed(WHSEC) == by_the_library(WHSEC)


def test_the_published_example_is_met():
    """github.com/standard-webhooks/standard-webhooks, spec: the example of the section on signatures."""
    keys = keys_of("whsec_plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    found = signatures(keys, "msg_loFOjxBNrRLzqYUf", 1731705121, body)
    assert found == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_while_a_secret_is_rotated_both_receivers_know_it():
    said = signed(f"{WHSEC}, {OTHER},")
    assert said.split(" ") == [by_the_library(WHSEC), by_the_library(OTHER)]


def test_a_plain_text_is_the_key_as_it_stands():
    plain = "correct horse battery staple"
    assert signed(plain) == Webhook(plain.encode()).sign("msg_1", NOW, BODY.decode())


def test_base64_may_lack_its_padding():
    assert keys_of("whsec_YWI") == (b"ab",)


@pytest.mark.parametrize("secret", ["", " ", ",", "whsec_", "whsec_%%%", f"{WHSEC},whsec_a", "whsec_é"])
def test_what_is_no_secret_is_refused_without_repeating_it(secret):
    with pytest.raises(BadSecret) as refused:
        keys_of(secret)
    assert str(refused.value) == ""
