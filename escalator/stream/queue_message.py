"""An event as a message of a queue or of a topic holds it.

Stream writes plain JSON while compression is off, and base64 of gzip while it is on; the cases that its SDKs share
also have base64 of plain JSON (GetStream SDKs, `fixtures/webhooks`, `sqs_body_*` and `sns_*`). A topic that writes to
a queue puts the message into an envelope, unless raw message delivery is on (AWS, "Amazon SNS message and JSON
formats").
"""

import base64
import binascii
from collections.abc import Mapping

from escalator.errors import InvalidEvent, TooLarge, Unauthorized
from escalator.stream.envelope import parse_json
from escalator.stream.signature import decompressed

NOTIFICATION = "Notification"

_BASE64_GROWTH = 2
"""Base64 makes a body longer by a third, and JSON in an envelope escapes every quote."""


def event_in(text: str, limit: int) -> bytes:
    """Return the JSON bytes in a message; what cannot be unpacked is returned as it is, for it is no event.

    Raises TooLarge when it is, or inflates to, more than `limit` bytes; never more than that is inflated.
    """
    if len(text) > _BASE64_GROWTH * limit:
        raise TooLarge
    packed = _from_base64(_without_envelope(text))
    try:
        return decompressed(packed, limit)
    except Unauthorized:  # a broken gzip stream
        return packed


def _without_envelope(text: str) -> str:
    if not text.lstrip().startswith("{"):
        return text
    try:
        envelope = parse_json(_encoded(text))
    except InvalidEvent:
        return text
    if not isinstance(envelope, Mapping) or envelope.get("Type") != NOTIFICATION or "TopicArn" not in envelope:
        return text
    message = envelope.get("Message")
    return message if isinstance(message, str) else text


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return _encoded(text)


def _encoded(text: str) -> bytes:
    """Return the text as UTF-8; half a surrogate pair, which JSON can hold, makes a body that is no event."""
    return text.encode("utf-8", "surrogatepass")
