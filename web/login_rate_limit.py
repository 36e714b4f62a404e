"""Limits sign-in attempts, by the address of the client."""

import ipaddress
from datetime import timedelta
from math import ceil

from flask import Response, make_response, render_template, request

from escalator.rendering.push_text import words_left
from escalator.services.auth.login_rate_limit import BY_ADDRESS, record_attempt
from escalator.services.core.context import Core


def client_address() -> str:
    """Return the client's address.

    Behind a proxy on this machine or network it is what the proxy has added last; a client from anywhere else cannot
    forge it.
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
    """Return the refusal if this address has tried too often; else record an attempt. Raises Unavailable."""
    wait = record_attempt(core, BY_ADDRESS, f"address {client_address()}")
    return None if wait is None else too_many_attempts(wait)


def too_many_attempts(wait: timedelta) -> Response:
    """Return the response to a limited client."""
    text = f"Try again in {words_left(wait)}."
    response = make_response(
        render_template("dashboard/sign_in_told.html", heading="Too many attempts", said=text), 429
    )
    response.headers["Retry-After"] = str(max(1, ceil(wait.total_seconds())))
    return response
