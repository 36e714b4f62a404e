"""Slack, for the registry of vendors."""

from urllib.parse import quote

from escalator.channels.clients import Clients
from escalator.channels.slack.channel import SlackChannel
from escalator.channels.slack.rate_limit import UNPACED, Pacer, shared_pace
from escalator.channels.vendor import Place, Posted, Vendor
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.settings import Settings


def _channel(clients: Clients, settings: Settings, _clock: Clock) -> SlackChannel:
    return SlackChannel(clients.slack, _pacer(settings))


def _pacer(settings: Settings) -> Pacer:
    return shared_pace(settings.redis_client_url, settings.slack_pace) if settings.slack_pace else UNPACED


def _place(_settings: Settings, posted: Posted) -> Place:
    """Return the channel, opened by its link: https://docs.slack.dev/interactivity/deep-linking."""
    channel = posted.ref.partition("/")[0]
    label = posted.destination if not posted.destination.startswith("note:") else posted.address
    return Place(f"Slack: {label}", f"https://slack.com/app_redirect?channel={quote(channel, safe='')}")


SLACK = Vendor(
    kind=DestinationKind.SLACK,
    make_channel=_channel,
    probe=None,  # a token cannot be asked about channels without more rights; `doctor` looks at the token itself
    remedies={},
    place=_place,
    callbacks=None,  # clicks and commands come by doors of their own (web/slack.py)
)
