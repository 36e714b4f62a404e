"""PagerDuty, for the registry of vendors."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from escalator.channels.clients import Clients
from escalator.channels.pagerduty import webhooks
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.vendor import NO_ADDRESS, Callbacks, Place, Posted, Question, Vendor
from escalator.clock import Clock
from escalator.errors import InvalidEvent
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.model.vendor_event import VendorEvent
from escalator.settings import Settings


def _channel(clients: Clients, _settings: Settings, _clock: Clock) -> PagerDutyChannel:
    return PagerDutyChannel(clients.pagerduty)


def _probe(clients: Clients, _settings: Settings, question: Question) -> Delivered | Failed:
    if not question.address:
        return NO_ADDRESS
    channel = PagerDutyChannel(clients.pagerduty)
    return channel.probe(MessageContext(None, None, question.destination), question.address)


def _place(_settings: Settings, posted: Posted) -> Place:
    """Return the incident without its URL, which is at the account's own host, unknown to us."""
    return Place(f"PagerDuty: {posted.vendor_incident_id or posted.destination}")


def _secrets(settings: Settings) -> Iterable[str]:
    return settings.pagerduty_webhook_secrets


def _verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], _token: str) -> None:
    webhooks.verify(body, headers, secrets)


def _has_question(settings: Settings, event: VendorEvent, is_known: bool) -> bool:  # noqa: FBT001  # of the registry's form
    """Whether PagerDuty must be asked for the alert.

    It omits `incident_key` for incidents opened through the Events API (api-schema, REST).
    """
    return not is_known and bool(event.vendor_incident_id) and bool(settings.pagerduty_api_token)


def _ask(clients: Clients, body: bytes) -> VendorEvent | Failed | None:
    event = _parse(body)
    keys = clients.pagerduty_rest.alert_keys(event.vendor_incident_id) if event else ()
    if isinstance(keys, Failed) or event is None:
        return keys if isinstance(keys, Failed) else None
    return replace(event, refs=(*event.refs, *keys))


def _parse(body: bytes) -> VendorEvent | None:
    try:
        return webhooks.parse(body)
    except InvalidEvent:
        return None


PAGERDUTY = Vendor(
    kind=DestinationKind.PAGERDUTY,
    make_channel=_channel,
    probe=_probe,
    remedies={},
    place=_place,
    callbacks=Callbacks(
        headers=("X-PagerDuty-Signature",),
        secrets=_secrets,
        verify=_verify,
        event_id=webhooks.event_id,
        parse=webhooks.parse,
        has_question=_has_question,
        ask=_ask,
    ),
)
