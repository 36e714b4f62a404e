"""Jira, for the registry of vendors."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from escalator.channels.clients import Clients
from escalator.channels.jira import webhooks
from escalator.channels.jira.api import Category
from escalator.channels.jira.channel import JiraChannel
from escalator.channels.jira.create_meta import CreateScreen
from escalator.channels.jira.kind import OURS
from escalator.channels.vendor import Callbacks, Place, Posted, Question, Vendor
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.model.vendor_event import VendorEvent, VendorEventKind
from escalator.settings import Settings


def _channel(clients: Clients, _settings: Settings, _clock: Clock) -> JiraChannel:
    return JiraChannel(clients.jira)


def _probe(clients: Clients, _settings: Settings, question: Question) -> Delivered | Failed:
    access = clients.jira.check(question.address, question.options.get("issue_type", ""))
    if isinstance(access, Failed):
        return access
    if access.missing:
        return Failed(FailureReason.BAD_CREDENTIALS, f"may not {', '.join(access.missing)}")
    if not access.has_issue_type:
        return Failed(FailureReason.BAD_TARGET, "issue_type")
    wrong = "; ".join(_wrong_fields(access.screen, question.further_fields)) if access.screen else ""
    return Failed(FailureReason.BAD_MESSAGE, wrong) if wrong else Delivered("")


def _wrong_fields(screen: CreateScreen, given_fields: frozenset[str]) -> Iterator[str]:
    """Yield why Jira would refuse an issue with these further fields."""
    needed = sorted(screen.required - given_fields - set(OURS))
    if needed:
        yield f"Jira requires {', '.join(f'{field} ({screen.names[field]!r:.60})' for field in needed)}"
    unknown = sorted(given_fields - screen.names.keys())
    if unknown:
        yield f"Jira does not know {', '.join(unknown)}"


def _place(settings: Settings, posted: Posted) -> Place:
    site = settings.jira_url
    return Place(f"Jira: {posted.ref}", f"{site}/browse/{quote(posted.ref, safe='')}" if site else None)


def _secrets(settings: Settings) -> Iterable[str]:
    return settings.jira_webhook_secrets


def _has_question(settings: Settings, event: VendorEvent, is_known: bool) -> bool:  # noqa: FBT001  # of the registry's form
    """Whether Jira must be asked if the issue's former status was a done one: its webhook does not say so."""
    is_settled = event.kind in {VendorEventKind.RESOLVED, VendorEventKind.REOPENED}
    return is_known and not is_settled and bool(settings.jira_token)


def _ask(clients: Clients, body: bytes) -> VendorEvent | Failed | None:
    """Ask for the category of the former status; without an answer it is UNDEFINED."""

    def category(status_id: str) -> Category:
        category_ = clients.jira.category_of_status(status_id)
        return Category.UNDEFINED if isinstance(category_, Failed) else category_

    return webhooks.parse(body, category)


JIRA = Vendor(
    kind=DestinationKind.JIRA,
    make_channel=_channel,
    probe=_probe,
    remedies={
        FailureReason.BAD_MESSAGE: "set or remove these fields in `jira: {fields: …}` of the destination",
    },
    place=_place,
    callbacks=Callbacks(
        headers=("X-Hub-Signature", "X-Atlassian-Webhook-Identifier"),
        secrets=_secrets,
        verify=webhooks.verify,
        event_id=webhooks.event_id,
        parse=webhooks.parse,
        has_question=_has_question,
        ask=_ask,
    ),
)
