"""Who knocks too often: trying to sign in is limited by the address somebody comes from."""

import ipaddress
from datetime import timedelta
from math import ceil

from flask import Response, make_response, render_template, request

from escalator.rendering.push_text import words_left
from escalator.services.auth.login_rate_limit import BY_ADDRESS, record_attempt
from escalator.services.core.context import Core


def client_address() -> str:
    """Return the address somebody comes from.

    Behind a proxy on this machine or network that is what the proxy says, which has written it last; who comes from
    anywhere else cannot say it.
    """
    peer = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if forwarded and _is_private(peer) else peer


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return True


def rate_limit_refusal(core: Core) -> Response | None:
    """Return the answer to who has tried too often from where they are; else note a try. Raises Unavailable."""
    wait = record_attempt(core, BY_ADDRESS, f"address {client_address()}")
    return None if wait is None else too_many_attempts(wait)


def too_many_attempts(wait: timedelta) -> Response:
    """Return the answer to who has to wait."""
    text = f"Try again in {words_left(wait)}."
    response = make_response(
        render_template("dashboard/sign_in_told.html", heading="Too many attempts", said=text), 429
    )
    response.headers["Retry-After"] = str(max(1, ceil(wait.total_seconds())))
    return response
