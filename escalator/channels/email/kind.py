"""Email, described."""

from escalator.model.kind_description import Attention, Credential, EmailsField, Entry, KindDescription
from escalator.model.levels import ContentRule

DESCRIPTION = KindDescription(
    key="email",
    title="email",
    is_called_by_title=False,
    entry=Entry(address=EmailsField(), options={}),
    has_secret_address=False,
    has_own_host=False,
    person_key="email",
    tells_people=True,
    content_limit=ContentRule.HIDE,
    shows_names=False,
    attention=Attention.IF_URGENT,
    is_shared=False,
    is_for_machines=False,
    has_message_each_round=False,
    has_answer_link=True,
    token="",
    credentials=(
        Credential("SMTP_URL", "and the policy sends email", "write smtp://user:password@host:587"),
        Credential("MAIL_FROM", "and the policy sends email", "write the sender, such as alerts@example.com"),
    ),
    advice=(),
)
