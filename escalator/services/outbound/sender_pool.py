"""The sender threads of a process, as the rest of the product knows them."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from escalator.services.outbound.bulkheads import Lane
    from escalator.services.outbound.call import OutboundCall


class SenderPool(Protocol):
    """The sender threads of this process, for code that has just written something to send."""

    def take(self, lane: "Lane") -> bool:
        """Take a thread for a call on this lane, if there is room; it waits for `send`."""
        ...

    def release(self, lanes: "Iterable[Lane]") -> None:
        """Release threads that were taken."""
        ...

    def send(self, claimed: "Sequence[OutboundCall]") -> None:
        """Send claimed calls; a thread was taken for each."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Start no call meanwhile: decisions come first."""
        ...


class NoSenderPool:
    """A process that sends nothing itself: the web, and commands."""

    def take(self, lane: "Lane") -> bool:
        """Return that no thread is free."""
        del lane
        return False

    def release(self, lanes: "Iterable[Lane]") -> None:
        """Do nothing: nothing was taken."""

    def send(self, claimed: "Sequence[OutboundCall]") -> None:
        """Do nothing: nothing was taken."""

    def held(self) -> AbstractContextManager[None]:
        """Hold nothing."""
        return nullcontext()
