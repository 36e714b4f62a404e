"""Outgoing webhooks, for the registry of vendors."""

from escalator.channels.clients import Clients
from escalator.channels.vendor import NO_ADDRESS, Question, Vendor, nowhere
from escalator.channels.webhook.channel import WebhookChannel
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.settings import Settings


def _channel(clients: Clients, _settings: Settings, clock: Clock) -> WebhookChannel:
    return WebhookChannel(clients.webhooks, clock)


def _probe(clients: Clients, _settings: Settings, question: Question) -> Delivered | Failed:
    return clients.webhooks.reach(question.address) if question.address else NO_ADDRESS


WEBHOOK = Vendor(
    kind=DestinationKind.WEBHOOK,
    make_channel=_channel,
    probe=_probe,
    remedies={FailureReason.FORBIDDEN: "a private address: allow it by WEBHOOK_ALLOW_PRIVATE, if it is meant"},
    place=nowhere,
    callbacks=None,
)
