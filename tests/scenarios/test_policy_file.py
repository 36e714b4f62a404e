"""The file is the truth: a good one is taken, a bad one refused and told, and what has begun keeps its timings."""

import pytest

from escalator.store.tables import policy_versions
from tests.scenarios.harness import Harness
from tests.scenarios.stories import PAGE, SELF_HARM, nobody, paged, taken_by_ana

REFUSED = "Escalator needs attention: policy file"


def test_a_changed_file_counts_for_what_comes_next(h: Harness) -> None:
    h.change_policy("{after: 5m,  notify: [team:seniors]}", "{after: 2m,  notify: [team:seniors]}")
    h.post(SELF_HARM)
    text = PAGE.replace("5 min", "2 min")
    h.expect_message("#critical-alerts", text)
    h.expect_dm("ana", text)
    h.expect_dm("ben", text)
    assert len(h.records("policy.activated")) == 2


def test_a_round_that_has_begun_keeps_its_timings_and_a_new_one_takes_the_new(h: Harness) -> None:
    messages = taken_by_ana(h)
    h.change_policy("{after: 5m,  notify: [team:seniors]}", "{after: 2m,  notify: [team:seniors]}")
    h.fast_forward(minutes=9)
    h.expect_nothing()
    h.click("ana", "Release", on=messages[0])
    h.expect_updates(*messages, text=PAGE.replace("5 min", "2 min"))
    h.forget_seen()
    h.fast_forward(minutes=2)
    h.expect_dm("dana", nobody(2))
    h.expect_updates(*messages)


def test_an_unanswered_round_keeps_the_step_it_was_promised(h: Harness) -> None:
    messages = paged(h)
    h.change_policy("{after: 5m,  notify: [team:seniors]}", "{after: 2m,  notify: [team:seniors]}")
    h.fast_forward(minutes=4)
    h.expect_nothing()
    h.fast_forward(minutes=1)
    h.expect_dm("dana", nobody(5))
    h.expect_updates(*messages)


def test_a_file_with_the_same_content_activates_nothing(h: Harness) -> None:
    h.core.policies.offer(h.core.database)
    h.start("")
    assert len(h.records("policy.activated")) == 1
    assert h.count(policy_versions) == 1


def test_a_bad_file_is_refused_and_told_once_and_the_last_good_one_goes_on(h: Harness) -> None:
    h.change_policy("path: urgent}", "path: nowhere}")
    for _ in range(3):
        h.core.policies.offer(h.core.database)
    h.fast_forward(seconds=2)
    h.expect_message("#leads", REFUSED, says="the last valid policy stays active")
    h.expect_dm("eli", REFUSED)
    assert len(h.records("policy.refused")) == 1
    h.expect_error("policy_refused")
    paged(h)
    assert any("policy_file" in line for line in h.app.test_client().get("/readyz").json["degraded"])


def test_a_bad_file_is_recorded_once_though_every_process_is_offered_it(h: Harness) -> None:
    h.change_policy("path: urgent}", "path: nowhere}")
    h.start("")
    h.fast_forward(seconds=2)
    h.forget_seen()
    assert len(h.records("policy.refused")) == 1
    h.expect_error("policy_refused")


def test_a_file_that_is_gone_is_told_once_and_the_last_good_one_goes_on(h: Harness) -> None:
    text = h.policy_file.read_text()
    h.policy_file.unlink()
    h.core.policies.offer(h.core.database)
    h.fast_forward(seconds=2)
    h.expect_nothing()  # an editor may be writing it
    for _ in range(3):
        h.core.policies.offer(h.core.database)
    h.fast_forward(seconds=2)
    h.expect_message(
        "#leads", REFUSED, says="cannot be read (No such file or directory); the last valid policy stays active"
    )
    h.expect_dm("eli", REFUSED)
    h.expect_error("policy_unreadable")
    paged(h)
    h.policy_file.write_text(text)
    h.core.policies.offer(h.core.database)
    assert [row["reason"] for row in h.records("trouble.ended")] == ["policy_file"]
    assert len(h.records("policy.activated")) == 1


def test_a_file_that_is_a_folder_cannot_be_read_either(h: Harness) -> None:
    h.policy_file.unlink()
    h.policy_file.mkdir()
    for _ in range(2):
        h.core.policies.offer(h.core.database)
    h.fast_forward(seconds=2)
    h.expect_message("#leads", REFUSED, says="cannot be read")
    h.forget_seen()
    h.expect_error("policy_unreadable")


def test_a_file_that_is_good_again_ends_the_trouble(h: Harness) -> None:
    h.change_policy("path: urgent}", "path: nowhere}")
    h.change_policy("path: nowhere}", "path: urgent}")
    h.fast_forward(seconds=2)
    h.forget_seen()
    h.expect_error("policy_refused")
    assert [row["reason"] for row in h.records("trouble.ended")] == ["policy_file"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("[dana], lead: dana", "[eli], lead: eli", "eli", id="the people"),
        pytest.param("notify: [team:seniors]", "notify: [team:moderators]", "dana", id="the step"),
    ],
)
def test_whom_a_step_names_is_frozen_and_who_that_is_is_looked_up(h: Harness, old: str, new: str, told: str) -> None:
    messages = paged(h)
    h.change_policy(old, new)
    h.fast_forward(minutes=5)
    h.expect_dm(told, nobody(5))
    h.expect_updates(*messages)


def test_a_target_that_no_longer_exists_is_recorded_and_the_next_step_fires_at_once(h: Harness) -> None:
    messages = paged(h)
    text = h.policy_file.read_text().replace("team:seniors", "team:elders").replace("  seniors:  ", "  elders:  ")
    text = text.replace("assign: seniors", "assign: elders")
    h.policy_file.write_text(text)
    h.core.policies.offer(h.core.database)
    h.fast_forward(minutes=5)
    h.expect_reply("#critical-alerts", nobody(5), mentions=["eli"])
    h.expect_dm("eli", nobody(5))
    for message in messages:
        h.expect_update(message)
    h.forget_seen()
    assert [row["after"] for row in h.records("target.missing")] == [{"target": "team:seniors"}]
    assert len(h.records("step.reached_nobody")) == 1


def test_a_person_who_is_new_in_the_file_may_answer_at_once(h: Harness) -> None:
    messages = paged(h)
    h.change_policy("  vera:", "  finn: {name: Finn Berg, slack: U0FINN}\n  vera:")
    h.click("finn", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, text="#1001 taken by Finn Berg after 0 s")


def test_a_stricter_rule_in_the_file_counts_for_what_is_open(h: Harness) -> None:
    messages = paged(h)
    h.change_policy("at_least: critical, content: hide", "at_least: critical, content: withhold")
    h.click("ben", "Reveal", on=messages[0])
    h.expect_answer("ben", "Nothing changed: that is not possible with withheld content.")
    h.forget_seen()
