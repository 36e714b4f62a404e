"""Signing by Standard Webhooks 1.0.0 (standardwebhooks.com): `v1,` and the HMAC-SHA256 of `id.timestamp.body`."""

import base64
import binascii
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"


class BadSecret(ValueError):
    """An invalid secret: empty, or not base64 after `whsec_`."""


def keys_of(secret: str) -> tuple[bytes, ...]:
    """Return the keys of a `secret`: for rotation it may hold several, separated by commas.

    After `whsec_` it is base64, as in the specification; any other text is the key itself, in UTF-8. Raises BadSecret,
    without the secret.
    """
    keys = tuple(_key(part.strip()) for part in secret.split(",") if part.strip())
    if not keys:
        raise BadSecret
    return keys


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret from None
    if not key:
        raise BadSecret
    return key


def signatures(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one signature for each key; the receiver needs to know one of them."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)
