"""Slack, described."""

from escalator.model.kind_description import Attention, Credential, Entry, KindDescription, TextField
from escalator.model.levels import ContentRule

DESCRIPTION = KindDescription(
    key="slack",
    title="Slack",
    is_called_by_title=False,
    entry=Entry(
        address=TextField(
            r"#[^\s#]{1,80}|[CGD][A-Z0-9_]{1,30}", 'write "#channel" in quotes, or a channel id such as C0123ABCD'
        ),
        options={},
    ),
    has_secret_address=False,
    has_own_host=False,
    person_key="slack",
    tells_people=True,
    content_limit=ContentRule.SHOW,
    shows_names=True,
    attention=Attention.IF_URGENT,
    is_shared=True,
    is_for_machines=False,
    has_message_each_round=False,
    has_answer_link=False,
    token="SLACK_BOT_TOKEN",  # noqa: S106  # the name of a variable
    credentials=(
        Credential(
            "SLACK_BOT_TOKEN",
            "and the policy sends to Slack",
            "copy the Bot User OAuth Token (xoxb-…) of your Slack app",
        ),
        Credential(
            "SLACK_SIGNING_SECRET",
            "so no click in Slack can be verified",
            "copy it from Basic Information of your Slack app",
        ),
    ),
    advice=(),
)
