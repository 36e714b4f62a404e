"""The vendors as the sandbox plays them: one line for each folder in `escalator/channels`."""

from escalator.channels.email.sandbox import EMAIL
from escalator.channels.jira.sandbox import JIRA
from escalator.channels.pagerduty.sandbox import PAGERDUTY
from escalator.channels.registry import one_for_each_kind
from escalator.channels.slack.sandbox import SLACK
from escalator.channels.webhook.sandbox import WEBHOOK

SANDBOX_VENDORS = one_for_each_kind(
    (
        SLACK,
        PAGERDUTY,
        EMAIL,
        JIRA,
        WEBHOOK,
    )
)
