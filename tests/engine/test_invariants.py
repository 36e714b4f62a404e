"""Whatever events come, whoever answers what, however the clock jumps: what must always hold does (see world.py)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from escalator.engine.actions import ActionRequest
from escalator.engine.incident_change import Change
from escalator.model.facts import ItemKey
from escalator.model.incident import OPEN_STATES, Outcome, State, Verb
from escalator.model.policy import Grouping
from escalator.model.silence import Silence, SilenceScope
from tests.builders import ENTITY, EXAMPLE_POLICY, ITEM, a_policy, an_observation
from tests.engine.world import World
from tests.examples import examples

SILENT = {State.LOGGED, State.RESOLVED}
OTHER_ITEM = ItemKey("item", "item-2")
KEYS = st.sampled_from(
    [
        (ITEM, ENTITY),
        (ITEM,),
        (ENTITY,),
        (OTHER_ITEM,),
        (OTHER_ITEM, ENTITY),
        *((ItemKey("item", f"{n}"),) for n in range(3)),
    ]
)
ONE_OR_MANY = a_policy(grouping=Grouping(("category",), timedelta(minutes=10), 1))
POLICIES = [
    EXAMPLE_POLICY,
    a_policy(acknowledged=None, categories={}),
    a_policy(default="log-only"),
    a_policy(reopen_after_reports=1),
]
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["CSAM", "SUICIDE", "THREAT", "HATRED", "PII"]),
        "text_severity": st.sampled_from(["low", "medium", "high", "critical"]),
        "report": st.sampled_from("abcdefgh"),
        "reporter": st.sampled_from(["user", "automod"]),
        "action": st.sampled_from(["escalate", "ban", "remove"]),
        "review": st.sampled_from(["mod-ana", "mod-ben", "mod-dana", "stranger"]),
    },
)


class Life(RuleBasedStateMachine):
    """Events, answers and time, in any order, from either side of midnight."""

    @initialize(policy=st.sampled_from(POLICIES))
    def begin(self, policy) -> None:
        self.world = World(policy)

    @rule(at=st.integers(0, 60), keys=KEYS, facts=FACTS)
    def hear(self, at, keys, facts) -> None:
        self.world.hear(an_observation(at, keys=keys, **facts))

    @rule(
        which=st.integers(0, 5),
        verb=st.sampled_from(Verb),
        by=st.sampled_from(sorted(EXAMPLE_POLICY.people)),
        to=st.sampled_from(["ana", "ben", "dana", "zoe"]),
        minutes=st.sampled_from([None, 15, 60, 600]),
        outcome=st.sampled_from([None, Outcome.REVIEWED_IN_STREAM, Outcome.REFERRED]),
    )
    def act(self, which, verb, by, to, minutes, outcome) -> None:
        living = self.world.living
        if not living:
            return
        incident = living[which % len(living)]
        act = ActionRequest(verb, EXAMPLE_POLICY.people[by], "slack", to=to, minutes=minutes, outcome=outcome)
        done = self.world.act(act, incident)
        if isinstance(done, Change) and verb is not Verb.REVEAL:
            assert done.entries, "what somebody did is recorded"
            assert done.entries[0].actor.key == by

    @rule(span=st.sampled_from([0, 1, 5, 14, 30, 61, 24 * 60]))
    def wait(self, span) -> None:
        before = {one.id: one for one in self.world.living}
        self.world.wait(timedelta(minutes=span))
        for incident_id, one in before.items():
            after = self.world.incidents[incident_id]
            assert (one.state in OPEN_STATES) == (after.state in OPEN_STATES), "time closes nothing and opens nothing"

    @rule(
        name=st.sampled_from(["csam", "self_harm", "threat", "hate", "pii"]),
        minutes=st.sampled_from([3, 20, 300]),
        is_for_critical=st.booleans(),
        is_ended=st.booleans(),
    )
    def silence(self, name, minutes, is_for_critical, is_ended) -> None:
        now = self.world.now
        kept = () if is_ended else self.world.rules.silences
        new = Silence(SilenceScope.CATEGORY, name, now, now + timedelta(minutes=minutes), "dana", "", is_for_critical)
        self.world.rules = replace(self.world.rules, silences=(*kept, new))

    @invariant()
    def everybody_is_told_of(self) -> None:
        if hasattr(self, "world"):
            self.world.check_groups()

    @rule(which=st.integers(0, 5))
    def fail(self, which) -> None:
        living = self.world.living
        if living:
            self.world.fail_step(living[which % len(living)])

    @rule(which=st.integers(0, 5))
    def hurry(self, which) -> None:
        living = self.world.living
        if living:
            self.world.hurry(living[which % len(living)])


class Storm(Life):
    """The same, while many items of a kind come at once."""

    @initialize(policy=st.just(ONE_OR_MANY))
    def begin(self, policy) -> None:
        super().begin(policy)
        self.items = 0

    @rule(at=st.integers(0, 60), label=st.sampled_from(["SUICIDE", "THREAT"]), count=st.integers(1, 4))
    def flood(self, at, label, count) -> None:
        for _ in range(count):
            self.items += 1
            self.world.hear(an_observation(at, keys=(ItemKey("item", f"flood-{self.items}"),), label=label))

    @rule(which=st.integers(0, 2), at=st.integers(0, 60), facts=FACTS)
    def say_more_of_one_of_many(self, which, at, facts) -> None:
        if self.items:
            item = ItemKey("item", f"flood-{max(1, self.items - which)}")
            self.world.hear(an_observation(at, keys=(item,), **facts))


@pytest.mark.parametrize("life", [Life, Storm])
def test_what_must_always_hold_does(life: type[Life]) -> None:
    bounded = settings(
        max_examples=examples(120),
        stateful_step_count=25,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
    )
    run_state_machine_as_test(life, settings=bounded)


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(FACTS, st.sampled_from(POLICIES))
def test_whatever_waits_for_somebody_rings_again_within_a_day_of_its_hours_for_as_long_as_it_takes(
    facts, policy
) -> None:
    world = World(policy)
    world.hear(an_observation(0, **facts))
    for _wait in range(4):
        one = world.only()
        rounds, has_hours = one.round, any(step.during for step in policy.paths.get(one.path, ()))
        world.wait(timedelta(days=4 if has_hours else 1))
        assert world.only().state in SILENT or world.only().round > rounds
