"""What Amazon SNS posts to an HTTPS endpoint: reading it, and whether SNS signed it.

The signature covers some fields, each as "NAME\\nVALUE\\n" in the order of their names. Version 1 is RSA with SHA-1,
version 2 with SHA-256. The certificate is fetched from an address in the message, which must therefore be SNS's own in
the region of the topic (AWS, "Verifying the signatures of Amazon SNS messages").
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from escalator.errors import InvalidEvent, Unauthorized
from escalator.stream.envelope import parse_json
from escalator.stream.queue_message import NOTIFICATION
from escalator.stream.topics import TOPIC_ARN

MAX_AGE = timedelta(hours=1)
"""SNS gives up after an hour at the latest (its default retry policy); an older message is a copy."""
MAX_AHEAD = timedelta(minutes=5)
"""How much the clock of SNS may be ahead of ours."""

_MAX_URL = 2048
_MAX_SHORT = 512
_CERTIFICATE = r"https://{host}/SimpleNotificationService-[0-9A-Za-z]{{1,64}}\.pem"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}


class SnsType(StrEnum):
    """What a message is: an event, or about the subscription itself."""

    NOTIFICATION = NOTIFICATION
    SUBSCRIPTION = "SubscriptionConfirmation"
    UNSUBSCRIBED = "UnsubscribeConfirmation"


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """A message of SNS, not verified. `subject`, `token` and `subscribe_url` are None where it has none."""

    type: SnsType
    message_id: str
    topic_arn: str
    message: str
    timestamp: str
    signature_version: str
    signature: str
    certificate_url: str
    subject: str | None = None
    token: str | None = None
    subscribe_url: str | None = None

    @property
    def host(self) -> str:
        """Return the host of SNS in the topic's region, which alone may sign for it."""
        _arn, partition, _sns, region, *_rest = self.topic_arn.split(":")
        return f"sns.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"

    @property
    def has_own_certificate_url(self) -> bool:
        """Whether its certificate's address is one of SNS in the region of the topic."""
        return re.fullmatch(_CERTIFICATE.format(host=re.escape(self.host)), self.certificate_url) is not None

    @property
    def has_own_subscribe_url(self) -> bool:
        """Whether the address that confirms the subscription is SNS's own, and confirms nothing but this topic."""
        url = self.subscribe_url or ""
        asked = parse_qs(urlsplit(url).query)
        wanted = {"Action": ["ConfirmSubscription"], "TopicArn": [self.topic_arn], "Token": [self.token]}
        is_plain = url.isascii() and url.isprintable() and url.startswith(f"https://{self.host}/?")
        return is_plain and asked == wanted


def _text(name: str, longest: int, *, required: bool = True) -> fields.String:
    return fields.String(data_key=name, required=required, validate=validate.Length(1, longest))


class _MessageSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    type = fields.Enum(SnsType, by_value=True, data_key="Type", required=True)
    message_id = _text("MessageId", _MAX_SHORT)
    topic_arn = fields.String(data_key="TopicArn", required=True, validate=validate.Regexp(f"^{TOPIC_ARN}\\Z"))
    message = fields.String(data_key="Message", required=True)
    timestamp = _text("Timestamp", _MAX_SHORT)
    signature_version = _text("SignatureVersion", _MAX_SHORT)
    signature = _text("Signature", _MAX_URL)
    certificate_url = _text("SigningCertURL", _MAX_URL)
    subject = fields.String(data_key="Subject", allow_none=True)
    token = _text("Token", _MAX_URL, required=False)
    subscribe_url = _text("SubscribeURL", _MAX_URL, required=False)

    @post_load
    def made(self, data: dict[str, str], **_: object) -> SnsMessage:
        """Return the message."""
        return SnsMessage(**data)  # type: ignore[arg-type]  # the schema has read every type


_SCHEMA = _MessageSchema()


def read_message(body: bytes) -> SnsMessage:
    """Return the message in a request's body; raises Unauthorized for anything that SNS does not send."""
    try:
        message: SnsMessage = _SCHEMA.load(parse_json(body))  # type: ignore[arg-type]  # no object is an error of it
    except (InvalidEvent, ValidationError) as error:
        raise Unauthorized from error
    return message


def verify_message(message: SnsMessage, certificate_pem: bytes, now: datetime) -> None:
    """Return when SNS signed this message within the last hour; raise Unauthorized otherwise."""
    if not -MAX_AHEAD <= now - _sent_at(message) <= MAX_AGE:
        raise Unauthorized
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = certificate.public_key()
        signature = base64.b64decode(message.signature, validate=True)
        algorithm = _HASHES[message.signature_version]()
        is_valid_now = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        if not is_valid_now or not isinstance(key, rsa.RSAPublicKey):
            raise Unauthorized
        key.verify(signature, signed_text(message), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, KeyError, ValueError, binascii.Error) as error:
        raise Unauthorized from error


def signed_text(message: SnsMessage) -> bytes:
    """Return the bytes that the signature covers."""
    about = [("Message", message.message), ("MessageId", message.message_id)]
    if message.type is SnsType.NOTIFICATION:
        about += [("Subject", message.subject)] if message.subject is not None else []
        about += [("Timestamp", message.timestamp)]
    else:
        about += [("SubscribeURL", message.subscribe_url or ""), ("Timestamp", message.timestamp)]
        about += [("Token", message.token or "")]
    about += [("TopicArn", message.topic_arn), ("Type", message.type.value)]
    return "".join(f"{name}\n{value}\n" for name, value in about).encode("utf-8", "surrogatepass")


def _sent_at(message: SnsMessage) -> datetime:
    try:
        at = datetime.fromisoformat(message.timestamp)
    except ValueError as error:
        raise Unauthorized from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
