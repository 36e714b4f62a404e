"""Mattermost, for the registry of vendors."""

from typing import TYPE_CHECKING, cast

from escalator.channels.clients import Clients
from escalator.channels.mattermost.channel import MattermostChannel
from escalator.channels.vendor import NO_ADDRESS, Question, Vendor, nowhere
from escalator.clock import Clock
from escalator.lazy_imports import LazyImport
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.settings import Settings

if TYPE_CHECKING:
    from escalator.channels.mattermost.client import MattermostWebhook


def _client(settings: Settings) -> "MattermostWebhook":
    lazy = LazyImport("escalator.channels.mattermost.client", "mattermost_webhook", settings.webhook_allowed)
    return cast("MattermostWebhook", lazy)


def _channel(_clients: Clients, settings: Settings, _clock: Clock) -> MattermostChannel:
    return MattermostChannel(_client(settings))


def _probe(_clients: Clients, settings: Settings, question: Question) -> Delivered | Failed:
    if not question.address:
        return NO_ADDRESS
    return _client(settings).probe(question.address)


MATTERMOST = Vendor(
    kind=DestinationKind.MATTERMOST,
    make_channel=_channel,
    probe=_probe,
    remedies={
        FailureReason.BAD_TARGET: "look at the incoming webhook in Mattermost: it is deleted, or may not post",
        FailureReason.NOT_SUPPORTED: "switch incoming webhooks on: System Console, Integration Management",
        FailureReason.FORBIDDEN: "a private address: allow it by WEBHOOK_ALLOW_PRIVATE, if it is meant",
    },
    place=nowhere,
    callbacks=None,
)
