"""Is this body Stream's? Inflating it within bounds, and checking who signed it.

Stream signs the uncompressed JSON bytes: `X-Signature` is the lower-case hex HMAC-SHA256 under the app's API secret,
with no prefix and no timestamp (CHATJS docs/webhooks.md; PyPI getstream `webhook.py`). Compression is an app setting
(`enable_hook_payload_compression`); proxies may already have inflated the body, so gzip is told by its magic bytes.
"""

import hashlib
import hmac
import zlib
from collections.abc import Iterable

from escalator.errors import TooLarge, Unauthorized

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WBITS = 31
_MAX_GZIP_MEMBERS = 64
"""RFC 1952 allows any number; each costs us more than its 20 bytes cost an unsigned sender."""


def decompressed(body: bytes, limit: int) -> bytes:
    """Return the JSON bytes that the signature covers: the body itself, or what it inflates to.

    Raises TooLarge when either is over `limit` bytes (never more than that is inflated), and Unauthorized for a gzip
    stream that is cut short or followed by anything else: no signature of Stream's can fit it.
    """
    if len(body) > limit:
        raise TooLarge
    if not body.startswith(_GZIP_MAGIC):
        return body
    try:
        return _inflate(body, limit)
    except zlib.error as error:
        raise Unauthorized from error


def _inflate(rest: bytes, limit: int) -> bytes:
    plain = bytearray()
    for _ in range(_MAX_GZIP_MEMBERS):
        member = zlib.decompressobj(wbits=_GZIP_WBITS)
        plain += member.decompress(rest, limit + 1 - len(plain))
        if len(plain) > limit:
            raise TooLarge
        if not member.eof:
            raise Unauthorized
        rest = member.unused_data
        if not rest:
            return bytes(plain)
    raise Unauthorized


def sign(body: bytes, secret: str) -> str:
    """Return the value of `X-Signature` for these uncompressed bytes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, signature: str | None, secrets: Iterable[str]) -> None:
    """Return when one of the active secrets signed these uncompressed bytes; raise Unauthorized otherwise.

    Several secrets are active while one is being rotated; empty ones are skipped, and without any nothing is
    accepted. Upper-case hex is refused: Stream sends lower case and its own SDK compares so. The time taken does not
    tell which secret, nor how much of the signature, was right.
    """
    given = (signature or "").encode("utf-8", "replace")
    active = [secret for secret in secrets if secret.strip()]
    fits = [hmac.compare_digest(sign(body, secret).encode(), given) for secret in active]
    if not any(fits):
        raise Unauthorized
