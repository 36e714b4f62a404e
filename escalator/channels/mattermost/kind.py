"""Mattermost, described."""

from escalator.model.kind_description import (
    Attention,
    ChoiceField,
    Entry,
    KindDescription,
    Option,
    PersonField,
    UrlField,
)
from escalator.model.levels import ContentRule

DESCRIPTION = KindDescription(
    key="mattermost",
    title="Mattermost",
    is_called_by_title=False,
    entry=Entry(
        address=UrlField(),
        options={
            "mention": Option(ChoiceField(("channel", "here", "nobody")), "mentions nobody here"),
            "reader": Option(PersonField(), "names nobody here"),
        },
    ),
    has_secret_address=True,
    has_own_host=True,
    person_key="",
    tells_people=False,
    content_limit=ContentRule.HIDE,
    shows_names=False,
    attention=Attention.IF_URGENT,
    is_shared=True,
    is_for_machines=False,
    has_message_each_round=False,
    has_answer_link=True,
    token="",
    credentials=(),
    advice=(),
)
