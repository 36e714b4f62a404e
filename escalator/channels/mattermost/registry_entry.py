"""Mattermost, for the registry of vendors."""

from escalator.channels.clients import Clients
from escalator.channels.mattermost.channel import MattermostChannel
from escalator.channels.mattermost.client import mattermost_webhook
from escalator.channels.vendor import NO_ADDRESS, Question, Vendor, nowhere
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.settings import Settings


def _channel(_clients: Clients, settings: Settings, _clock: Clock) -> MattermostChannel:
    return MattermostChannel(mattermost_webhook(settings.webhook_allowed))


def _probe(_clients: Clients, settings: Settings, question: Question) -> Delivered | Failed:
    if not question.address:
        return NO_ADDRESS
    return mattermost_webhook(settings.webhook_allowed).probe(question.address)


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
