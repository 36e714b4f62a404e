"""Whether each destination of the policy would be reached: asked of its vendor, without disturbing anybody."""

from collections.abc import Callable, Iterator

from escalator.channels.jira.create_meta import CreateScreen
from escalator.channels.mail.addresses import address, sender
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.commands.doctor_checks import UNREACHED_REMEDY, Finding, Status
from escalator.model.levels import Mode
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.model.policy import Destination, DestinationKind, Policy
from escalator.policy.jira_fields import OURS
from escalator.rendering.probe_failures import NOBODY_ANSWERED, probe_words
from escalator.services.core.context import Core

Asked = Callable[[Core, Destination, str], Delivered | Failed]

_NOT_SET = Failed(FailureReason.NOT_CONFIGURED, "no_address")
_NOT_SENDER = Failed(FailureReason.NOT_CONFIGURED, "mail_from")
_NOT_A_MAILBOX = Failed(FailureReason.BAD_TARGET, "address")
_REMEDIES = {
    FailureReason.TIMEOUT: UNREACHED_REMEDY,
    FailureReason.UNREACHABLE: UNREACHED_REMEDY,
    FailureReason.NOT_CONFIGURED: "set what is missing: `escalator check` and the README name the variables",
    FailureReason.BAD_CREDENTIALS: "check its key or token and its permissions",
    FailureReason.BAD_TARGET: "check its address in the policy",
    FailureReason.BAD_MESSAGE: "set or remove these fields in `jira: {fields: …}` of the destination",
    FailureReason.FORBIDDEN: "it is a private address: allow it with WEBHOOK_ALLOW_PRIVATE if it is intended",
}


def destinations(core: Core, policy: Policy) -> Iterator[Finding]:
    """Ask for every destination besides Slack's, whose channels a token cannot be asked about without more rights.

    In the sandbox nothing is asked: nothing leaves it.
    """
    if core.settings.mode is Mode.SANDBOX:
        return
    for destination in policy.destinations.values():
        ask = _QUESTIONS.get(destination.kind)
        if ask is not None:
            yield from (_finding(destination, ask(core, destination, one)) for one in destination.addresses)


def _finding(destination: Destination, answer: Delivered | Failed) -> Finding:
    what = f"{destination.kind.value} {destination.key}"
    if isinstance(answer, Delivered):
        return Finding(what, Status.OK, "can be reached")
    remedy = _REMEDIES.get(answer.reason, "try again in a moment")
    return Finding(what, Status.FAIL, probe_words(answer), remedy)


def _pagerduty(core: Core, destination: Destination, written: str) -> Delivered | Failed:
    key = core.expand(written)
    channel = PagerDutyChannel(core.vendors.pagerduty)
    return channel.probe(MessageContext(None, None, destination.key), key) if key else _NOT_SET


def _email(core: Core, _destination: Destination, written: str) -> Delivered | Failed:
    mail_from, recipient = sender(core.settings.mail_from), address(core.expand(written))
    if mail_from is None:
        return _NOT_SENDER
    return core.vendors.mail.check(mail_from.addr_spec, recipient.addr_spec) if recipient else _NOT_A_MAILBOX


def _jira(core: Core, destination: Destination, written: str) -> Delivered | Failed:
    found = core.vendors.jira.check(core.expand(written), core.expand(destination.options.get("issue_type", "")))
    if isinstance(found, Failed):
        return found
    if found.missing:
        return Failed(FailureReason.BAD_CREDENTIALS, f"may not {', '.join(found.missing)}")
    if not found.has_issue_type:
        return Failed(FailureReason.BAD_TARGET, "issue_type")
    wrong = "; ".join(_wrong_fields(found.screen, frozenset(destination.jira_fields))) if found.screen else ""
    return Failed(FailureReason.BAD_MESSAGE, wrong) if wrong else Delivered("")


def _wrong_fields(screen: CreateScreen, given: frozenset[str]) -> Iterator[str]:
    """Yield why Jira would refuse an issue with these fields besides ours."""
    needed = sorted(screen.required - given - set(OURS))
    if needed:
        yield f"Jira requires {', '.join(f'{one} ({screen.names[one]!r:.60})' for one in needed)}"
    unknown = sorted(given - screen.names.keys())
    if unknown:
        yield f"Jira does not know {', '.join(unknown)}"


def _webhook(core: Core, _destination: Destination, written: str) -> Delivered | Failed:
    url = core.expand(written)
    return core.vendors.webhooks.reach(url) if url else _NOT_SET


_QUESTIONS: dict[DestinationKind, Asked] = {
    DestinationKind.PAGERDUTY: _pagerduty,
    DestinationKind.EMAIL: _email,
    DestinationKind.JIRA: _jira,
    DestinationKind.WEBHOOK: _webhook,
}


def pagerduty_answers(core: Core, policy: Policy) -> Iterator[Finding]:
    """Look at whether an answer given in PagerDuty can be told to be about an incident of ours."""
    has_pager = any(one.kind is DestinationKind.PAGERDUTY for one in policy.destinations.values())
    if core.settings.mode is Mode.SANDBOX or not has_pager or not core.settings.pagerduty_api_token:
        return
    found = core.vendors.pagerduty_rest.check()
    if isinstance(found, Failed):
        is_unreached = found.reason in NOBODY_ANSWERED
        remedy = UNREACHED_REMEDY if is_unreached else "check PAGERDUTY_API_TOKEN: a read-only one is enough"
        yield Finding("pagerduty token", Status.FAIL, probe_words(found), remedy)
    else:
        yield Finding("pagerduty token", Status.OK, found)
