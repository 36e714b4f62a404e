"""The paths that vendors post to: extra slashes are ignored, and wrong paths are counted.

No vendor follows a redirect of a POST, so we never send one: a path is corrected before it is routed.
"""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from threading import Lock
from typing import Any

import structlog
from flask import Flask, request
from werkzeug.datastructures import Headers

from escalator.metrics import WRONG_PATHS
from escalator.services.core.context import Core
from escalator.services.responses.callbacks import CALLBACKS_OF

log = structlog.get_logger(__name__)

VENDOR_PATHS = {
    "/webhooks/stream": "Stream's webhook URL",
    "/webhooks/stream/sns": "the endpoint of an SNS subscription",
    **{f"/webhooks/{kind.value}": f"{kind.about.title}'s webhook URL" for kind in CALLBACKS_OF},
    "/slack/interactions": "Slack's interactivity request URL",
    "/slack/commands": "the request URL of Slack's commands",
}
"""Every path that a vendor posts to, and the name of its setting at the vendor."""

_VENDORS = {
    "X-Api-Key": ("stream", "/webhooks/stream"),
    "X-Amz-Sns-Topic-Arn": ("sns", "/webhooks/stream/sns"),
    "X-Slack-Signature": ("slack", "/slack/interactions"),
    **{
        header: (kind.value, f"/webhooks/{kind.value}")
        for kind, callbacks in CALLBACKS_OF.items()
        for header in callbacks.headers
    },
}
"""The header that identifies each vendor. Anybody can send one: it is good enough for a line in the log only."""

REMEMBERED_PATHS = 100
"""How many different wrong paths one process logs."""

_CLOSE = 0.75
_SAFE_SEGMENT = re.compile(r"[a-z_-]{1,24}")
"""Parts of a path that are logged: no digits and capitals, so neither tokens nor ids."""
_MOST_SEGMENTS = 4

_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def plain_path(path: str) -> str:
    """Return a path without extra slashes: at its end, and next to another."""
    return "/" + "/".join(segment for segment in path.split("/") if segment)


def ignore_extra_slashes(app: Flask) -> None:
    """Route every request except reads as if its path had no extra slashes."""
    inner: _Wsgi = app.wsgi_app

    def with_plain_path(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            environ["PATH_INFO"] = plain_path(environ.get("PATH_INFO", ""))
        return inner(environ, start_response)

    app.wsgi_app = with_plain_path  # type: ignore[method-assign]


class WrongPathCounter:
    """Counts posts to paths that take no POST, and logs each path once with the right one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._logged: set[str] = set()
        self._lock = Lock()

    def note(self) -> None:
        """Count the present request, which no route has taken."""
        vendor, expected_path = _meant(request.headers, request.path)
        self._core.metrics.count(WRONG_PATHS, vendor=vendor)
        path = _loggable(request.path)
        if expected_path and self._is_new(path):
            right = f"{VENDOR_PATHS[expected_path]} must be {self._core.settings.base_url}{expected_path}"
            log.warning("wrong_path", path=path, vendor=vendor, remedy=right)

    def _is_new(self, path: str) -> bool:
        with self._lock:
            if path in self._logged or len(self._logged) >= REMEMBERED_PATHS:
                return False
            self._logged.add(path)
            return True


def _meant(headers: Headers, path: str) -> tuple[str, str]:
    """Return the probable vendor and the path it should post to; empty if nothing indicates one."""
    near = next(iter(get_close_matches(path[:64], VENDOR_PATHS, 1, _CLOSE)), "")
    for header, (vendor, expected_path) in _VENDORS.items():
        if header in headers:
            return vendor, near if vendor in near else expected_path
    return "unknown", near


def _loggable(path: str) -> str:
    segments = plain_path(path).split("/")[1:]
    shown = [segment if _SAFE_SEGMENT.fullmatch(segment) else "…" for segment in segments if segment]
    return "/" + "/".join([*shown[:_MOST_SEGMENTS], *(["…"] if len(shown) > _MOST_SEGMENTS else [])])
