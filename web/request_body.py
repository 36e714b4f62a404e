"""The raw body of a request, within a limit of its own."""

from flask import request

from escalator.errors import TooLarge


def read_body(limit: int) -> bytes:
    """Return the raw body; raises TooLarge as soon as it exceeds the limit, however it is sent.

    Werkzeug cuts a chunked body at its limit without an error (measured), so the stream is read here and counted.
    """
    if (request.content_length or 0) > limit:
        raise TooLarge("content length")
    if request.content_length is None and not request.environ.get("wsgi.input_terminated"):
        return b""
    wanted = limit + 1 if request.content_length is None else request.content_length
    body: bytes = request.environ["wsgi.input"].read(wanted)
    if len(body) > limit:
        raise TooLarge("body")
    return body
