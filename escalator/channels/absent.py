"""A way out that this version does not have: what is sent there has failed at once, and says so."""

from escalator.channels.contract import Notification
from escalator.model.message import Delivered, Failed, FailureReason


class AbsentChannel:
    """Refuses everything."""

    def tell(self, one: Notification, /) -> Delivered | Failed:  # noqa: ARG002  # the contract's
        """Refuse."""
        return Failed(FailureReason.NOT_SUPPORTED)

    show = tell

    def face(self, one: Notification, /) -> str:  # noqa: ARG002  # the contract's
        """Return that nothing is shown."""
        return ""
