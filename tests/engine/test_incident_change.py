"""A decision and its result: what counts as a new deadline, how several changes of one incident become one."""

from dataclasses import replace

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.deadlines import fire_deadline, make_deadline_due
from escalator.engine.incident_change import Change, ChangeDraft, combine
from escalator.model.incident import Verb
from tests.builders import EXAMPLE_POLICY, an_incident, minute, rules


def acknowledged() -> Change:
    act = ActionRequest(Verb.ACKNOWLEDGE, EXAMPLE_POLICY.people["ana"], "slack")
    change = apply_action(act, an_incident(), rules(), minute(2))
    assert isinstance(change, Change)
    return change


def test_several_changes_of_one_incident_are_one() -> None:
    first = replace(fire_deadline(an_incident(), rules(), minute(5)), alarms=("loop:1",))
    second = replace(acknowledged(), alarms=("loop:2",))
    both = combine([first, second])
    assert both.incident == second.incident
    assert both.notices == (*first.notices, *second.notices) != ()
    assert both.entries == (*first.entries, *second.entries)
    assert both.alarms == ("loop:1", "loop:2")


def test_of_what_they_suppress_the_last_that_says_something_counts() -> None:
    silent, superseding = Change(an_incident()), Change(an_incident(), suppress="superseded")
    assert combine([silent, silent]).suppress is None
    assert combine([superseding, silent]).suppress == "superseded"
    assert combine([superseding, acknowledged()]).suppress == "acknowledged"


def test_a_new_deadline_counts_the_fence_up_by_one_and_the_same_deadline_does_not() -> None:
    before = an_incident()
    assert make_deadline_due(before, rules(), minute(1)).incident.fence == before.fence + 1
    draft = ChangeDraft(before, rules(), minute(1))
    draft.set_deadline(before.due_kind, before.due_at)
    assert draft.to_change().incident == before
