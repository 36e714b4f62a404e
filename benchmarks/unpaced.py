"""The worker as it is deployed, but without Slack's limit of one message a second in a channel.

What is measured is the product; the wait that Slack asks for would hide it.
"""

from escalator.channels.slack.pacing import UNPACED
from escalator.services import vendors

vendors.shared_pace = lambda _url: UNPACED  # type: ignore[assignment,return-value]

from workers.app import app  # noqa: E402  # what it makes must find the pace taken away

__all__ = ["app"]
