"""Whether Amazon SNS signed a message, by AWS's rules; and which addresses in it are SNS's own."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from escalator.errors import Unauthorized
from escalator.stream.sns import SnsType, read_message, signed_text, verify_message
from tests.doubles.sns import CERTIFICATE_URL, HOST, TOPIC, certificate, request

NOW = datetime(2026, 8, 20, 14, 3, 10, tzinfo=UTC)


def verify(body: bytes, pem: bytes | None = None) -> None:
    verify_message(read_message(body), pem or certificate(), NOW)


def changed(body: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(body) | changes).encode()


@pytest.mark.parametrize("kind", [kind.value for kind in SnsType])
@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "About a message"])
def test_what_sns_signed_is_accepted(kind, version, subject):
    verify(request(NOW, kind=kind, version=version, subject=subject, Message='line\n"two" ü'))


def test_the_signed_text_is_the_one_of_aws_documentation():
    signed = signed_text(read_message(request(NOW, subject="S", Message="M", MessageId="1", Timestamp="T")))
    expected = f"Message\nM\nMessageId\n1\nSubject\nS\nTimestamp\nT\nTopicArn\n{TOPIC}\nType\nNotification\n"
    assert signed == expected.encode()


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "change",
    [
        {"Message": "{} "},
        {"MessageId": "other"},
        {"Subject": "added"},
        {"TopicArn": TOPIC + "2"},
        {"Type": "UnsubscribeConfirmation"},
        {"Timestamp": "2026-08-20T14:03:08.000Z"},
        {"Signature": "AAAA"},
        {"Signature": "not base64!"},
        {"SignatureVersion": "3"},
    ],
    ids=lambda change: str(change),
)
def test_anything_else_than_what_was_signed_is_refused(change, version):
    with pytest.raises(Unauthorized):
        verify(changed(request(NOW, version=version), **change))


def test_a_signature_of_one_version_does_not_pass_as_the_other():
    with pytest.raises(Unauthorized):
        verify(changed(request(NOW, version="1"), SignatureVersion="2"))


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(certificate("somebody else"), id="another key"),
        pytest.param(certificate(not_after=NOW - timedelta(days=1)), id="a certificate that has ended"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----", id="no certificate"),
    ],
)
def test_the_certificate_decides(pem):
    with pytest.raises(Unauthorized):
        verify(request(NOW), pem)


@pytest.mark.parametrize(
    ("at", "is_accepted"),
    [
        (NOW - timedelta(minutes=59), True),
        (NOW - timedelta(hours=1), False),
        (NOW + timedelta(minutes=4), True),
        (NOW + timedelta(minutes=6), False),
    ],
)
def test_an_old_message_is_a_copy(at, is_accepted):
    if is_accepted:
        verify(request(at))
    else:
        with pytest.raises(Unauthorized):
            verify(request(at))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"not json",
        changed(request(NOW), Type="Other"),
        changed(request(NOW), Message=1),
        changed(request(NOW), TopicArn="moderation"),
        changed(request(NOW), TopicArn=f"{TOPIC}\n"),
        changed(request(NOW), SigningCertURL="x" * 3000),
    ],
)
def test_what_is_no_message_of_sns_is_refused(body):
    with pytest.raises(Unauthorized):
        read_message(body)


def test_a_time_that_cannot_be_read_is_refused():
    with pytest.raises(Unauthorized):
        verify(request(NOW, Timestamp="yesterday"))


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        (CERTIFICATE_URL, True),
        (CERTIFICATE_URL.replace("https", "http"), False),
        (CERTIFICATE_URL.replace("eu-west-1", "us-east-1"), False),
        (CERTIFICATE_URL.replace(HOST, f"{HOST}.example.com"), False),
        (CERTIFICATE_URL.replace(HOST, f"{HOST}@example.com"), False),
        (CERTIFICATE_URL.replace(HOST, f"{HOST}:8443"), False),
        (CERTIFICATE_URL.replace(HOST, "mybucket.s3.amazonaws.com"), False),
        (CERTIFICATE_URL.replace(HOST, "snsXeu-west-1.amazonaws.com"), False),
        (f"https://{HOST}/other.pem", False),
        (f"{CERTIFICATE_URL}?x=1", False),
        (f"{CERTIFICATE_URL}\n", False),
    ],
)
def test_only_sns_in_the_region_of_the_topic_may_hold_the_certificate(url, is_own):
    assert read_message(request(NOW, SigningCertURL=url)).has_own_certificate_url is is_own


@pytest.mark.parametrize(
    ("topic", "host"),
    [
        ("arn:aws:sns:us-east-1:123456789012:a", "sns.us-east-1.amazonaws.com"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:a", "sns.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a.fifo", "sns.us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_host_of_sns_follows_from_the_topic(topic, host):
    assert read_message(request(NOW, TopicArn=topic)).host == host


CONFIRM = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1"


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        (CONFIRM, True),
        (CONFIRM.replace("https", "http"), False),
        (CONFIRM.replace(HOST, "example.com"), False),
        (CONFIRM.replace(HOST, f"{HOST}@example.com"), False),
        (CONFIRM.replace("ConfirmSubscription", "Unsubscribe"), False),
        (CONFIRM.replace(TOPIC, f"{TOPIC}2"), False),
        (CONFIRM.replace("token-1", "token-2"), False),
        (f"{CONFIRM}&Action=Unsubscribe", False),
        (f"{CONFIRM}&AuthenticateOnUnsubscribe=true", False),
    ],
)
def test_the_only_address_that_is_called_confirms_this_subscription(url, is_own):
    message = read_message(request(NOW, kind="SubscriptionConfirmation", SubscribeURL=url))
    assert message.has_own_subscribe_url is is_own
