"""Slack's signature of what it sends, verified by Slack's own library."""

from collections.abc import Mapping
from datetime import datetime

from slack_sdk.signature import Clock, SignatureVerifier

from escalator.errors import Unauthorized

TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"
SIGNATURE_HEADER = "X-Slack-Signature"


class _Now(Clock):
    def __init__(self, now: datetime) -> None:
        self._now = now.timestamp()

    def now(self) -> float:
        return self._now


def verify(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
    """Raise Unauthorized unless Slack signed this body with this secret, within five minutes of `now`.

    slack_sdk's verifier raises various errors for hostile headers and for an empty secret; each means Unauthorized.
    """
    try:
        is_valid = SignatureVerifier(secret, _Now(now)).is_valid_request(body, dict(headers))
    except Exception:  # noqa: BLE001  # whatever goes wrong while verifying, it is not verified
        is_valid = False
    if not is_valid:
        raise Unauthorized("slack signature")


def sign_callback(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """Return the headers with which Slack would send this body: for the sandbox, which signs its clicks."""
    timestamp = str(int(now.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature or ""}
