"""Fetches a feed with limits on time and size, over redirects. Its address is secret and is in no message."""

from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import requests

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BROKEN, broken, reason_of
from escalator.channels.http_sessions import bounded
from escalator.clock import Stopwatch
from escalator.model.message import Failed, FailureReason
from escalator.schedules.calendar import feed_url

MOST_BYTES = 5 * 1024 * 1024
PATIENT = Limits(socket_s=10.0, total_s=25.0, answer_bytes=MOST_BYTES)
_MOST_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept": "text/calendar, */*;q=0.5", "User-Agent": "moderation-escalator"}


def fetch(address: str, limits: Limits = PATIENT) -> bytes | Failed:
    """Return the feed at an http or https address, or why it failed; `limits` count for all redirects together.

    Private addresses are allowed: the policy's author has chosen them. A redirect from https to http is not.
    """
    watch = Stopwatch()
    try:
        for _ in range(_MOST_REDIRECTS + 1):
            rest_s = max(limits.total_s - watch.seconds(), 0.01)
            answer = _get(address, Limits(min(limits.socket_s, rest_s), rest_s, limits.answer_bytes))
            if answer.status_code not in _MOVED:
                return _body(answer)
            location = answer.headers.get("Location")
            to = feed_url(urljoin(address, location)) if location else None
            if to is None or (urlsplit(address).scheme == "https" and urlsplit(to).scheme == "http"):
                return Failed(FailureReason.BAD_ANSWER, "redirect")
            address = to
    except BROKEN as error:
        return broken(error)
    return Failed(FailureReason.BAD_ANSWER, "redirect_loop")


def _get(address: str, limits: Limits) -> requests.Response:
    """Request it once; a name and a password in the address are moved into the header."""
    parts = urlsplit(address)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    login = requests.utils.get_auth_from_url(address)
    with bounded(requests.Session(), limits) as session:
        session.max_redirects = 1  # requests prepares the next request, which we check, and would refuse to
        return session.get(place, headers=_HEADERS, auth=login if any(login) else None, allow_redirects=False)


def _body(answer: requests.Response) -> bytes | Failed:
    if answer.status_code == HTTPStatus.OK:
        return answer.content
    return Failed(reason_of(answer.status_code), f"http_{answer.status_code}")
