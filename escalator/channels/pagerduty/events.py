"""The Events API v2 through pdpyras, which only this module imports: every result is a value, events are sent once.

pdpyras sleeps and retries after a 429 (without limit), a 5xx and a lost connection, in the caller's thread. Here an
answer other than 202 raises before pdpyras sees it, and a lost connection is not retried.
"""

import warnings
from typing import Any

import requests

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BROKEN, BadAnswer, json_object
from escalator.channels.http_sessions import bounded
from escalator.channels.pagerduty.api import Event
from escalator.channels.pagerduty.failures import event_failure, no_answer
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext

with warnings.catch_warnings():
    # It warns at its import that it gets no more updates: known, and why only this module uses it.
    warnings.filterwarnings("ignore", 'The package "pdpyras" is deprecated', UserWarning)
    from pdpyras import EventsAPISession, PDClientError, PDSession

LIMITS = Limits(socket_s=5.0, total_s=9.0)

_BROUGHT_BY_EVENT = "brought by each event"


class _Refused(Exception):
    """An answer other than 202."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.failed = event_failure(answer.status_code, answer.headers, answer.content)


class _OneTry(EventsAPISession):  # type: ignore[misc]  # pdpyras has no types
    """A session that neither sleeps nor retries, and is used with all routing keys."""

    max_network_attempts = 0

    def __init__(self, url: str) -> None:
        super().__init__(_BROUGHT_BY_EVENT)
        self.url = url

    def post(self, *args: Any, **options: Any) -> requests.Response:
        """Send the event with its own routing key, where pdpyras would use the session's."""
        answer: requests.Response = PDSession.post(self, *args, allow_redirects=False, **options)
        return answer

    def postprocess(self, response: requests.Response) -> None:
        """Raise for all answers that pdpyras would retry or fail on. It calls this right after every answer."""
        if not 200 <= response.status_code < 300:
            raise _Refused(response)
        json_object(response.content)


class PagerDutyEvents:
    """The real Events API. `url` may be plain http; `/v2/enqueue` is added to it."""

    def __init__(self, url: str, limits: Limits = LIMITS) -> None:
        self._session = bounded(_OneTry(url), limits)

    def send(self, _context: MessageContext, /, routing_key: str, event: Event) -> Delivered | Failed:
        """Send an event once. PagerDuty's 202 means that it was accepted, not that somebody was paged."""
        routing_key = routing_key.strip()
        if not routing_key:
            return Failed(FailureReason.NOT_CONFIGURED, "no_routing_key")
        payload = {name: value for name, value in event.items() if name not in {"event_action", "dedup_key"}}
        key = event["dedup_key"]
        try:
            response = self._session.send_event(event["event_action"], key, routing_key=routing_key, **payload)
        except _Refused as refused:
            return refused.failed
        except PDClientError as error:
            return no_answer(_cause(error))
        except BROKEN as error:
            return no_answer(error)
        return Delivered(key) if response == key else Failed(FailureReason.BAD_ANSWER, "other_key")


def _cause(error: Exception) -> Exception:
    """Return the error of requests that pdpyras has wrapped; its own error means an answer without a key."""
    return error.__cause__ if isinstance(error.__cause__, Exception) else BadAnswer("no_dedup_key")
