"""A storm that several workers decide about at once, while people answer it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event
from uuid import UUID

import pytest
from sqlalchemy import select

from escalator.bootstrap import build
from escalator.model.incident import Outcome, Verb
from escalator.rendering.buttons import ButtonValue
from escalator.services.core.context import Core
from escalator.services.incidents import close_groups
from escalator.services.incidents.actions import SlackRequest, perform_action
from escalator.services.intake import process
from escalator.store.groups import lock_open_groups
from escalator.store.tables import incidents
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import SELF_HARM, labelled
from tests.scenarios.storm_policy import STORMS
from tests.scenarios.together import bodies, patiently, store, together

pytestmark = pytest.mark.every_database

AFTER = 5
FLAGGED = "review_queue_item.updated__flagged_after_review"


@pytest.fixture
def h(bare: Harness) -> Harness:
    return bare.start(POLICY.read_text() + STORMS)


@pytest.fixture
def cores(h: Harness) -> Iterator[Sequence[Core]]:
    """Four processes, as far as the database can tell."""
    others = [build(h.core.settings, clock=h.clock, queue=h.queue) for _ in range(3)]
    yield (h.core, *others)
    for core in others:
        core.database.close()


def groups(h: Harness) -> dict[UUID, int]:
    """Return of each group how many it counts."""
    with h.core.database.reading() as connection:
        rows = connection.execute(
            select(incidents.c.id, incidents.c.member_count).where(incidents.c.member_count.is_not(None))
        )
        return {row.id: row.member_count for row in rows}


def told_of(h: Harness, group: UUID) -> int:
    return h.count(incidents, group_id=group, state="grouped")


def answered(core: Core, incident: UUID, verb: Verb, **more: object) -> None:
    perform_action(core, SlackRequest("U0DANA", "T0DOUBLE", verb, ButtonValue(incident, 1, 1), is_filled=True, **more))


def forget(h: Harness) -> None:
    h.sweep()
    h.forget_seen()


def test_however_many_decide_about_a_storm_five_are_told_and_one_group(h: Harness, cores: Sequence[Core]) -> None:
    store(h, bodies(h, 80))
    together(*[lambda core=core: patiently(lambda: process.process_events(core, 3)) for core in cores])
    assert h.count(incidents, state="triggered") == AFTER + 1
    (found,) = groups(h).items()
    assert found == (found[0], 80 - AFTER)
    assert told_of(h, found[0]) == 80 - AFTER
    forget(h)


def test_an_answered_group_takes_no_new_member_however_the_answers_race(h: Harness, cores: Sequence[Core]) -> None:
    to_come = bodies(h, 120)
    store(h, [to_come.pop() for _ in range(60)])
    one, two, three, _ = cores
    at_the_answer: dict[UUID, int] = {}

    def is_over() -> bool:
        return h.count(incidents) == 120 + len(groups(h))

    def process_all(core: Core) -> None:
        while not is_over():
            process.process_events(core, 4)

    def answer() -> None:
        while not is_over():
            for group in set(groups(h)) - set(at_the_answer):
                answered(three, group, Verb.ACKNOWLEDGE)
                at_the_answer[group] = told_of(h, group)
            if at_the_answer and to_come:
                store(h, to_come)
                to_come.clear()

    together(
        *[lambda core=core: patiently(lambda: process_all(core) or 0) for core in (one, two)],
        lambda: patiently(lambda: answer() or 0),
    )
    assert at_the_answer
    assert {group: told_of(h, group) for group in at_the_answer} == at_the_answer
    assert {group: told_of(h, group) for group in groups(h)} == groups(h)
    assert sum(groups(h).values()) == 120 - AFTER
    forget(h)


def test_nobody_waits_for_one_another_for_ever(h: Harness, cores: Sequence[Core]) -> None:
    """Members are answered while others join, the group is counted, and in the end resolved."""
    store(h, bodies(h, 40))
    while process.process_events(h.core):
        pass
    (group,) = groups(h)
    with h.core.database.reading() as connection:
        members = list(connection.scalars(select(incidents.c.id).where(incidents.c.group_id == group)))
    store(h, bodies(h, 80)[40:])
    one, two, three, four = cores

    def answer(core: Core, mine: Sequence[UUID]) -> None:
        for member in mine:
            patiently(lambda member=member: answered(core, member, Verb.ACKNOWLEDGE) or 0)

    together(
        lambda: answer(one, members[:16]),
        lambda: answer(two, members[15::-1]),
        lambda: patiently(lambda: process.process_events(three, 4)),
        lambda: patiently(lambda: process.process_events(four, 4)),
    )
    assert groups(h) == {group: 40 - AFTER + 40 - 16} == {group: told_of(h, group)}
    answered(one, group, Verb.ACKNOWLEDGE)
    perform_action(
        one,
        SlackRequest(
            "U0DANA", "T0DOUBLE", Verb.RESOLVE, ButtonValue(group, 1, 2), is_filled=True, outcome=Outcome.TEST
        ),
    )
    together(*[lambda core=core: patiently(lambda: close_groups.close_ended_groups(core) or 0) for core in cores])
    close_groups.close_ended_groups(one)
    assert (told_of(h, group), groups(h)) == (0, {group: 0})
    assert h.count(incidents, outcome="test") == 1 + 40 - AFTER + 40 - 16
    assert [line["event"] for line in h.log.lines("warning", "error")] == []
    forget(h)


def test_two_batches_that_each_join_the_group_that_the_other_leaves_do_not_block_one_another(
    h: Harness, cores: Sequence[Core], monkeypatch: pytest.MonkeyPatch
) -> None:
    threat, graver = labelled("THREAT", "high", 75), labelled("CSAM")
    for item in range(1, 8):
        h.post(SELF_HARM, item=item)
        h.post(SELF_HARM, item=20 + item, **threat)
    has_joined, both = Event(), Barrier(2)

    def locked(*asked: object) -> object:
        found = lock_open_groups(*asked)
        has_joined.set()
        with suppress(BrokenBarrierError):
            both.wait(1)
        return found

    monkeypatch.setattr("escalator.store.groups.lock_open_groups", locked)
    with ThreadPoolExecutor(1) as pool:
        h.send(h.sample(SELF_HARM, item=28, **threat), is_working=False)
        h.send(h.sample(FLAGGED, item=7, **graver), is_working=False)
        other = pool.submit(process.process_events, cores[1])
        assert has_joined.wait(5)
        if h.core.database.is_sqlite:
            other.result()
        h.send(h.sample(SELF_HARM, item=8), is_working=False)
        h.send(h.sample(FLAGGED, item=27, **graver), is_working=False)
        assert (process.process_events(h.core), other.result()) == (2, 2)
    assert sorted(groups(h).values()) == [2, 2]
    forget(h)
