"""Jira, described."""

from escalator.model.kind_description import (
    Advice,
    Attention,
    Credential,
    Entry,
    JsonField,
    KindDescription,
    SectionField,
    TextField,
)
from escalator.model.levels import ContentRule

OURS = ("project", "issuetype", "summary", "description", "labels")
"""Fields of an issue that the product itself sets."""

DESCRIPTION = KindDescription(
    key="jira",
    title="Jira",
    is_called_by_title=True,
    entry=Entry(
        address=SectionField(
            address="project",
            fields={
                "project": TextField(),
                "issue_type": TextField(),
                "fields": JsonField(
                    id_pattern=r"[A-Za-z][A-Za-z0-9_.\-]{0,79}",
                    reserved=OURS,
                    right="write the ids of fields with their values, such as {customfield_10042: {value: Safety}}",
                ),
            },
            optional=frozenset({"fields"}),
        ),
        options={},
    ),
    has_secret_address=False,
    has_own_host=False,
    person_key="",
    tells_people=False,
    content_limit=ContentRule.HIDE,
    shows_names=False,
    attention=Attention.NEVER,
    is_shared=False,
    is_for_machines=False,
    has_message_each_round=False,
    has_answer_link=False,
    token="",
    credentials=(
        Credential(
            "JIRA_URL", "and the policy opens issues in Jira", "write https://yours.atlassian.net, or your own server"
        ),
        Credential(
            "JIRA_TOKEN", "and the policy opens issues in Jira", "set an API token (Cloud) or a personal access token"
        ),
    ),
    advice=(Advice("JIRA_WEBHOOK_SECRET", "acknowledging in Jira has no effect here."),),
)
