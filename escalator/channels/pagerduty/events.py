"""The Events API v2 through pdpyras, which nothing else imports: every outcome a value, every event sent once.

pdpyras sleeps and sends again after a 429 (without end), a 5xx and a lost connection, in the thread of its caller. Here
an answer that is no acceptance is raised before pdpyras looks at it, and no lost connection is tried again.
"""

import warnings
from typing import Any

import requests

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BROKEN, BadAnswer, json_object
from escalator.channels.pagerduty.api import Event
from escalator.channels.pagerduty.failures import event_failure, no_answer
from escalator.channels.sessions import bounded
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext

with warnings.catch_warnings():
    # It says at its import that it gets no more updates: known, and why it lives behind this module.
    warnings.filterwarnings("ignore", 'The package "pdpyras" is deprecated', UserWarning)
    from pdpyras import EventsAPISession, PDClientError, PDSession

LIMITS = Limits(socket_s=5.0, total_s=9.0)

_BROUGHT_BY_EVENT = "brought by each event"


class _Refused(Exception):
    """An answer that is no acceptance."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.failed = event_failure(answer.status_code, answer.headers, answer.content)


class _OneTry(EventsAPISession):  # type: ignore[misc]  # pdpyras has no types
    """A session that neither sleeps nor sends twice, and serves all routing keys."""

    max_network_attempts = 0

    def __init__(self, url: str) -> None:
        super().__init__(_BROUGHT_BY_EVENT)
        self.url = url

    def post(self, *args: Any, **options: Any) -> requests.Response:
        """Send the event with the key that it brings, where pdpyras would put in the session's own."""
        answer: requests.Response = PDSession.post(self, *args, allow_redirects=False, **options)
        return answer

    def postprocess(self, response: requests.Response) -> None:
        """Raise for all that pdpyras would try again, or trip over. It calls this right after every answer."""
        if not 200 <= response.status_code < 300:
            raise _Refused(response)
        json_object(response.content)


class PagerDutyEvents:
    """The real one. `url` may be plain http; `/v2/enqueue` is added to it."""

    def __init__(self, url: str, limits: Limits = LIMITS) -> None:
        self._session = bounded(_OneTry(url), limits)

    def send(self, _context: MessageContext, /, routing_key: str, event: Event) -> Delivered | Failed:
        """Send an event once. PagerDuty's 202 says that it was accepted, not that somebody is paged."""
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
    """Return what requests raised and pdpyras has wrapped; what it raises itself is that no key was answered."""
    return error.__cause__ if isinstance(error.__cause__, Exception) else BadAnswer("no_dedup_key")
