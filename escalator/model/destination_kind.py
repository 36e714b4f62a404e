"""The kinds of destinations: one line for each folder in `escalator/channels`.

This is the one place below `channels` that may import from there, and only the descriptions, which are plain data
(setup.cfg; docs/decisions/0010-a-vendor-is-a-folder.md). What each kind does is in `escalator/channels/registry.py`.
"""

from enum import StrEnum
from typing import Self

from escalator.channels.email import kind as email
from escalator.channels.jira import kind as jira
from escalator.channels.mattermost import kind as mattermost
from escalator.channels.pagerduty import kind as pagerduty
from escalator.channels.slack import kind as slack
from escalator.channels.webhook import kind as webhook
from escalator.model.kind_description import KindDescription


class DestinationKind(StrEnum):
    """The kinds a destination can be of; a destination has exactly one."""

    _value_: str
    about: KindDescription

    def __new__(cls, about: KindDescription) -> Self:
        """Make the kind that is described: its value is its key."""
        kind = str.__new__(cls, about.key)
        kind._value_ = about.key
        kind.about = about
        return kind

    SLACK = slack.DESCRIPTION
    PAGERDUTY = pagerduty.DESCRIPTION
    EMAIL = email.DESCRIPTION
    JIRA = jira.DESCRIPTION
    WEBHOOK = webhook.DESCRIPTION
    MATTERMOST = mattermost.DESCRIPTION
