"""What is foretold is what happens: whatever the policy, the live engine, `preview` and `coverage` never disagree."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.engine.coverage.compute import compute_coverage
from escalator.engine.coverage.reached import reached_recipients
from escalator.engine.coverage.simulate import FOLLOWED_FOR
from escalator.engine.coverage.values import CoverageInterval, CoverageRow, ReachedRecipient
from escalator.engine.incident_change import NotificationRequest
from escalator.engine.preview import preview
from escalator.model.audit import AuditAction
from escalator.model.facts import Facts, Observation
from escalator.model.levels import Severity
from escalator.model.message import Occasion
from escalator.model.policy import Policy, Route
from escalator.model.schedule import Calendars
from tests.engine.policies import EVENTS, MINUTES, WINDOW_START, calendars, policies
from tests.engine.world import World
from tests.examples import examples

pytestmark = pytest.mark.long

WITHIN = timedelta(minutes=30)
WINDOW_END = WINDOW_START + timedelta(days=14)
Told = list[tuple[datetime, tuple[NotificationRequest, ...]]]


def lived(event: Observation, policy: Policy, at: datetime, said: Calendars) -> Told:
    """Whom the live engine tells when, until the path has begun again, or two weeks have passed, with no answer."""
    world = World(policy, at, said)
    world.hear(event)
    incident = world.only()
    while incident.due_at is not None and incident.round == 1 and incident.due_at - at <= FOLLOWED_FOR:
        world.wait(incident.due_at - world.now)
        incident = world.only()
    changes = [(now, change) for now, change in world.history if change.notices]
    restarts = [number for number, (_now, change) in enumerate(changes) if change.incident.round == 2]
    return [(now, change.notices) for now, change in changes[: restarts[0] + 1 if restarts else None]]


@settings(max_examples=examples(200), derandomize=True, database=None, deadline=None)
@given(EVENTS, policies(), MINUTES, calendars())
def test_explain_tells_who_when_and_by_which_step_as_the_live_engine_then_does(event, policy, at, said) -> None:
    foretold = preview(event, "chat-prod", policy, at, said)
    happened = lived(event, policy, at, said)
    planned = [(one.at, one.notices) for one in foretold.plan if one.at - at <= FOLLOWED_FOR]
    first_round = [
        (now, steps)
        for now, notices in happened
        if (steps := tuple(one for one in notices if one.occasion is Occasion.STEP and one.round == 1))
    ]
    assert planned == first_round
    restarts = [now for now, notices in happened if any(one.round == 2 for one in notices)]
    assert not restarts or restarts == [foretold.restart_at]


def as_lived(row: CoverageRow, policy: Policy, at: datetime, said: Calendars) -> CoverageInterval:
    """What coverage should say of an opening at that instant, from what the live engine does to it."""
    facts = {"category": {row.category: at}} if row.category else {}
    if row.severity is not Severity.UNKNOWN:
        facts["text_severity"] = {row.severity.value: at}
    routed = next(one for one in row.stretches if one.start <= at < one.end)
    if not row.is_unconditional:
        route = next((one for one in policy.routes if one.name == routed.route), Route("", policy.default))
        policy = replace(policy, routes=(Route("only", routed.path, assign=route.assign),))
    told = lived(Observation("", at, (), Facts(facts)), policy, at, said)
    heard = [(now, notices[0].round, reached_recipients(notices, policy, now)) for now, notices in told]
    heard = [one for one in heard if one[2]]
    first = heard[0] if heard else None
    return CoverageInterval(
        at,
        at,
        first[2][0] if first else None,
        first[0] - at if first else None,
        None,
        distinct([one for now, _round, some in heard if now - at <= WITHIN for one in some]),
        distinct([one for _now, number, some in heard if number == 1 for one in some]),
        not policy.paths[routed.path],
    )


def distinct(heard: list[ReachedRecipient]) -> tuple[ReachedRecipient, ...]:
    found: dict[str, ReachedRecipient] = {}
    for one in heard:
        found.setdefault(one.who, one)
    return tuple(found.values())


def has_no_gap_and_no_overlap(row: CoverageRow) -> None:
    edges = [edge for one in row.intervals for edge in (one.start, one.end)]
    assert edges == sorted(edges)
    if row.is_unconditional:
        assert (edges[0], edges[-1]) == (WINDOW_START, WINDOW_END)
        assert edges[1:-1:2] == edges[2::2]
    assert [one.path for one in row.stretches if one.end <= one.start] == []


@settings(max_examples=30, derandomize=True, database=None, deadline=None)
@given(policies(), st.lists(MINUTES, min_size=4, max_size=4), calendars(), st.integers(0, 4))
def test_coverage_says_of_every_minute_what_the_live_engine_then_does(policy, minutes, said, first) -> None:
    found = compute_coverage(policy, WINDOW_START, WINDOW_END, WITHIN, said)
    for row in found.rows:
        has_no_gap_and_no_overlap(row)
    for row in found.rows[first::5]:
        for at in minutes:
            interval = next((one for one in row.intervals if one.start <= at < one.end), None)
            if interval is None:
                assert not row.is_unconditional, "what nothing else is known of always goes somewhere"
                continue
            wanted = as_lived(row, policy, at, said)
            assert interval.within(at) == wanted.delay
            assert (interval.first, interval.responders) == (wanted.first, wanted.responders)
            assert (interval.reached, interval.is_silent) == (wanted.reached, wanted.is_silent)


def test_the_random_policies_wait_for_hours_and_find_nobody_on_call() -> None:
    """Else the properties above would hold of nothing."""
    seen: set[str] = set()

    @settings(max_examples=examples(150), derandomize=True, database=None, deadline=None)
    @given(EVENTS, policies(), MINUTES, calendars())
    def draw(event, policy, at, said) -> None:
        world = World(policy, at, said)
        world.hear(event)
        world.wait(timedelta(days=1))
        seen.update(entry.action for _now, change in world.history for entry in change.entries)
        if any(change.incident.step == 0 and now - at > timedelta(hours=6) for now, change in world.history[:2]):
            seen.add("waits for hours")

    draw()
    assert {
        AuditAction.NOBODY_ON_CALL,
        AuditAction.NOT_ALLOWED,
        AuditAction.STEP_REACHED_NOBODY,
        AuditAction.RESTARTED,
    } < seen
    assert "waits for hours" in seen
