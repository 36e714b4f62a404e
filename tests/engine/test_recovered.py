"""A state that was read from Stream's queue, and the webhook about it: whichever comes second changes nothing."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.model.audit import AuditAction
from escalator.stream.recovered import body_of
from tests.builders import EXAMPLE_POLICY
from tests.engine.world import World
from tests.examples import examples
from tests.stream.bodies import FLAGGED_AT, a_flag, an_action, an_item, an_item_event, seen

SHOWN = (
    "state",
    "category",
    "severity",
    "content_rule",
    "route",
    "round",
    "step",
    "due_kind",
    "due_at",
    "owner",
    "acknowledgements",
    "outcome",
    "reviewed_at",
    "reviewed_by",
)
LABELS = ("SELF_HARM", "HATE", "SPAM", "THREAT")
ACTIONS = ("mark_reviewed", "ban", "escalate", "custom", "restore", "delete_message")


def at(step):
    return (FLAGGED_AT + timedelta(minutes=step)).isoformat()


flags = st.builds(
    lambda label, kind: ("flag", {"labels": [label], "type": kind}),
    st.sampled_from(LABELS),
    st.sampled_from(["bodyguard", "user_report"]),
)
actions = st.builds(
    lambda kind, reporter: ("action", {"type": kind, "reporter_type": reporter}),
    st.sampled_from(ACTIONS),
    st.sampled_from(["moderator", "automod", "api_integration"]),
)
histories = st.tuples(
    st.sampled_from(["", "LOW", "HIGH", "CRITICAL"]), flags, st.lists(st.one_of(flags, actions), max_size=5)
)


def told(history):
    """Return the webhooks of an item's history, and the item as Stream then has it."""
    severity, first, more = history
    item = an_item(updated_at=at(0), ai_text_severity=severity, flags=[], actions=[])
    webhooks = []
    for step, (kind, made) in enumerate([first, *more]):
        item = item | {"updated_at": at(step)}
        about = {}
        if kind == "flag":
            item["flags"] = [*item["flags"], a_flag(created_at=at(step), user_id=f"user-{step}", **made)]
        else:
            action = an_action(created_at=at(step), custom={"id": "page"}, **made)
            item["actions"] = [action, *item["actions"]]
            about = {"action": action}
            if made["type"] == "mark_reviewed":
                item |= {"reviewed_at": at(step), "reviewed_by": "mod-1"}
            if made["type"] == "escalate":
                item |= {"escalated": True, "escalated_at": at(step), "escalated_by": "mod-1"}
        is_new = len(item["flags"]) <= 1 and not item["actions"]
        event = an_item_event(f"review_queue_item.{'new' if is_new else 'updated'}", **item)
        webhooks.append(seen(event | {"created_at": item["updated_at"]} | about))
    return webhooks, item


def shown(world):
    return [tuple(getattr(one, name) for name in SHOWN) for one in world.living]


def hear(world, *observations):
    for observation in observations:
        world.hear(observation)


@pytest.mark.parametrize("has_earlier", [False, True], ids=["nothing came", "only the last one was lost"])
@settings(max_examples=examples(450))
@given(history=histories)
def test_whichever_comes_second_changes_and_notifies_nothing(has_earlier, history):
    webhooks, item = told(history)
    recovered = seen(body_of(item, was_lost=True))
    ends = []
    for pair in ((webhooks[-1], recovered), (recovered, webhooks[-1])):
        world = World(EXAMPLE_POLICY)
        hear(world, *(webhooks[:-1] if has_earlier else ()), pair[0])
        before, count = shown(world), len(world.history)
        hear(world, pair[1])
        assert shown(world) == before
        assert not any(change.notices or change.suppress for _at, change in world.history[count:])
        ends.append(before)
    assert ends[0] == ends[1]


def test_that_it_was_lost_is_recorded_in_what_it_opens_and_in_what_it_changes():
    webhooks, item = told(("HIGH", ("flag", {"labels": ["HATE"]}), []))
    for order in ([], webhooks):
        world = World(EXAMPLE_POLICY)
        hear(world, *order, seen(body_of(item, was_lost=True)), seen(body_of(item, was_lost=False)))
        recorded = [entry.action for _at, change in world.history for entry in change.entries]
        assert recorded.count(AuditAction.RECOVERED) == 1
