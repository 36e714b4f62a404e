"""The section `actions`: what is read, what is refused with what would be right, and what is only a warning."""

import pytest

from escalator.model.incident import Outcome
from escalator.model.levels import Role
from escalator.model.stream_action_rule import BanRule, BanScope, MessageDeletion
from escalator.policy.parse import parse
from tests.scenarios.harness import POLICY

ENV = {"STREAM_API_KEY": "key", "STREAM_API_SECRET": "secret"}


def parsed(actions: str, *changes: tuple[str, str]):
    text = POLICY.read_text() + f"\nactions:\n  act: {actions}\n"
    for old, new in (("threat:    {title: Threat,", "threat:    {title: Threat, actions: [act],"), *changes):
        assert old in text
        text = text.replace(old, new)
    return parse(text, ENV)


def action(actions: str):
    found = parsed(actions)
    assert found.policy is not None, found.errors
    return found.policy.actions["act"]


def test_an_action_is_read_with_what_holds_where_nothing_is_said() -> None:
    plain = action("{label: Delete, do: delete}")
    assert (plain.parts, plain.role, plain.second, plain.is_confirmed) == (("delete",), Role.MODERATOR, None, False)
    assert plain.outcome is Outcome.ACTION_TAKEN
    whole = action(
        "{label: All, do: [delete, ban, 'custom:legal'], role: senior, second: senior, within: 5m, hard_delete: yes,"
        " resolves: no_violation, reason: Rules,"
        " ban: {for: 90m, scope: channel, shadow: yes, delete_messages: soft}}"
    )
    assert whole.ban is not None
    assert whole.ban.lasts is not None
    assert whole.ban == BanRule(whole.ban.lasts, BanScope.CHANNEL, is_shadow=True, delete_messages=MessageDeletion.SOFT)
    assert whole.ban.lasts.total_seconds() == 90 * 60
    assert (whole.parts[2], whole.role, whole.second) == ("custom:legal", Role.SENIOR, Role.SENIOR)


@pytest.mark.parametrize(
    ("written", "is_confirmed"),
    [
        ("{label: A, do: ban, ban: {for: 24h}}", False),
        ("{label: A, do: ban, ban: {for: forever}}", True),
        ("{label: A, do: ban, ban: {for: 24h, delete_messages: hard}}", True),
        ("{label: A, do: delete, hard_delete: yes}", True),
        ("{label: A, do: delete, hard_delete: yes, confirm: no}", False),
        ("{label: A, do: mark_reviewed, confirm: yes}", True),
    ],
)
def test_what_cannot_be_undone_is_confirmed_unless_the_file_says_otherwise(written: str, is_confirmed: bool) -> None:
    assert action(written).is_confirmed is is_confirmed


@pytest.mark.parametrize(
    ("written", "where", "what", "right"),
    [
        ("{label: A, do: erase}", "actions.act.do", "is not valid", "delete, ban, shadow_block"),
        ("{label: A, do: 'custom:'}", "actions.act.do", "is not valid", "custom:ID"),
        ("{do: delete}", "actions.act.label", "is missing", "a label for the button"),
        ("{label: A}", "actions.act.do", "is missing", ""),
        ("{label: A, do: ban}", "actions.act.ban", "is missing", "ban: {for: 24h}"),
        ("{label: A, do: delete, ban: {for: 1h}}", "actions.act.ban", "does not ban", "add ban to `do`"),
        ("{label: A, do: ban, ban: {for: 90s}}", "actions.act.ban.for", "is not valid", "whole minutes"),
        ("{label: A, do: ban, ban: {for: 1h, scope: all}}", "actions.act.ban.scope", "is not valid", "app, channel"),
        ("{label: A, do: delete, role: viewer}", "actions.act.role", "is not valid", "moderator, senior, admin"),
        ("{label: A, do: delete, resolves: yes}", "actions.act.resolves", "is not valid", "no_violation"),
        ("{label: A, do: delete, second: admin}", "actions.act.second", "not two of them", "a lower role"),
        ("{label: A, do: delete, by: ana}", "actions.act.by", "is not a key here", "known: label, do"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(written, where, what, right) -> None:
    problems = [problem for problem in parsed(written).errors if problem.path == where]
    assert problems, parsed(written).errors
    assert what in problems[0].what
    assert right in problems[0].right


@pytest.mark.parametrize(
    ("written", "change", "where", "what"),
    [
        (
            "{label: A, do: delete}",
            ("actions: [act]", "actions: [akt]"),
            "categories.threat.actions[0]",
            'unknown action "akt"',
        ),
        (
            "{label: A, do: delete, reason: Rules}",
            ("pii:       {title: Personal data,", "pii:       {title: Personal data, actions: act,"),
            "categories.pii.actions",
            "would write a reason into Stream",
        ),
        (
            "{label: A, do: delete}",
            ("    expect_within", "    act_as: service\n    expect_within"),
            "sources.chat.act_as",
            "needs a user in Stream",
        ),
        (
            "{label: A, do: delete}",
            ("    expect_within", "    tell_stream: escalated\n    expect_within"),
            "sources.chat.tell_stream",
            "needs a user in Stream",
        ),
    ],
)
def test_sections_that_do_not_fit_are_refused(written, change, where, what) -> None:
    found = {problem.path: problem.what for problem in parsed(written, change).errors}
    assert what in found[where]


def test_who_has_no_id_in_stream_and_what_nobody_is_offered_is_a_warning() -> None:
    warnings = {problem.path: problem.what for problem in parsed("{label: A, do: delete}").warnings}
    assert "cannot be carried out by eli" in warnings["actions.act"]
    unused = parsed("{label: A, do: delete}", ("actions: [act], ", "")).warnings
    assert any("offered by no category" in problem.what for problem in unused if problem.path == "actions.act")
