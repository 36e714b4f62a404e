"""A team with a user group in Slack is mentioned by it: once, in channels, while each member is still told."""

import re

import pytest

from tests.doubles.slack_state import Message
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import PAGE, SELF_HARM, labelled
from tests.scenarios.witness import words_of

MODERATORS = "moderators:   {members: [ana, ben]"
CHILD_SAFETY = "child-safety: {members: [ben, dana]"
URGENT = "{notify: [critical-alerts, team]}"


def with_groups(h: Harness, **changes: str) -> Harness:
    text = POLICY.read_text()
    for old, new in {
        MODERATORS: f"{MODERATORS}, slack_group: '${{MODERATORS_GROUP:-}}'",
        CHILD_SAFETY: f"{CHILD_SAFETY}, slack_group: S0CHILD",
    }.items():
        text = text.replace(old, new)
    return h.start(text.replace(URGENT, changes.pop("urgent", URGENT)), **changes)


def mentioned(message: Message) -> list[str]:
    return re.findall(r"<[@!][^>]+>", re.sub(r"<!date[^>]*>", "", words_of(message.blocks)))


def test_the_group_is_mentioned_in_the_channel_and_its_members_are_told(bare: Harness) -> None:
    h = with_groups(bare, MODERATORS_GROUP="S0MODS")
    h.post(SELF_HARM)
    assert mentioned(h.expect_message("#critical-alerts", PAGE)) == ["<!subteam^S0MODS>"]
    assert mentioned(h.expect_dm("ana", PAGE)) == []
    assert mentioned(h.expect_dm("ben", PAGE)) == []


@pytest.mark.parametrize(
    ("notify", "expected"),
    [
        pytest.param("[critical-alerts, team, person:ana]", ["<!subteam^S0MODS>", "<@U0ANA>"], id="a member as well"),
        pytest.param("[critical-alerts, person:ben, team]", ["<@U0BEN>", "<!subteam^S0MODS>"], id="in that order"),
        pytest.param("[critical-alerts, team, team:moderators]", ["<!subteam^S0MODS>"], id="the same team twice"),
        pytest.param("[critical-alerts, team:seniors, team]", ["<@U0DANA>", "<!subteam^S0MODS>"], id="one without"),
    ],
)
def test_who_is_named_besides_the_team_is_mentioned_too(bare: Harness, notify: str, expected: list[str]) -> None:
    h = with_groups(bare, urgent=f"{{notify: {notify}}}", MODERATORS_GROUP="S0MODS")
    h.post(SELF_HARM)
    assert mentioned(h.expect_message("#critical-alerts", PAGE)) == expected
    h.forget_seen()


def test_without_the_group_the_members_are_mentioned_one_by_one(bare: Harness) -> None:
    h = with_groups(bare)
    h.post(SELF_HARM)
    assert mentioned(h.expect_message("#critical-alerts", PAGE)) == ["<@U0ANA>", "<@U0BEN>"]
    h.forget_seen()


def test_a_restricted_category_mentions_its_teams_group(bare: Harness) -> None:
    h = with_groups(bare)
    h.post(SELF_HARM, **labelled("CSAM"))
    text = "CRITICAL · Child safety · acknowledge within 5 min · #1001"
    assert mentioned(h.expect_message("C0CHILD", text)) == ["<!subteam^S0CHILD>"]
    h.forget_seen()


def test_the_group_rings_again_in_the_thread(bare: Harness) -> None:
    h = with_groups(
        bare, urgent=f"{URGENT}\n    - {{after: 1m, notify: [critical-alerts, team]}}", MODERATORS_GROUP="S0MODS"
    )
    h.post(SELF_HARM)
    h.fast_forward(minutes=1)
    [reply] = [one for one in h.slack.messages if one.thread_ts and one.channel == "CCRITICALALERTS"]
    assert mentioned(reply) == ["<!subteam^S0MODS>"]
    h.forget_seen()
