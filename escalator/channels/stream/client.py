"""One request to Stream: signed, bounded, its answer read, and the answer's own clock and rate limit.

Sources: GetStream/protocol, openapi/v2/serverside-api.json; the platform's pages on rate limits.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlencode
from urllib.request import Request

from escalator.channels.deadline_socket import Limits, tls
from escalator.channels.http import BROKEN, broken, exchange, json_object
from escalator.channels.stream.failures import failure, is_token_refused
from escalator.channels.stream.token import server_token
from escalator.clock import Stopwatch
from escalator.model.message import Failed, FailureReason

PATIENT = Limits(socket_s=5.0, total_s=10.0, answer_bytes=8 * 1024 * 1024)
"""Stream's SDKs wait for 30 s, which is longer than a lease lasts here. A page of 100 items may have megabytes."""

_LEAST_S = 0.05

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """What Stream answered. `at` is the time there, by the answer's `Date`; None where it has none."""

    body: dict[str, Any]
    at: datetime | None


class StreamApi(Protocol):
    """Whoever answers requests to Stream: its servers, or the sandbox."""

    def ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Json | None = None
    ) -> StreamAnswer | Failed:
        """Make one request and return the object that is answered; `path` is percent-encoded."""
        ...


class StreamClient:
    """One app of Stream. `secrets` are those that may be valid, newest first (Stream rotates them)."""

    def __init__(self, url: str, key: str, secrets: Sequence[str], limits: Limits = PATIENT) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._tokens = tuple(server_token(secret) for secret in secrets if secret)
        self._limits = limits
        self._tls = tls()

    def ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Json | None = None
    ) -> StreamAnswer | Failed:
        """Make one request, which ends within the limits, and return the object that is answered.

        A token that is refused is followed by that of the next secret; the one that was accepted is tried first from
        then on. `path` is percent-encoded.
        """
        if not self._key or not self._tokens:
            return Failed(FailureReason.NOT_CONFIGURED, "no_key" if not self._key else "no_secret")
        watch = Stopwatch()
        for token in self._tokens:
            left = self._limits.total_s - watch.seconds()
            if left < _LEAST_S:
                return Failed(FailureReason.TIMEOUT)
            answer = self._send(self._request(method, path, query or {}, body, token), left)
            if not isinstance(answer, Failed) or not is_token_refused(answer):
                self._tokens = (token, *(other for other in self._tokens if other != token))
                return answer
        return answer

    def _request(self, method: str, path: str, query: Mapping[str, str], body: Json | None, token: str) -> Request:
        url = f"{self._url}{path}?{urlencode({'api_key': self._key, **query})}"
        headers = {
            "Authorization": token,
            "stream-auth-type": "jwt",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        data = None if body is None else json.dumps(body).encode()
        return Request(url, data=data, headers=headers, method=method)  # noqa: S310  # the settings have seen the scheme

    def _send(self, request: Request, within_s: float) -> StreamAnswer | Failed:
        limits = replace(self._limits, socket_s=min(self._limits.socket_s, within_s), total_s=within_s)
        try:
            answer = exchange(request, limits, self._tls)
            if not 200 <= answer.status < 300:
                return failure(answer)
            return StreamAnswer(json_object(answer.body), _date(answer.headers))
        except BROKEN as error:
            return broken(error)


def _date(headers: Mapping[str, str]) -> datetime | None:
    written = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return parsedate_to_datetime(written).astimezone(UTC)
    except ValueError:
        return None
