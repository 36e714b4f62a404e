"""A policy in hindsight: the engine that ran then says the same when it is asked again."""

from collections import Counter
from datetime import timedelta

from escalator.policy.parse import load
from escalator.services.policies.backtest import Backtest, backtest
from escalator.store.tables import incidents
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import REVIEWED, SELF_HARM, labelled, paged


def hindsight(h: Harness, *changes: tuple[str, str]) -> Backtest:
    """The running policy, and the same with changes, on everything that has come."""
    text = POLICY.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    policy = load(POLICY.read_text(), {})
    return backtest(h.core, policy, load(text, {}), h.clock.now() - timedelta(days=7))


def really_told(h: Harness) -> Counter[str]:
    """Every message to a channel or person; a bulletin, an update and an answer are none."""
    names = {h.slack.channel_id(name): key for name, key in PLACES.items()}
    return Counter(names[message.channel] for message in h.slack.messages)


PLACES = {
    "#critical-alerts": "critical-alerts",
    "#hate": "hate-room",
    "C0CHILD": "child-room",
    **{f"U0{key.upper()}": f"person:{key}" for key in ("ana", "ben", "dana", "eli")},
}


def test_the_policy_that_ran_tells_in_hindsight_whom_it_told(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=6)
    h.click("dana", "Acknowledge", on=messages[0])
    h.post(SELF_HARM, item=3, **labelled("HATE", "high", 80))
    h.post(SELF_HARM, item=4, **labelled("CSAM"))
    h.fast_forward(minutes=2)
    h.post(REVIEWED, item=3)
    h.fast_forward(minutes=30)
    h.forget_seen()
    found = hindsight(h)
    assert found.differences == []
    assert found.old == found.new == really_told(h)


def test_a_slower_path_spares_whom_an_answer_came_before(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=6)
    h.click("ana", "Acknowledge", on=messages[0])
    h.forget_seen()
    found = hindsight(h, ("{after: 5m,  notify: [team:seniors]}", "{after: 7m,  notify: [team:seniors]}"))
    [one] = found.differences
    assert {told.to for told in one.old.notified} - {told.to for told in one.new.notified} == {"person:dana"}
    assert (found.old["person:dana"], found.new["person:dana"]) == (1, 0)


def test_what_turned_out_to_be_one_is_one_in_hindsight(h: Harness) -> None:
    h.post(SELF_HARM, review_queue_item={"entity_id": "", "entity_type": "", "message": None, "flags": []}, flags=[])
    h.fast_forward(seconds=1)
    h.post("message.flagged__user_report", reason="self harm")
    h.post(SELF_HARM)
    h.forget_seen()
    found = hindsight(h)
    assert (h.count(incidents), found.incidents, found.old["person:ana"]) == (2, 1, 1)


def test_what_opened_nothing_is_counted_and_said(h: Harness) -> None:
    h.post("message.undeleted")
    found = hindsight(h)
    assert (found.incidents, found.left_out["events that opened nothing"]) == (0, 1)
