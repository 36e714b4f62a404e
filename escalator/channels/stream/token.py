"""The token by which a server calls Stream: a JWT (RFC 7519), HS256 over the app's secret.

It has no `iat` and no `exp`, as in Stream's own SDKs: a clock that is wrong cannot make it invalid.
"""

import base64
import hashlib
import hmac

_HEADER_AND_CLAIMS = b'{"alg":"HS256","typ":"JWT"}', b'{"server":true}'


def server_token(secret: str) -> str:
    """Return the token of a server that knows this secret."""
    signed = b".".join(_base64url(part) for part in _HEADER_AND_CLAIMS)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return b".".join((signed, _base64url(signature))).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
