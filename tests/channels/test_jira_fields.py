"""Fields of a new issue that the policy gives: required ones are filled, and nothing that we say is overridden."""

import json
from dataclasses import replace

import pytest

from escalator.channels.contract import FURTHER_FIELDS
from escalator.channels.http import Answer
from escalator.channels.jira.channel import JiraChannel
from escalator.channels.jira.failures import failure
from escalator.channels.jira.rest import JiraRest
from escalator.model.message import Delivered, Failed, FailureReason
from tests.channels.jira_messages import say
from tests.doubles.jira import SCREEN, JiraDouble

TEAM = {"customfield_10042": {"value": "Safety"}}
REFUSED = b'{"errorMessages":[],"errors":{"customfield_10042":"Team is required."}}'
"""What a Jira says whose project asks for a team."""


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def jira(request):
    with JiraDouble(is_cloud=request.param, screen=SCREEN | {"customfield_10042", "customfield_10050"}) as double:
        double.required = {"customfield_10042"}
        yield double


def tell(jira, fields=None):
    channel = JiraChannel(JiraRest(jira.origin, jira.email, jira.token))
    one = say()
    return channel.send(replace(one, options=one.options | ({FURTHER_FIELDS: json.dumps(fields)} if fields else {})))


def test_a_field_that_is_required_and_not_given_refuses_the_issue_by_its_name(jira):
    assert tell(jira) == Failed(FailureReason.BAD_MESSAGE, "customfield_10042")
    assert failure(Answer(400, {}, REFUSED), of_issue=False) == Failed(FailureReason.BAD_MESSAGE, "customfield_10042")


def test_what_the_policy_gives_stands_in_the_new_issue(jira):
    assert isinstance(tell(jira, TEAM | {"customfield_10050": 3}), Delivered)
    [issue] = jira.issues.values()
    assert issue.fields["customfield_10042"] == {"value": "Safety"}
    assert issue.fields["customfield_10050"] == 3


def test_nothing_that_the_product_says_is_overridden(jira):
    assert isinstance(tell(jira, TEAM | {"summary": "another", "project": {"key": "NOWHERE"}}), Delivered)
    [issue] = jira.issues.values()
    assert issue.key.startswith("MODSAFE-")
    assert "another" not in issue.fields["summary"]


@pytest.mark.parametrize("wrong", [{"customfield_10050": "3"}, {"customfield_77777": "x"}])
def test_an_issue_is_opened_without_what_jira_refuses_of_what_is_given(jira, wrong):
    assert isinstance(tell(jira, TEAM | wrong), Delivered)
    [issue] = jira.issues.values()
    assert not wrong.keys() & issue.fields.keys()
