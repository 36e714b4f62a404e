"""A webhook as its receiver has it before them: does the signature fit?"""

import hmac
from collections.abc import Mapping
from typing import Any

from escalator.channels.webhook.signing import BadSecret, keys_of, signatures


def verified(request: Mapping[str, Any], secret: str) -> bool | None:
    """Whether a request was signed with this very secret; None when it was not signed at all."""
    headers: Mapping[str, str] = request["headers"]
    said = headers.get("webhook-signature")
    if said is None:
        return None
    try:
        keys = keys_of(secret)
    except BadSecret:
        return False
    at = int(headers["webhook-timestamp"])
    right = signatures(keys, headers["webhook-id"], at, request["body"].encode()).split()
    return any(hmac.compare_digest(one, other) for one in said.split() for other in right)
