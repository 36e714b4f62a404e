"""A topic of Amazon SNS: requests as SNS posts them, signed with a certificate of its own.

`get` stands for the bounded client that fetches SNS's addresses: it knows the certificate, and the confirmation.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from escalator.channels.http import Answer
from escalator.model.message import Failed, FailureReason

TOPIC = "arn:aws:sns:eu-west-1:123456789012:moderation"
HOST = "sns.eu-west-1.amazonaws.com"
CERTIFICATE_URL = f"https://{HOST}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}


@cache
def _key(of):
    del of
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(key="sns", not_after=datetime(2030, 1, 1, tzinfo=UTC)):
    """Return a certificate as PEM, for the key of that name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(_key(key).public_key())
    made = made.serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(not_after)
    return made.sign(_key(key), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def request(at, *, kind="Notification", version="1", key="sns", subject=None, **changes):
    """Return the body of a request, signed after the changes, which are by SNS's names."""
    body = {
        "Type": kind,
        "MessageId": str(uuid4()),
        "TopicArn": TOPIC,
        "Message": "{}",
        "Timestamp": (at - timedelta(seconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    }
    if subject is not None:
        body["Subject"] = subject
    if kind != "Notification":
        token = "token-1"
        query = f"Action=ConfirmSubscription&TopicArn={changes.get('TopicArn', TOPIC)}&Token={token}"
        body |= {"Token": token, "SubscribeURL": f"https://{HOST}/?{query}"}
    body |= changes
    text = "".join(f"{name}\n{body[name]}\n" for name in _SIGNED[kind] if name in body).encode()
    algorithm = _HASHES.get(version, hashes.SHA256)()
    signature = _key(key).sign(text, padding.PKCS1v15(), algorithm)
    return json.dumps(body | {"Signature": base64.b64encode(signature).decode()}).encode()


class SnsPages:
    """SNS's own addresses. `asked` is what was fetched; `certificates` by address."""

    def __init__(self):
        self.certificates = {CERTIFICATE_URL: certificate()}
        self.asked = []
        self.is_away = False
        self.confirms_with = 200

    def get(self, url):
        self.asked.append(url)
        if self.is_away:
            return Failed(FailureReason.UNREACHABLE)
        if "Action=ConfirmSubscription" in url:
            return Answer(self.confirms_with, {}, b"<ConfirmSubscriptionResponse/>")
        if url in self.certificates:
            return Answer(200, {}, self.certificates[url])
        return Answer(403, {}, b"<Error/>")
