"""Judges destinations by the outcomes of their calls: broken, failing for some minutes, or well.

A delivery that failed for good raises an operator alert at once, whatever the reason. One that is retried does not;
when no call has succeeded for FAILING_FOR, `undelivered` raises one. A real delivery there resolves both.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

from escalator.engine.operator_alerts import SuspectedChannels
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.model.policy import Policy
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import DESTINATION, OperatorAlerts
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.delivery.fallbacks import create_fallbacks
from escalator.services.outbound.call import CallOutcome
from escalator.store.endpoint_health import HealthUpdates

FAILING_FOR = timedelta(minutes=3)
"""After so long without a successful call a destination gets an alert, though calls may yet succeed."""


class FailureScope(Enum):
    """What else may be failing: one endpoint, everything of its kind, or nothing."""

    ENDPOINT = auto()
    KIND = auto()
    NOTHING = auto()


FAILURE_SCOPES: Mapping[FailureReason, FailureScope] = {
    FailureReason.TIMEOUT: FailureScope.KIND,
    FailureReason.UNREACHABLE: FailureScope.KIND,
    FailureReason.RATE_LIMITED: FailureScope.KIND,
    FailureReason.PACED: FailureScope.NOTHING,
    FailureReason.VENDOR_ERROR: FailureScope.KIND,
    FailureReason.BAD_ANSWER: FailureScope.KIND,
    FailureReason.BAD_CREDENTIALS: FailureScope.KIND,
    FailureReason.NOT_CONFIGURED: FailureScope.KIND,
    FailureReason.EXPIRED: FailureScope.KIND,
    FailureReason.UNKNOWN: FailureScope.KIND,
    FailureReason.BAD_TARGET: FailureScope.ENDPOINT,
    FailureReason.BAD_MESSAGE: FailureScope.ENDPOINT,
    FailureReason.FORBIDDEN: FailureScope.ENDPOINT,
    FailureReason.GONE: FailureScope.ENDPOINT,
    FailureReason.NOT_SUPPORTED: FailureScope.ENDPOINT,
    FailureReason.NO_CONTACT: FailureScope.ENDPOINT,
}
"""Every reason is listed here, so that none is unreported."""

_NOT_BROKEN = frozenset({FailureReason.RATE_LIMITED, FailureReason.PACED})
"""A delivery with a fallback gives these up early: its destination only asks to wait, and is not broken."""


def record_calls(notes: HealthUpdates, outcomes: Iterable[CallOutcome]) -> None:
    """Record which endpoints failed in a way that may pass, and which a delivery really reached."""
    for outcome in outcomes:
        if outcome.sent.delivery is None:
            continue
        note = notes.of(outcome.sent.delivery.endpoint)
        if isinstance(outcome.result, Delivered):
            note.is_reached |= _is_real(outcome)
        elif _may_pass(outcome):
            note.failure = (outcome.sent.channel, _words(outcome.result))


def update_operator_alerts(
    context: TransactionContext, outcomes: Sequence[CallOutcome], over: Collection[UUID]
) -> None:
    """Raise and resolve operator alerts about the endpoints of these calls; create fallbacks for waiting deliveries.

    `over` are the deliveries that failed for good. The data of the endpoints is written already.
    """
    alerts = OperatorAlerts(context.connection, context.now)
    for name, outcome in sorted(_broken(outcomes, over).items()):
        _find_broken(context.core, alerts, name, outcome, context.policy)
    end_alerts_of_reached(
        alerts,
        [outcome.sent.delivery.endpoint for outcome in outcomes if outcome.sent.delivery and _has_arrived(outcome)],
    )
    _send_fallbacks_for_failing(context, outcomes, over)


def _is_real(outcome: CallOutcome) -> bool:
    """Whether a vendor was called; never in the sandbox."""
    return outcome.sent.refused is None and outcome.sent.mode is not Mode.SANDBOX


def _has_arrived(outcome: CallOutcome) -> bool:
    return isinstance(outcome.result, Delivered) and _is_real(outcome)


def _may_pass(outcome: CallOutcome) -> bool:
    """Whether a call was made and failed in a way that may affect all its kind."""
    return (
        _is_real(outcome)
        and isinstance(outcome.result, Failed)
        and FAILURE_SCOPES[outcome.result.reason] is FailureScope.KIND
    )


def _words(result: Delivered | Failed) -> str:
    return f"{result.reason.value} {result.detail}".strip() if isinstance(result, Failed) else ""


def _broken(outcomes: Iterable[CallOutcome], over: Collection[UUID]) -> dict[str, CallOutcome]:
    """Return the calls that failed for good by endpoint: deliveries and message updates."""
    broken = {}
    for outcome in outcomes:
        if (
            not isinstance(outcome.result, Failed)
            or outcome.result.reason in _NOT_BROKEN
            or outcome.sent.mode is Mode.SANDBOX
        ):
            continue
        delivery, post = outcome.sent.delivery, outcome.sent.post
        if delivery is not None and delivery.id in over:
            broken[delivery.endpoint] = outcome
        elif delivery is None and post is not None and _misleads(outcome.result):
            broken[post.endpoint] = outcome
    return broken


MESSAGE_DELETED_ERRORS = frozenset(
    {"thread_not_found", "message_not_found", "cannot_reply_to_message", "issue_not_found"}
)
"""Vendors' errors for a message that somebody has deleted."""


def _misleads(failed: Failed) -> bool:
    """Whether a message still shows something wrong; a deleted one shows nothing."""
    return not failed.reason.is_retryable and failed.detail not in MESSAGE_DELETED_ERRORS


def _find_broken(core: Core, alerts: OperatorAlerts, name: str, outcome: CallOutcome, policy: Policy) -> None:
    destination = outcome.sent.context.destination
    detail = f"messages to {destination} fail: {_words(outcome.result)}"
    if outcome.sent.delivery is None:
        detail = f"{destination} cannot be updated, so its messages show an old state: {_words(outcome.result)}"
    reason = outcome.result.reason if isinstance(outcome.result, Failed) else FailureReason.UNKNOWN
    suspects = suspects_after(reason, name, outcome.sent.channel)
    alerts.raise_alert(f"{DESTINATION}{name}", detail, policy, core.settings, suspects=suspects)


def suspects_after(reason: FailureReason, endpoint: str, channel: DestinationKind) -> SuspectedChannels:
    """Return what is suspected after an endpoint failed."""
    kinds = frozenset({channel} if FAILURE_SCOPES[reason] is FailureScope.KIND else ())
    return SuspectedChannels(kinds, frozenset({endpoint}))


def end_alerts_of_reached(alerts: OperatorAlerts, reached: Iterable[str]) -> None:
    """Resolve the alerts of every endpoint where something was really delivered.

    A message update does not count: it may have needed no call at all.
    """
    alerts.resolve(*(f"{DESTINATION}{name}" for name in sorted(set(reached))))


def _send_fallbacks_for_failing(
    context: TransactionContext, outcomes: Sequence[CallOutcome], over: Collection[UUID]
) -> None:
    """Create fallbacks for what has just failed and waits at a destination known to be failing."""
    waits = [
        outcome.sent.delivery
        for outcome in outcomes
        if isinstance(outcome.result, Failed)
        and outcome.sent.delivery is not None
        and outcome.sent.delivery.id not in over
        if outcome.sent.mode is not Mode.SANDBOX
    ]
    known = OperatorAlerts(context.connection, context.now).failing_endpoints() if waits else {}
    failing = [delivery for delivery in waits if delivery.endpoint in known]
    create_fallbacks(context, failing, SuspectedChannels(frozenset(known.values())))
