"""The doors of PagerDuty and Jira: verified, stored, answered; the workers do what follows.

A vendor that hears a 4xx gives up: PagerDuty drops the event at once and disables the subscription after three, Jira
never sends it again. So what is signed is taken, whatever it says, and only our own outage is a 503.
"""

from collections.abc import Callable, Iterable, Mapping

import structlog
from flask import Blueprint, Response, request

from escalator.channels.jira import webhooks as jira
from escalator.channels.pagerduty import webhooks as pagerduty
from escalator.errors import InvalidEvent, Unauthorized
from escalator.metrics import CALLBACKS
from escalator.model.policy import DestinationKind
from escalator.services.core.context import Core
from escalator.services.responses.callbacks import store_callback

log = structlog.get_logger(__name__)

Verify = Callable[[bytes, Mapping[str, str], Iterable[str]], None]


def blueprint(core: Core) -> Blueprint:
    """Return the doors for one application."""
    door = Blueprint("vendors", __name__)

    @door.post("/webhooks/pagerduty")
    def from_pagerduty() -> Response:
        secrets = core.settings.pagerduty_webhook_secrets
        return _received(core, DestinationKind.PAGERDUTY, pagerduty.verify, secrets, pagerduty.event_id)

    @door.post("/webhooks/jira")
    def from_jira() -> Response:
        token = request.args.get("token", "")

        def verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str]) -> None:
            jira.verify(body, headers, secrets, token)

        return _received(core, DestinationKind.JIRA, verify, core.settings.jira_webhook_secrets, jira.event_id)

    return door


def _received(
    core: Core,
    vendor: DestinationKind,
    verify: Verify,
    secrets: Iterable[str],
    event_id: Callable[[bytes], str],
) -> Response:
    """Take in one request; raises Unauthorized and Unavailable."""
    body, headers = request.get_data(), dict(request.headers)
    is_sandbox = False
    try:
        verify(body, headers, secrets)
    except Unauthorized:
        verify(body, headers, [core.settings.sandbox_signing_secret])
        is_sandbox = True
    try:
        store_callback(core, vendor, event_id(body), body, is_sandbox=is_sandbox)
    except InvalidEvent:
        core.metrics.count(CALLBACKS, vendor=vendor.value, outcome="invalid")
        log.warning("callback_invalid", vendor=vendor.value)
    return Response(status=202)
