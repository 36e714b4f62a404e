"""Where else an incident stands: addresses only where the vendor's form is certain."""

from uuid import UUID

import pytest

from escalator.channels.vendor import Place
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import ContentRule, Mode
from escalator.services.views.external_links import find_external_links
from escalator.store.posted_messages import PostedMessage
from tests.builders import EXAMPLE_POLICY, an_incident
from tests.sandboxes import a_core


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, JIRA_URL="https://acme.atlassian.net/")
    yield core
    core.database.close()


def a_post(channel, ref, mode=Mode.PRODUCTION, person=None, destination="place", alias=None):
    return PostedMessage(
        UUID(int=1),
        UUID(int=2),
        destination,
        destination,
        "C0",
        1,
        mode,
        channel,
        person,
        ref,
        1,
        1,
        0,
        1,
        vendor_incident_id=alias,
    )


@pytest.mark.parametrize(
    ("post", "place"),
    [
        pytest.param(
            a_post(DestinationKind.SLACK, "C0ALERTS/1700000000.0001"),
            Place("Slack: place", "https://slack.com/app_redirect?channel=C0ALERTS"),
            id="a channel of Slack",
        ),
        pytest.param(
            a_post(DestinationKind.JIRA, "TS-7"),
            Place("Jira: TS-7", "https://acme.atlassian.net/browse/TS-7"),
            id="an issue of Jira",
        ),
        pytest.param(
            a_post(DestinationKind.PAGERDUTY, "key", alias="Q1INCIDENT"),
            Place("PagerDuty: Q1INCIDENT"),
            id="an incident of PagerDuty, whose host we do not know",
        ),
        pytest.param(a_post(DestinationKind.SLACK, "D0/1", person="ana"), None, id="somebody's own messages"),
        pytest.param(a_post(DestinationKind.JIRA, "TS-7", mode=Mode.SANDBOX), None, id="the sandbox's inbox"),
        pytest.param(a_post(DestinationKind.JIRA, None), None, id="what has not got through"),
        pytest.param(a_post(DestinationKind.EMAIL, "id"), None, id="a mail"),
    ],
)
def test_a_post_is_a_place(core, post, place):
    found = find_external_links(core, an_incident(), EXAMPLE_POLICY, EXAMPLE_POLICY, [post, post], ContentRule.HIDE)
    assert found[2:] == ((place,) if place else ())


def test_stream_and_the_runbook_come_first(core):
    found = find_external_links(core, an_incident(), EXAMPLE_POLICY, EXAMPLE_POLICY, [], ContentRule.WITHHOLD)
    assert [one.label for one in found] == ["Open in Stream", "Runbook"]
