"""Sessions of `requests` that use our own exchange.

`requests` reads answers of any size into memory, follows redirects with the token still attached, and its timeout is
for each read. `bounded` makes its sessions (also those of pdpyras) use `exchange` instead.
"""

import io
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.request import Request

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from escalator.channels.deadline_socket import Guard, Limits, tls
from escalator.channels.http import exchange

_Session = TypeVar("_Session", bound=requests.Session)


class _Bounded(BaseAdapter):
    """Sends a session's requests by `exchange`; the session's timeouts, proxies and streams are ignored."""

    def __init__(self, limits: Limits, guard: Guard | None) -> None:
        super().__init__()
        self._limits = limits
        self._guard = guard
        self._tls = tls()

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:  # type: ignore[override]  # every option is ours
        """Return the answer; raises the errors of `exchange`."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        plain = Request(str(request.url), data=body, headers=dict(request.headers), method=request.method)  # noqa: S310  # the session is mounted for http and https only
        answer = exchange(plain, self._limits, self._tls, self._guard)
        response = requests.Response()
        response.status_code = answer.status
        response.reason = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = io.BytesIO(answer.body)
        response.url = str(request.url)
        response.request = request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Do nothing: no connection is kept."""


def bounded(session: _Session, limits: Limits, guard: Guard | None = None) -> _Session:
    """Return the session with its requests sent by `exchange`, without cookies, proxies, .netrc and redirects."""
    session.trust_env = False
    session.max_redirects = 0
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Bounded(limits, guard))
    return session
