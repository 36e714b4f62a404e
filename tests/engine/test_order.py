"""The events of one item, in all orders, each twice, end in one incident in the same state (RULES 1)."""

from dataclasses import dataclass, replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.model.facts import Observation
from escalator.model.incident import State
from escalator.model.policy import Conditions, Policy
from tests.builders import ENTITY, EXAMPLE_POLICY, ITEM, a_policy, a_route, an_observation
from tests.engine.world import World
from tests.examples import examples
from tests.stream.bodies import stored_seen

pytestmark = pytest.mark.long

TRIGGERED, ACKNOWLEDGED, LOGGED, RESOLVED = State.TRIGGERED, State.ACKNOWLEDGED, State.LOGGED, State.RESOLVED


@dataclass(frozen=True)
class Story:
    """Events of one item, and how they must end."""

    events: tuple[Observation, ...]
    state: State
    category: str | None = None
    policy: Policy = EXAMPLE_POLICY
    answers: int | None = None


def stored(*names: str) -> tuple[Observation, ...]:
    return tuple(stored_seen(name) for name in names)


def about(*events: Observation) -> tuple[Observation, ...]:
    return events


NEW = "review_queue_item.new__text_self_harm_critical"
REVIEWED = "review_queue_item.updated__mark_reviewed"
by_item, by_entity = {"keys": (ITEM,)}, {"keys": (ENTITY,)}
said = an_observation

TWO_TO_RESOLVE = a_policy(
    routes=tuple(
        replace(one, acknowledgements=2) if one.name in {"Child safety", "Still visible"} else one
        for one in EXAMPLE_POLICY.routes
    )
)
TWO_SENIORS = a_policy(
    routes=tuple(
        replace(one, acknowledgements=2) if one.name == "Escalated in Stream" else one for one in EXAMPLE_POLICY.routes
    )
)
SILENT_BOT = a_policy(routes=(a_route("log-only", "Silent", custom="bot"), *EXAMPLE_POLICY.routes))
ONLY_LESSER = a_policy(routes=(a_route("log-only", "Lesser things", severity=("low", "medium")),))
ASKS_FOR_PAGES = a_policy(routes=(a_route("urgent", "Paged by hand", action="page"), *EXAMPLE_POLICY.routes))
ASKS_FOR_STORED_PAGES = a_policy(
    routes=(a_route("urgent", "Paged by hand", action="page_on_call"), *EXAMPLE_POLICY.routes)
)
EXCEPT_VIP = a_policy(
    routes=(replace(a_route("log-only", "Lesser things", severity="low"), unless=Conditions({"author": ("vip",)})),)
)
ASKS_FOR_APPEALS = a_policy(routes=(*EXAMPLE_POLICY.routes, a_route("urgent", "Appeals", event="appeal.created")))

STORIES = {
    # As Stream tells them.
    "a goodbye note, reported and checked": Story(
        stored(NEW, "moderation_check.completed__flag", "message.flagged__user_report"), TRIGGERED, "self_harm"
    ),
    "a goodbye note, reviewed: somebody must still help": Story(
        stored(NEW, "moderation_check.completed__flag", "message.flagged__user_report", REVIEWED),
        ACKNOWLEDGED,
        "self_harm",
    ),
    "reviewed, as told by two kinds of event": Story(
        stored(NEW, REVIEWED, "moderation.mark_reviewed", "message.flagged__user_report"), ACKNOWLEDGED, "self_harm"
    ),
    "a ban out of the queue, told by its item alone": Story(
        stored(NEW, "user.banned__from_review_queue", "message.flagged__user_report"), ACKNOWLEDGED, "self_harm"
    ),
    "a ban, told three times": Story(
        stored("review_queue_item.updated__ban", "user.banned__from_review_queue", "message.flagged__user_report", NEW),
        ACKNOWLEDGED,
        "self_harm",
    ),
    "escalated in Stream": Story(
        stored(NEW, "review_queue_item.updated__escalate", "message.flagged__user_report"), TRIGGERED, "self_harm"
    ),
    "escalated and reviewed at the same instant": Story(
        stored(NEW, "review_queue_item.updated__escalate", REVIEWED), ACKNOWLEDGED, "self_harm"
    ),
    "a custom action that a route names, as Stream tells it": Story(
        stored(NEW, "moderation.custom_action", REVIEWED, "message.flagged__user_report"),
        ACKNOWLEDGED,
        "self_harm",
        policy=ASKS_FOR_STORED_PAGES,
    ),
    "flagged for something else after its review": Story(
        stored(NEW, REVIEWED, "review_queue_item.updated__flagged_after_review", "message.flagged__user_report"),
        TRIGGERED,
        "self_harm",
    ),
    "what the author and automation do closes nothing": Story(
        stored(
            NEW,
            "message.deleted__by_author",
            "review_queue_item.updated__deleted_by_author",
            "review_queue_item.updated__block_by_automod",
        ),
        TRIGGERED,
        "self_harm",
    ),
    "an analysis that failed, and a rule": Story(
        about(said(1, event="moderation.analysis.failed"), said(2, event="moderation_rule.triggered")), TRIGGERED
    ),
    # The same person, and others.
    "the same person twice, with a graver flag between": Story(
        about(
            said(1, label="THREAT"),
            said(2, review="mod-ana"),
            said(3, label="THREAT", text_severity="critical"),
            said(4, review="mod-ana"),
        ),
        RESOLVED,
        "threat",
    ),
    "the same person twice, with a graver flag after both": Story(
        about(
            said(1, label="THREAT"),
            said(2, review="mod-ana"),
            said(3, review="mod-ana"),
            said(4, label="SUICIDE"),
        ),
        TRIGGERED,
        "self_harm",
    ),
    "two reviews at one instant": Story(
        about(said(1, label="HATRED"), said(2, review="mod-ben"), said(2, review="mod-ana")), RESOLVED, "hate"
    ),
    "a review by somebody whom the policy does not know": Story(
        about(said(1, label="SUICIDE"), said(2, review="stranger")), ACKNOWLEDGED, "self_harm"
    ),
    # Where two must answer.
    "one review of two": Story(about(said(1, label="CSAM"), said(2, review="mod-ana")), TRIGGERED, "csam", answers=1),
    "two reviews of two": Story(
        about(said(1, label="CSAM"), said(2, review="mod-ana"), said(3, review="mod-ben")),
        ACKNOWLEDGED,
        "csam",
        answers=2,
    ),
    "the same review twice is one": Story(
        about(said(1, label="CSAM"), said(2, review="mod-ana"), said(3, review="mod-ana")),
        TRIGGERED,
        "csam",
        answers=1,
    ),
    "the first of two reviews is older than a graver flag": Story(
        about(said(1, label="CSAM"), said(2, review="mod-ana"), said(3, label="THREAT"), said(4, review="mod-ben")),
        TRIGGERED,
        "csam",
        answers=1,
    ),
    "both have reviewed again after the graver flag": Story(
        about(
            said(1, label="CSAM"),
            said(2, review="mod-ana"),
            said(3, label="THREAT"),
            said(4, review="mod-ben"),
            said(5, review="mod-ana"),
        ),
        ACKNOWLEDGED,
        "csam",
        answers=2,
    ),
    "what a review resolves needs two as well": Story(
        about(said(1, text_severity="high"), said(2, review="mod-ana"), said(3, review="mod-ben")),
        RESOLVED,
        policy=TWO_TO_RESOLVE,
    ),
    "what a review resolves, one of two": Story(
        about(said(1, text_severity="high"), said(2, review="mod-ana"), said(2, report="user-7")),
        TRIGGERED,
        policy=TWO_TO_RESOLVE,
        answers=1,
    ),
    "a label from before the review that asks for two": Story(
        about(said(1, label="SUICIDE"), said(2, label="CSAM"), said(3, review="mod-ana")),
        TRIGGERED,
        "csam",
        answers=1,
    ),
    "an escalation from before the review that asks for two": Story(
        about(said(1, label="SUICIDE"), said(2, action="escalate"), said(3, review="mod-ana")),
        TRIGGERED,
        "self_harm",
        policy=TWO_SENIORS,
        answers=1,
    ),
    # What outweighs a review.
    "a new category after the review, though a lesser one": Story(
        about(said(1, label="SUICIDE"), said(2, review="mod-ana"), said(3, label="HATRED")), TRIGGERED, "self_harm"
    ),
    "a new category at the instant of the review: the flag wins": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(2, label="HATRED")), TRIGGERED, "threat"
    ),
    "a higher severity after the review": Story(
        about(said(1, text_severity="high"), said(2, review="mod-ana"), said(3, text_severity="critical")), TRIGGERED
    ),
    "the same once more after the review": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, label="THREAT", text_severity="high")),
        RESOLVED,
        "threat",
    ),
    "four new reporters after the review": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, report=list("abcd"))), RESOLVED, "threat"
    ),
    "five new reporters after the review": Story(
        about(
            said(1, label="THREAT"), said(2, review="mod-ana"), said(3, report=list("abc")), said(4, report=["d", "e"])
        ),
        TRIGGERED,
        "threat",
    ),
    "five reporters, of whom one had reported before": Story(
        about(said(1, label="THREAT", report="a"), said(2, review="mod-ana"), said(3, report=list("abcde"))),
        RESOLVED,
        "threat",
    ),
    "escalated in Stream after the review: a person asks for people": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, action="escalate")), TRIGGERED, "threat"
    ),
    "escalated, reviewed and escalated again: each call asks anew": Story(
        about(
            said(1, label="THREAT"), said(2, called="escalate"), said(3, review="mod-ana"), said(4, called="escalate")
        ),
        TRIGGERED,
        "threat",
    ),
    "escalated twice before the review": Story(
        about(
            said(1, label="THREAT"), said(2, called="escalate"), said(3, called="escalate"), said(4, review="mod-ana")
        ),
        RESOLVED,
        "threat",
    ),
    "escalated by a server-side call after the review": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, action="escalate", automatic="escalate")),
        RESOLVED,
        "threat",
    ),
    "a custom action that a route names, after the review": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, called="page")),
        TRIGGERED,
        "threat",
        policy=ASKS_FOR_PAGES,
    ),
    "a custom action that no route names, after the review": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, called="page")), RESOLVED, "threat"
    ),
    "a custom action that looks like the one that a route names": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, called="Page")),
        RESOLVED,
        "threat",
        policy=ASKS_FOR_PAGES,
    ),
    "a custom action before the review": Story(
        about(said(1, label="THREAT"), said(2, called="page"), said(3, review="mod-ana")),
        RESOLVED,
        "threat",
        policy=ASKS_FOR_PAGES,
    ),
    "a custom action and a review at the same instant": Story(
        about(said(1, label="SUICIDE"), said(2, called="page"), said(2, review="mod-ana")),
        ACKNOWLEDGED,
        "self_harm",
        policy=ASKS_FOR_PAGES,
    ),
    "a custom action on what was logged only": Story(
        about(said(1, text_severity="low"), said(2, called="page")), TRIGGERED, policy=ASKS_FOR_PAGES
    ),
    "two of two reviews, of which one is not named: it may be the other's": Story(
        about(said(1, label="CSAM"), said(2, review="mod-ana"), said(3, review="")), TRIGGERED, "csam", answers=1
    ),
    "a review by nobody who is named": Story(about(said(1, label="THREAT"), said(2, review="")), RESOLVED, "threat"),
    "an appeal that a route asks for, after the review": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, event="appeal.created", only_if_named=True)),
        TRIGGERED,
        "threat",
        policy=ASKS_FOR_APPEALS,
    ),
    "an appeal that no route asks for": Story(
        about(said(1, label="THREAT"), said(2, review="mod-ana"), said(3, event="appeal.created", only_if_named=True)),
        RESOLVED,
        "threat",
    ),
    # Paths without steps.
    "lesser things": Story(about(said(1, text_severity="low"), said(2, report="user-7")), LOGGED),
    "lesser things, first unknown": Story(about(said(1), said(2, text_severity="low")), LOGGED),
    "lesser things, reviewed": Story(about(said(1, text_severity="low"), said(2, review="mod-ana")), RESOLVED),
    "lesser things, reviewed, then five reports": Story(
        about(said(1, text_severity="low"), said(2, review="mod-ana"), said(3, report=list("abcde"))), LOGGED
    ),
    "lesser things, reviewed, then grave": Story(
        about(said(1, text_severity="low"), said(2, review="mod-ana"), said(3, label="SUICIDE")),
        TRIGGERED,
        "self_harm",
    ),
    "lesser things that were grave before the review": Story(
        about(said(1, text_severity="low"), said(2, label="SUICIDE"), said(3, review="mod-ana")),
        ACKNOWLEDGED,
        "self_harm",
    ),
    "reported by three": Story(
        about(*(said(1, reporter="user", report=name) for name in "abc"), said(2, text_severity="low")), TRIGGERED
    ),
    "on a silent route above a loud one, reviewed": Story(
        about(said(1, label="SUICIDE"), said(2, review="mod-ana"), said(1, custom="bot")),
        RESOLVED,
        "self_harm",
        policy=SILENT_BOT,
    ),
    "lesser things that turn graver and fit only the default": Story(
        about(said(1, text_severity="low"), said(2, report="user-7"), said(3, text_severity="high")),
        TRIGGERED,
        policy=ONLY_LESSER,
    ),
    "lesser things that an exception leaves to the default": Story(
        about(said(1, text_severity="low"), said(2, author="vip", text_severity="low")), TRIGGERED, policy=EXCEPT_VIP
    ),
    "lesser things, graver and reviewed": Story(
        about(said(1, text_severity="low"), said(2, text_severity="high"), said(3, review="mod-ana")),
        RESOLVED,
        policy=ONLY_LESSER,
    ),
    # Joined by one key or the other.
    "the review names only the item, the report only the message": Story(
        about(
            said(1, label="SUICIDE"),
            said(2, report="user-7", opens=True, **by_entity),
            said(3, review="mod-ana", **by_item),
        ),
        ACKNOWLEDGED,
        "self_harm",
    ),
    "two that turn out to be one, and one of them was reviewed": Story(
        about(
            said(1, text_severity="high", **by_entity),
            said(2, review="mod-ana", **by_item),
            said(1, label="THREAT"),
            said(3, label="SUICIDE", **by_entity),
        ),
        TRIGGERED,
        "self_harm",
    ),
    "two that need two reviews": Story(
        about(
            said(1, label="CSAM", **by_entity),
            said(2, review="mod-ana", **by_item),
            said(3, review="mod-ben", **by_entity),
            said(1),
        ),
        ACKNOWLEDGED,
        "csam",
        answers=2,
    ),
}


def result(story: Story, order: tuple[Observation, ...]) -> tuple[object, ...]:
    world = World(story.policy)
    for event in order:
        world.hear(event)
    one = world.only()
    given = len(one.acknowledgements) if one.state is TRIGGERED else None
    return one.state, one.category, one.severity, one.content_rule, given


@pytest.mark.parametrize("name", STORIES)
def test_it_ends_as_it_must(name: str) -> None:
    story = STORIES[name]
    world = World(story.policy)
    for event in story.events:
        world.hear(event)
    one = world.only()
    assert (one.state, one.category) == (story.state, story.category)
    if story.answers is not None:
        assert len(one.acknowledgements) == story.answers


@pytest.mark.parametrize("name", STORIES)
def test_it_ends_so_in_every_order(name: str) -> None:
    story = STORIES[name]
    ends = {result(story, order) for order in permutations(story.events)}
    assert ends == {result(story, story.events)}


@pytest.mark.parametrize("name", STORIES)
def test_it_ends_so_when_each_event_comes_twice_in_any_order(name: str) -> None:
    story = STORIES[name]

    @settings(max_examples=20, derandomize=True, database=None, deadline=None)
    @given(st.permutations(story.events * 2))
    def in_any_order(order: list[Observation]) -> None:
        assert result(story, tuple(order)) == result(story, story.events)

    in_any_order()


labels = st.sampled_from(["CSAM", "SUICIDE", "THREAT", "HATRED", "PII"])
words = st.sampled_from(["low", "medium", "high", "critical"])
minutes = st.integers(1, 5)
keys = st.sampled_from([(ITEM, ENTITY), (ITEM,), (ENTITY,)])
flags = st.builds(lambda at, keys, label: said(at, keys=keys, label=label), minutes, keys, labels)
gradings = st.builds(lambda at, word: said(at, text_severity=word), minutes, words)
reports = st.builds(
    lambda at, keys, who: said(at, keys=keys, report=who, reporter="user"), minutes, keys, st.sampled_from("abcdef")
)
reviews = st.builds(
    lambda at, keys, who: said(at, keys=keys, review=who), minutes, keys, st.sampled_from(["mod-ana", "mod-ben", "x"])
)
calls = st.builds(
    lambda at, keys, by: said(at, keys=keys, called=by), minutes, keys, st.sampled_from(["escalate", "page"])
)
some_events = st.lists(flags | gradings | reports | reviews | reviews | calls | calls, min_size=1, max_size=5)
policies = st.sampled_from([EXAMPLE_POLICY, TWO_TO_RESOLVE, TWO_SENIORS, ONLY_LESSER, ASKS_FOR_PAGES])


@settings(max_examples=examples(250), derandomize=True, database=None, deadline=None)
@given(some_events, policies, st.data())
def test_whatever_is_said_of_an_item_it_ends_the_same_in_every_order(events, policy, data) -> None:
    policy = replace(policy, reopen_after_reports=2)
    events = (*events, said(0))  # which names both keys, so that all of them are about one item
    story = Story(events, TRIGGERED, policy=policy)
    order = data.draw(st.permutations(events * 2))
    assert result(story, tuple(order)) == result(story, events)
