"""PagerDuty's answers: one table from status to our failure reasons, for both of its APIs.

Sources: developer.pagerduty.com, "Events API v2 overview" (response codes) and "Errors" (REST). For a routing key that
is none, or nobody's, the Events API answers 400 and names it, as JSON (`Length of 'routing_key' is incorrect`) or in
plain text (`Invalid routing key`); every other 400 is about the event.
"""

import re
from collections.abc import Mapping

import requests

from escalator.channels.http import broken, refused
from escalator.model.message import Failed, FailureReason

_READ_BYTES = 4096
_ROUTING_KEY = re.compile(rb"routing[ _]key", re.IGNORECASE)


def event_failure(status: int, headers: Mapping[str, str], body: bytes) -> Failed:
    """Return why an event was not accepted."""
    if status == 400 and _ROUTING_KEY.search(body[:_READ_BYTES]):
        return Failed(FailureReason.BAD_CREDENTIALS, "routing_key")
    return failure(status, headers)


def no_answer(error: Exception) -> Failed:
    """Return why there was no answer. A redirect counts: it is not followed, and requests raises for it."""
    if isinstance(error, requests.TooManyRedirects) and error.response is not None:
        return failure(error.response.status_code, error.response.headers)
    return broken(error)


def failure(status: int, headers: Mapping[str, str]) -> Failed:
    """Return the failure of an answer. Its text is dropped: it may repeat the request."""
    return refused(status, headers)
