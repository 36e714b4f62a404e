"""The vendors: one line for each folder beside this module."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from escalator.channels.clients import Clients
from escalator.channels.contract import WaysOut
from escalator.channels.email.registry_entry import EMAIL
from escalator.channels.jira.registry_entry import JIRA
from escalator.channels.mattermost.registry_entry import MATTERMOST
from escalator.channels.pagerduty.registry_entry import PAGERDUTY
from escalator.channels.slack.registry_entry import SLACK
from escalator.channels.webhook.registry_entry import WEBHOOK
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.settings import Settings


class OfKind(Protocol):
    """A part that belongs to one kind of destination."""

    @property
    def kind(self) -> DestinationKind: ...  # noqa: D102


T = TypeVar("T", bound=OfKind)


def one_for_each_kind(parts: Iterable[T]) -> Mapping[DestinationKind, T]:
    """Return the parts by their kind; raises TypeError unless each kind has exactly one."""
    parts_list = list(parts)
    by_kind = {part.kind: part for part in parts_list}
    missing = [kind.value for kind in DestinationKind if kind not in by_kind]
    if missing or len(parts_list) != len(by_kind):
        raise TypeError(f"each kind of destination must be listed once; missing: {', '.join(missing) or 'none'}")
    return by_kind


VENDORS = one_for_each_kind(
    (
        SLACK,
        PAGERDUTY,
        EMAIL,
        JIRA,
        WEBHOOK,
        MATTERMOST,
    )
)


class RealWaysOut:
    """The channels that reach the vendors."""

    def __init__(self, clients: Clients, settings: Settings, clock: Clock) -> None:
        self.channels: WaysOut = {
            kind: vendor.make_channel(clients, settings, clock) for kind, vendor in VENDORS.items()
        }
