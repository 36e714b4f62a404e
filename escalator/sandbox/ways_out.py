"""Stand-ins for the vendors in the sandbox: all of them store messages in its inbox."""

from dataclasses import replace
from functools import partial

from escalator.channels.clients import Clients
from escalator.channels.contract import WaysOut
from escalator.channels.slack.api import SlackApi
from escalator.channels.slack.sandbox import SandboxSlack
from escalator.clock import Clock
from escalator.encryption import Seal
from escalator.sandbox.inbox import DatabaseInbox
from escalator.sandbox.registry import SANDBOX_VENDORS
from escalator.sandbox.stream import SandboxStream
from escalator.settings import Settings
from escalator.store import Database


class SandboxWaysOut:
    """The stand-ins. `slack` stands in for Slack; tests may pass their own. `stream` plays Stream for a source."""

    def __init__(  # noqa: PLR0913  # the parts of a process that it uses
        self,
        settings: Settings,
        database: Database,
        seal: Seal,
        clock: Clock,
        clients: Clients,
        slack: SlackApi | None,
    ) -> None:
        inbox = DatabaseInbox(database, seal, clock)
        self.slack: SlackApi = slack or SandboxSlack(inbox)
        played = replace(clients, slack=self.slack)
        self.stream = partial(SandboxStream, database, seal, clock)
        self.channels: WaysOut = {
            kind: vendor.make_channel(inbox, played, settings, clock) for kind, vendor in SANDBOX_VENDORS.items()
        }
