"""Webhooks of vendors: verified, stored, answered; the workers do the rest.

A vendor that gets a 4xx gives up: PagerDuty drops the event at once and disables the subscription after three, Jira
never sends it again. So a signed request is accepted, whatever it contains, and only our own outage is a 503.
"""

from functools import partial

import structlog
from flask import Blueprint, Response, request

from escalator.errors import InvalidEvent, Unauthorized
from escalator.metrics import CALLBACKS
from escalator.model.destination_kind import DestinationKind
from escalator.services.core.context import Core
from escalator.services.responses.callbacks import CALLBACKS_OF, store_callback

log = structlog.get_logger(__name__)


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint: a route for each vendor that sends webhooks."""
    door = Blueprint("vendors", __name__)
    for vendor in CALLBACKS_OF:
        received = partial(_received, core, vendor)
        door.add_url_rule(f"/webhooks/{vendor.value}", f"from_{vendor.value}", received, methods=["POST"])
    return door


def _received(core: Core, vendor: DestinationKind) -> Response:
    """Store a request; raises Unauthorized and Unavailable."""
    callbacks = CALLBACKS_OF[vendor]
    body, headers, token = request.get_data(), dict(request.headers), request.args.get("token", "")
    is_sandbox = False
    try:
        callbacks.verify(body, headers, callbacks.secrets(core.settings), token)
    except Unauthorized:
        callbacks.verify(body, headers, [core.settings.sandbox_signing_secret], token)
        is_sandbox = True
    try:
        store_callback(core, vendor, callbacks.event_id(body), body, is_sandbox=is_sandbox)
    except InvalidEvent:
        core.metrics.count(CALLBACKS, vendor=vendor.value, outcome="invalid")
        log.warning("callback_invalid", vendor=vendor.value)
    return Response(status=202)
