"""A Jira installation: its flavour, authorization, and one bounded request."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

from escalator.channels.deadline_socket import Limits, tls
from escalator.channels.http import BROKEN, broken, exchange, json_object
from escalator.channels.jira.api import Flavour, Json
from escalator.channels.jira.failures import failure
from escalator.model.message import Failed, FailureReason

PATIENT = Limits(socket_s=5.0, total_s=8.0)
"""For each request."""

_CLOUD_HOST = ".atlassian.net"


def flavour_of(url: str, email: str) -> Flavour:
    """Return the flavour of a Jira. Only this function decides it.

    Cloud is at `….atlassian.net`, or has an email address: there a token needs its owner's address. Everything else is
    Data Center, whose personal access tokens need no address.
    """
    is_cloud = bool(email.strip()) or _host(url).endswith(_CLOUD_HOST)
    return Flavour.CLOUD if is_cloud else Flavour.DATA_CENTER


class Site:
    """A Jira, and our account there. `url` may be plain http, and have a path.

    Requests fail as NOT_CONFIGURED when something is not configured.
    """

    def __init__(self, url: str, email: str, token: str, limits: Limits) -> None:
        self.flavour = flavour_of(url, email)
        self.limits = limits
        self._base = f"{url.rstrip('/')}/rest/api/{self.flavour.value}"
        self._unready = _unready(url, email, token, self.flavour)
        self._authorization = _authorization(email, token, self.flavour)
        self._tls = tls()

    def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        of_issue: bool = False,
        within_s: float | None = None,
    ) -> dict[str, Any] | Failed:
        """Make one request, which ends within its limits and `within_s` seconds.

        Return the object of the answer, empty for 204. `of_issue`: the request is about an issue of ours, so a 404
        means that it no longer exists.
        """
        if self._unready is not None:
            return self._unready
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": self._authorization, "Accept": "application/json", "Accept-Encoding": "identity"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            request = Request(self._base + path, data=data, headers=headers, method=method)  # noqa: S310  # _unready has seen the scheme
            answer = exchange(request, self._within(within_s), self._tls)
            if 200 <= answer.status < 300:
                return {} if answer.status == 204 else json_object(answer.body)
        except BROKEN as error:
            return broken(error)
        return failure(answer, of_issue=of_issue)

    def _within(self, within_s: float | None) -> Limits:
        if within_s is None:
            return self.limits
        return Limits(min(self.limits.socket_s, within_s), min(self.limits.total_s, within_s))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unready(url: str, email: str, token: str, flavour: Flavour) -> Failed | None:
    """Return why no request is possible, or None."""
    if not url.startswith(("https://", "http://")):
        return Failed(FailureReason.NOT_CONFIGURED, "no_url")
    if not token.strip():
        return Failed(FailureReason.NOT_CONFIGURED, "no_token")
    if flavour is Flavour.CLOUD and not email.strip():
        return Failed(FailureReason.NOT_CONFIGURED, "no_email")
    return None


def _authorization(email: str, token: str, flavour: Flavour) -> str:
    if flavour is Flavour.DATA_CENTER:
        return f"Bearer {token.strip()}"
    return "Basic " + base64.b64encode(f"{email.strip()}:{token.strip()}".encode()).decode()
