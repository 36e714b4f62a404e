"""PagerDuty, described."""

from escalator.model.kind_description import Advice, Attention, Entry, KindDescription, TextField
from escalator.model.levels import ContentRule

DESCRIPTION = KindDescription(
    key="pagerduty",
    title="PagerDuty",
    is_called_by_title=True,
    entry=Entry(address=TextField(right="write the routing key of the service, which has 32 characters"), options={}),
    has_secret_address=True,
    has_own_host=False,
    person_key="pagerduty",
    tells_people=False,
    content_limit=ContentRule.HIDE,
    shows_names=False,
    attention=Attention.ALWAYS,
    is_shared=False,
    is_for_machines=False,
    has_message_each_round=True,
    has_answer_link=False,
    token="",
    credentials=(),
    advice=(
        Advice("PAGERDUTY_WEBHOOK_SECRET", "acknowledging in PagerDuty has no effect here."),
        Advice("PAGERDUTY_API_TOKEN", "PagerDuty incidents are matched by the number in their title only."),
    ),
)
