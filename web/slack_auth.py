"""Shared by all Slack routes: checks who signed the request, and logs replies that fail."""

from typing import TYPE_CHECKING

import structlog
from flask import request

from escalator.errors import Unauthorized
from escalator.lazy_imports import LazyImport
from escalator.model.message import Failed
from escalator.services.core.context import Core

if TYPE_CHECKING:
    from escalator.channels.slack import signature
else:
    signature = LazyImport("escalator.channels.slack.signature")  # all of Slack's library comes with it

log = structlog.get_logger(__name__)


def is_signed_by_sandbox(core: Core, body: bytes) -> bool:
    """Whether the sandbox signed the present request; raises Unauthorized when neither Slack nor the sandbox did."""
    now, headers = core.clock.now(), dict(request.headers)
    if core.settings.slack_signing_secret:
        try:
            signature.verify(body, headers, core.settings.slack_signing_secret, now)
        except Unauthorized:
            pass
        else:
            return False
    signature.verify(body, headers, core.settings.sandbox_signing_secret, now)
    return True


def log_failure(result: object, event: str) -> None:
    """Log that a reply failed."""
    if isinstance(result, Failed):
        log.warning(event, reason=result.reason.value, detail=result.detail)
