"""Outgoing webhooks, described."""

from escalator.model.kind_description import (
    Attention,
    ChoiceField,
    Entry,
    KindDescription,
    Option,
    TextField,
    UrlField,
)
from escalator.model.levels import ContentRule

DESCRIPTION = KindDescription(
    key="webhook",
    title="webhook",
    is_called_by_title=False,
    entry=Entry(
        address=UrlField(),
        options={
            "secret": Option(TextField(), "has no effect here"),
            "content": Option(ChoiceField(("show",)), "has no effect here"),
        },
    ),
    has_secret_address=True,
    has_own_host=True,
    person_key="",
    tells_people=False,
    content_limit=ContentRule.SHOW,
    shows_names=False,
    attention=Attention.NEVER,
    is_shared=False,
    is_for_machines=True,
    has_message_each_round=False,
    has_answer_link=False,
    token="",
    credentials=(),
    advice=(),
)
