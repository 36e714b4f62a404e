"""Check each destination of the policy with its vendor, without notifying anybody."""

from collections.abc import Iterator, Mapping

from escalator.channels.registry import VENDORS
from escalator.channels.vendor import Question
from escalator.commands.findings import UNREACHED_REMEDY, Finding, Status
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.model.policy import Destination, Policy
from escalator.rendering.probe_failures import NOBODY_ANSWERED, probe_words
from escalator.services.core.context import Core

_REMEDIES = {
    FailureReason.TIMEOUT: UNREACHED_REMEDY,
    FailureReason.UNREACHABLE: UNREACHED_REMEDY,
    FailureReason.NOT_CONFIGURED: "set what is missing: `escalator check` and the README name the variables",
    FailureReason.BAD_CREDENTIALS: "check its key or token and its permissions",
    FailureReason.BAD_TARGET: "check its address in the policy",
}


def destinations(core: Core, policy: Policy) -> Iterator[Finding]:
    """Check every destination except Slack's, because a check of a channel needs more scopes.

    In sandbox mode nothing is checked: nothing is sent.
    """
    if core.settings.mode is Mode.SANDBOX:
        return
    for destination in policy.destinations.values():
        vendor = VENDORS[destination.kind]
        if vendor.probe is not None:
            for address in destination.addresses:
                answer = vendor.probe(core.vendors, core.settings, _question(core, destination, address))
                yield _finding(destination, answer, vendor.remedies)


def _question(core: Core, destination: Destination, address: str) -> Question:
    options = {name: core.expand(value) for name, value in destination.options.items()}
    return Question(destination.key, core.expand(address), options, frozenset(destination.further_fields))


def _finding(destination: Destination, answer: Delivered | Failed, remedies: Mapping[FailureReason, str]) -> Finding:
    subject = f"{destination.kind.value} {destination.key}"
    if isinstance(answer, Delivered):
        return Finding(subject, Status.OK, "can be reached")
    remedy = remedies.get(answer.reason) or _REMEDIES.get(answer.reason, "try again in a moment")
    return Finding(subject, Status.FAIL, probe_words(answer), remedy)


def pagerduty_answers(core: Core, policy: Policy) -> Iterator[Finding]:
    """Check whether actions in PagerDuty can be matched to our incidents."""
    has_pager = any(destination.kind is DestinationKind.PAGERDUTY for destination in policy.destinations.values())
    if core.settings.mode is Mode.SANDBOX or not has_pager or not core.settings.pagerduty_api_token:
        return
    answer = core.vendors.pagerduty_rest.check()
    if isinstance(answer, Failed):
        is_unreached = answer.reason in NOBODY_ANSWERED
        remedy = UNREACHED_REMEDY if is_unreached else "check PAGERDUTY_API_TOKEN: a read-only one is enough"
        yield Finding("pagerduty token", Status.FAIL, probe_words(answer), remedy)
    else:
        yield Finding("pagerduty token", Status.OK, answer)
