"""What became of calls, as it says how a destination is: broken, failing for some minutes, or well.

A delivery that failed for good makes its destination a trouble at once, whatever the reason. One that is tried again
says nothing yet; when no call has succeeded for FAILING_FOR, `watching` makes that a trouble. Either ends when
something is really delivered there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import Connection

from escalator.engine.alarms import Suspects
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.model.policy import DestinationKind, Policy
from escalator.model.ranks import Mode
from escalator.services.calls import Outcome
from escalator.services.core import Core
from escalator.services.fallbacks import stand_in
from escalator.services.policies import Running
from escalator.services.troubles import Troubles
from escalator.services.ways import TROUBLE, way, way_of
from escalator.store import destinations

FAILING_FOR = timedelta(minutes=3)
"""For so long no call has succeeded where a destination is a trouble, though each call may yet succeed."""


class Blame(Enum):
    """What a failure makes suspect: one destination, everything of its kind, or nothing."""

    DESTINATION = auto()
    KIND = auto()
    NOTHING = auto()


BLAME: Mapping[FailureReason, Blame] = {
    FailureReason.TIMEOUT: Blame.KIND,
    FailureReason.UNREACHABLE: Blame.KIND,
    FailureReason.RATE_LIMITED: Blame.KIND,
    FailureReason.PACED: Blame.NOTHING,
    FailureReason.VENDOR_ERROR: Blame.KIND,
    FailureReason.BAD_ANSWER: Blame.KIND,
    FailureReason.BAD_CREDENTIALS: Blame.KIND,
    FailureReason.NOT_CONFIGURED: Blame.KIND,
    FailureReason.EXPIRED: Blame.KIND,
    FailureReason.UNKNOWN: Blame.KIND,
    FailureReason.BAD_TARGET: Blame.DESTINATION,
    FailureReason.BAD_MESSAGE: Blame.DESTINATION,
    FailureReason.FORBIDDEN: Blame.DESTINATION,
    FailureReason.GONE: Blame.DESTINATION,
    FailureReason.NOT_SUPPORTED: Blame.DESTINATION,
    FailureReason.NO_CONTACT: Blame.DESTINATION,
}
"""Every reason has its place here, so that none goes untold."""

_NOT_BROKEN = frozenset({FailureReason.RATE_LIMITED, FailureReason.PACED})
"""A delivery with another way gives these up early: its destination asks for patience, and is not broken."""


def note(
    core: Core,
    connection: Connection,
    outcomes: Sequence[Outcome],
    over: Collection[UUID],
    running: Running,
    now: datetime,
) -> None:
    """Write what these calls say of their destinations; `over` are the deliveries that failed for good."""
    _note_calls(connection, outcomes, running.policy, now)
    for name, one in sorted(_broken(outcomes, over, running.policy).items()):
        _find_broken(core, connection, name, one, running.policy, now)
    heal(
        Troubles(connection, now), [(name, one.sent.mode, one.result) for name, one in _told(outcomes, running.policy)]
    )
    _stand_in_for_failing(core, connection, outcomes, over, running.policy, now)


def _told(outcomes: Iterable[Outcome], policy: Policy) -> Iterable[tuple[str, Outcome]]:
    """Yield the deliveries among these calls, each with the name of its way."""
    return ((way_of(one.sent.delivery, policy), one) for one in outcomes if one.sent.delivery is not None)


def _note_calls(connection: Connection, outcomes: Sequence[Outcome], policy: Policy, now: datetime) -> None:
    """Note the ways that have failed in a manner that may pass; one that is broken is a trouble at once."""
    failed = {name: one for name, one in _told(outcomes, policy) if _may_pass(one)}
    for name, one in sorted(failed.items()):
        destinations.note_failed(connection, name, one.sent.channel, _words(one.result), now)


def _may_pass(one: Outcome) -> bool:
    """Whether a call was made, and failed for what may be true of all its kind. The sandbox calls nobody."""
    is_call = one.sent.refused is None and one.sent.mode is not Mode.SANDBOX
    return is_call and isinstance(one.result, Failed) and BLAME[one.result.reason] is Blame.KIND


def _words(result: Delivered | Failed) -> str:
    return f"{result.reason.value} {result.detail}".strip() if isinstance(result, Failed) else ""


def _broken(outcomes: Iterable[Outcome], over: Collection[UUID], policy: Policy) -> dict[str, Outcome]:
    """Return the calls that failed for good, by the name of their way: deliveries, and messages brought up to date."""
    found = {}
    for one in outcomes:
        if not isinstance(one.result, Failed) or one.result.reason in _NOT_BROKEN:
            continue
        delivery, post = one.sent.delivery, one.sent.post
        if delivery is not None and delivery.id in over:
            found[way_of(delivery, policy)] = one
        elif delivery is None and post is not None and _misleads(one.result):
            found[way(post.destination, post.channel, post.address, policy)] = one
    return found


MISSING_MESSAGE = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message", "issue_not_found"})
"""What a vendor says of a message that somebody has deleted."""


def _misleads(failed: Failed) -> bool:
    """Whether a message goes on showing what is not so; one that somebody has deleted shows nothing."""
    return not failed.reason.is_retryable and failed.detail not in MISSING_MESSAGE


def _find_broken(core: Core, connection: Connection, name: str, one: Outcome, policy: Policy, now: datetime) -> None:
    destination = one.sent.context.destination
    detail = f"{destination} cannot be told: {_words(one.result)}"
    if one.sent.delivery is None:
        detail = f"{destination} cannot be brought up to date, and shows what is no longer so: {_words(one.result)}"
    reason = one.result.reason if isinstance(one.result, Failed) else FailureReason.UNKNOWN
    suspects = suspects_of(reason, destination, one.sent.channel)
    Troubles(connection, now).find(f"{TROUBLE}{name}", detail, policy, core.settings, suspects=suspects)


def suspects_of(reason: FailureReason, destination: str, channel: DestinationKind) -> Suspects:
    """Return what a failure at a destination makes suspect."""
    kinds = frozenset({channel} if BLAME[reason] is Blame.KIND else ())
    return Suspects(kinds, frozenset({(destination, channel)}))


def heal(troubles: Troubles, told: Iterable[tuple[str, Mode, Delivered | Failed]]) -> frozenset[str]:
    """End the trouble of every way by which something has really been told; return which.

    The sandbox reaches nobody, and a message brought up to date does not count: that may have needed no call at all.
    """
    sent = ((name, result) for name, mode, result in told if mode is not Mode.SANDBOX)
    reached = frozenset(name for name, result in sent if isinstance(result, Delivered))
    destinations.note_reached(troubles.connection, reached)
    troubles.end(*(f"{TROUBLE}{name}" for name in sorted(reached)))
    return reached


def _stand_in_for_failing(
    core: Core,
    connection: Connection,
    outcomes: Sequence[Outcome],
    over: Collection[UUID],
    policy: Policy,
    now: datetime,
) -> None:
    """Tell who stands in for what has just failed, and waits, at a destination that is known to be failing."""
    waits = [
        one.sent.delivery
        for one in outcomes
        if isinstance(one.result, Failed) and one.sent.delivery is not None and one.sent.delivery.id not in over
    ]
    known = Troubles(connection, now).failing() if waits else {}
    failing = [one for one in waits if way_of(one, policy) in known]
    stand_in(core, connection, failing, policy, now, Suspects(frozenset(known.values())))
