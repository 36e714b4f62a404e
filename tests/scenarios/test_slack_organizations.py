"""Enterprise Grid: people of any workspace of our organization answer, with a token of one workspace or of all."""

import pytest

from tests.scenarios.harness import Harness
from tests.scenarios.linked_accounts import EMAIL, NINA, links, with_nina
from tests.scenarios.slack_acts import answer_to, typed
from tests.scenarios.stories import paged

ORG, ELSEWHERE = "E0ORG", "T0ELSEWHERE"
FOREIGN = "Nothing changed: this Slack workspace is not the one of these alerts."


@pytest.fixture(params=[pytest.param(False, id="one workspace's token"), pytest.param(True, id="the organization's")])
def org(bare: Harness, request: pytest.FixtureRequest) -> Harness:
    bare.slack.be_in_organization(ORG, is_org_wide=request.param)
    return bare


@pytest.mark.parametrize("team", ["T0DOUBLE", ELSEWHERE, ORG])
def test_a_click_counts_from_every_workspace_of_the_organization(org: Harness, team: str) -> None:
    h = org.start()
    messages = paged(h)
    h.click("ana", "Acknowledge", on=messages[0], team=team)
    h.expect_updates(*messages, text="#1001 taken by Ana Ruiz after 0 s")


def test_a_command_counts_too(org: Harness) -> None:
    h = org.start()
    paged(h)
    assert "moderators" in answer_to(typed(h, "ana", "/oncall", team=ELSEWHERE))


def test_somebody_of_another_organization_changes_nothing(org: Harness) -> None:
    h = org.start()
    messages = paged(h)
    h.slack.home["enterprise_id"] = "E0OTHER"
    h.click("ana", "Acknowledge", on=messages[0], team=ELSEWHERE)
    h.expect_answer("ana", FOREIGN)
    assert "workspace" in answer_to(typed(h, "ana", "/oncall", team=ELSEWHERE))
    assert h.incident()["state"] == "triggered"


def test_somebody_of_no_organization_changes_nothing(org: Harness) -> None:
    h = org.start()
    messages = paged(h)
    del h.slack.home["enterprise_id"]
    h.click("ana", "Acknowledge", on=messages[0], team=ELSEWHERE)
    h.expect_answer("ana", FOREIGN)


@pytest.mark.parametrize(("of", "is_linked"), [(ORG, True), ("E0OTHER", False)])
def test_a_member_of_any_workspace_is_known_by_their_address(org: Harness, of: str, is_linked: bool) -> None:
    h = with_nina(org)
    messages = paged(h)
    h.slack.join(
        NINA, EMAIL, team_id=ELSEWHERE, enterprise_user={"id": NINA, "enterprise_id": of, "teams": [ELSEWHERE]}
    )
    h.click("nina", "Acknowledge", on=messages[0], team=ELSEWHERE)
    assert links(h) == ({"slack_user:U0NINA": "nina"} if is_linked else {})
    h.forget_seen()


def test_without_an_organization_another_workspace_is_a_stranger(bare: Harness) -> None:
    h = bare.start()
    messages = paged(h)
    h.slack.home = {}
    h.click("ana", "Acknowledge", on=messages[0], team=ELSEWHERE)
    h.expect_answer("ana", FOREIGN)
