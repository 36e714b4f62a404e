"""Silences: what they are about, whose turn they take, and that somebody is told all the same."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.engine.actions import ActionRequest, apply_action
from escalator.engine.apply_event import add_event, open_incident
from escalator.engine.deadlines import fire_deadline
from escalator.engine.incident_change import Change, PolicyPair
from escalator.engine.preview import preview
from escalator.engine.silences import active_silence, may_silence, silence_matches
from escalator.model.incident import DueKind, Incident, Verb
from escalator.model.levels import Severity
from escalator.model.policy import Policy
from escalator.model.silence import Silence, SilenceScope, max_silence_length
from tests.builders import (
    EXAMPLE_POLICY,
    a_blank,
    a_policy,
    a_route,
    a_step,
    an_incident,
    an_observation,
    minute,
    recorded,
    rules,
    told,
)
from tests.engine.world import World
from tests.examples import examples

CATEGORY, ROUTE = SilenceScope.CATEGORY, SilenceScope.ROUTE
HATE = an_incident(category="hate", route="High", severity=Severity.HIGH)


def a_silence(start=0, end=60, *, name="only", of=ROUTE, author="dana", is_for_critical=False) -> Silence:
    return Silence(of, name, minute(start), minute(end), author, "Maintenance", is_for_critical)


def under(policy: Policy, *silences: Silence) -> PolicyPair:
    return replace(rules(policy), silences=silences)


def with_path(*steps) -> Policy:
    return a_policy(routes=(a_route("only", "only"),), default="only", paths={"only": steps})


TWO = with_path(a_step("critical-alerts"), a_step("ts-leads", after=15), a_step("person:eli", after=15))
ONE = with_path(a_step("critical-alerts"))


def opened(policy: Policy, *silences: Silence, **facts) -> Change:
    return open_incident(a_blank(), an_observation(**facts), under(policy, *silences), minute(0))


def story(change: Change, policy: Policy, *silences: Silence, most: int = 4) -> list[tuple[float, list[str]]]:
    """Whom each decision tells, with its minute, from this one on."""
    said = [(0.0, told(change))]
    incident = change.incident
    for _ in range(most):
        if incident.due_kind is DueKind.RESTART or incident.due_at is None:
            break
        at = incident.due_at
        change = fire_deadline(incident, under(policy, *silences), at)
        said.append(((at - minute(0)) / timedelta(minutes=1), told(change)))
        incident = change.incident
    return said


# --- What it is about ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silence", "changes", "is_about"),
    [
        pytest.param({"of": CATEGORY, "name": "hate"}, {}, True, id="its category"),
        pytest.param({"of": CATEGORY, "name": "threat"}, {}, False, id="another category"),
        pytest.param({"of": ROUTE, "name": "High"}, {}, True, id="its route"),
        pytest.param({"of": ROUTE, "name": "hate"}, {}, False, id="a route called like its category"),
        pytest.param({"of": CATEGORY, "name": "hate"}, {"severity": Severity.CRITICAL}, False, id="critical: never"),
        pytest.param(
            {"of": CATEGORY, "name": "hate", "is_for_critical": True},
            {"severity": Severity.CRITICAL},
            True,
            id="critical, as somebody has said",
        ),
        pytest.param({"of": CATEGORY, "name": "hate"}, {"severity": Severity.UNKNOWN}, True, id="unknown severity"),
        pytest.param({"of": CATEGORY, "name": "hate"}, {"drill": "Weekly"}, False, id="a drill: never"),
        pytest.param({"of": ROUTE, "name": "High"}, {"category": "csam"}, True, id="restricted: by who may know of it"),
        pytest.param(
            {"of": ROUTE, "name": "High", "author": "eli"}, {"category": "csam"}, False, id="restricted: not by others"
        ),
    ],
)
def test_which_incidents_a_silence_is_about(silence, changes, is_about) -> None:
    incident = replace(HATE, facts=a_blank().facts, **changes)
    assert silence_matches(a_silence(**silence), incident, EXAMPLE_POLICY) is is_about


@pytest.mark.parametrize(
    ("spans", "at", "until"),
    [
        pytest.param([(0, 60)], 0, 60, id="from its first instant"),
        pytest.param([(0, 60)], 60, None, id="not at its end"),
        pytest.param([(10, 60)], 9, None, id="not before it begins"),
        pytest.param([(0, 60), (0, 90), (0, 30)], 5, 90, id="of several the one that ends last"),
        pytest.param([(0, 60), (60, 90), (80, 120)], 5, 120, id="and those that follow without a gap"),
        pytest.param([(0, 60), (61, 90)], 5, 60, id="a gap ends it"),
    ],
)
def test_until_when_it_lasts(spans, at, until) -> None:
    silences = [a_silence(*span, of=CATEGORY, name="hate") for span in spans]
    found = active_silence(HATE, silences, EXAMPLE_POLICY, minute(at))
    assert (found and found.ends_at) == (None if until is None else minute(until))


def test_what_follows_without_a_gap_counts_only_where_it_is_about_the_incident() -> None:
    silences = [a_silence(of=CATEGORY, name="hate"), a_silence(60, 90, of=CATEGORY, name="threat")]
    found = active_silence(HATE, silences, EXAMPLE_POLICY, minute(0))
    assert found is silences[0]


@pytest.mark.parametrize(
    ("person", "of", "name", "may"),
    [
        pytest.param("dana", CATEGORY, "hate", True, id="a senior"),
        pytest.param("eli", CATEGORY, "hate", True, id="an admin"),
        pytest.param("ana", CATEGORY, "hate", False, id="no moderator"),
        pytest.param("dana", CATEGORY, "csam", True, id="restricted: a senior who is in"),
        pytest.param("eli", CATEGORY, "csam", False, id="restricted: nobody else, whatever the role"),
        pytest.param("ana", CATEGORY, "csam", False, id="restricted: no moderator who is in"),
        pytest.param("eli", ROUTE, "Child safety", False, id="a route of a restricted category"),
        pytest.param("dana", ROUTE, "Child safety", True, id="the same, by who may know of it"),
    ],
)
def test_who_may_silence(person, of, name, may) -> None:
    assert may_silence(EXAMPLE_POLICY.people[person], of, name, EXAMPLE_POLICY) is may


def test_how_long_it_may_last() -> None:
    assert max_silence_length(is_for_critical=False) == timedelta(hours=24)
    assert max_silence_length(is_for_critical=True) == timedelta(hours=8)


# --- Whose turn it takes -------------------------------------------------------------------------------------------


def test_the_first_step_tells_nobody_and_the_second_tells_at_its_time() -> None:
    change = opened(TWO, a_silence())
    assert (told(change), recorded(change)[-1]) == ([], "silenced")
    assert change.entries[-1].after == {
        "step": "1",
        "sending": "1",
        "silence": "file",
        "until": minute(60).isoformat(),
    }
    assert (change.incident.silenced_step, change.incident.due_kind) == (0, DueKind.STEP)
    assert story(change, TWO, a_silence()) == [(0, []), (15, ["ts-leads"]), (30, ["person:eli"])]


def test_a_step_that_is_due_as_the_silence_ends_is_sent_in_its_place() -> None:
    change = opened(TWO, a_silence(end=15))
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.STEP, minute(15))
    assert story(change, TWO, a_silence(end=15)) == [(0, []), (15, ["ts-leads"]), (30, ["person:eli"])]


def test_at_the_end_of_a_silence_the_silenced_step_is_sent_when_that_is_sooner() -> None:
    change = opened(TWO, a_silence(end=10))
    assert (change.incident.due_kind, change.incident.due_at) == (DueKind.SILENCE_END, minute(10))
    assert story(change, TWO, a_silence(end=10)) == [
        (0, []),
        (10, ["critical-alerts"]),
        (25, ["ts-leads"]),
        (40, ["person:eli"]),
    ]


def test_a_path_of_one_step_tells_at_the_end_of_the_silence() -> None:
    change = opened(ONE, a_silence())
    assert story(change, ONE, a_silence()) == [(0, []), (60, ["critical-alerts"])]
    after = fire_deadline(change.incident, under(ONE, a_silence()), minute(60)).incident
    assert (after.silenced_step, after.due_kind, after.due_at) == (None, DueKind.RESTART, minute(90))


def test_repeats_of_the_silenced_step_are_silenced_too() -> None:
    policy = with_path(a_step("critical-alerts", after=5, repeat=2), a_step("ts-leads", after=15))
    change = opened(policy, a_silence())
    assert story(change, policy, a_silence())[1:] == [(5, []), (10, []), (15, []), (30, ["ts-leads"])]


def test_a_repeat_after_the_end_of_the_silence_is_sent() -> None:
    policy = with_path(a_step("critical-alerts", after=5, repeat=2), a_step("ts-leads", after=15))
    silence = a_silence(end=12)
    change = opened(policy, silence)
    tells = story(change, policy, silence)[1:]
    assert tells == [(5, []), (10, []), (12, ["critical-alerts"]), (17, ["critical-alerts"])]


def test_the_last_step_waits_for_the_end_with_all_its_repeats() -> None:
    policy = with_path(a_step("critical-alerts", after=5, repeat=1))
    change = opened(policy, a_silence(end=30))
    tells = story(change, policy, a_silence(end=30))[1:]
    assert tells == [(5, []), (30, ["critical-alerts"]), (35, ["critical-alerts"])]


def test_a_silence_that_begins_later_takes_the_turn_of_one_later_step() -> None:
    silence = a_silence(5, 60)
    assert story(opened(TWO, silence), TWO, silence) == [(0, ["critical-alerts"]), (15, []), (30, ["person:eli"])]


@pytest.mark.parametrize(
    "begins", [pytest.param(0, id="the first step was silenced"), pytest.param(5, id="a later step was")]
)
def test_a_new_round_is_silenced_anew(begins: int) -> None:
    silence = a_silence(begins, 600)
    incident = opened(TWO, silence).incident
    for _ in range(2):
        incident = fire_deadline(incident, under(TWO, silence), incident.due_at).incident
    again = fire_deadline(incident, under(TWO, silence), incident.due_at)
    assert (again.incident.round, again.incident.silenced_step) == (2, 0)
    assert told(again) == ["person:eli"], "whom `unanswered` names is told of the restart"


@pytest.mark.parametrize("verb", [Verb.ESCALATE_NOW, Verb.RELEASE])
def test_what_a_person_asks_for_is_never_silenced(verb: Verb) -> None:
    silence = a_silence(end=600)
    incident = opened(TWO, silence).incident
    people = EXAMPLE_POLICY.people
    if verb is Verb.RELEASE:
        incident = apply_action(
            ActionRequest(Verb.ACKNOWLEDGE, people["dana"], "slack"), incident, under(TWO, silence), minute(1)
        ).incident
    change = apply_action(ActionRequest(verb, people["dana"], "slack"), incident, under(TWO, silence), minute(2))
    assert told(change) == (["ts-leads"] if verb is Verb.ESCALATE_NOW else ["critical-alerts"])


def test_an_acknowledgement_passes() -> None:
    incident = opened(ONE, a_silence()).incident
    change = apply_action(
        ActionRequest(Verb.ACKNOWLEDGE, EXAMPLE_POLICY.people["ana"], "slack"), incident, under(ONE), minute(1)
    )
    assert (change.incident.state, change.incident.owner) == ("acknowledged", "ana")


def test_a_review_passes() -> None:
    incident = opened(ONE, a_silence()).incident
    change = add_event(incident, an_observation(2, review="mod-ana"), under(ONE, a_silence()), minute(2))
    assert change.incident.state == "resolved"


def test_what_turns_critical_is_told_at_once() -> None:
    silence = a_silence(end=600)
    incident = opened(TWO, silence, label="HATRED").incident
    change = add_event(incident, an_observation(3, text_severity="critical"), under(TWO, silence), minute(3))
    assert told(change) == ["critical-alerts"]
    assert (change.incident.silenced_step, change.incident.due_at) == (None, minute(18))


def test_another_event_leaves_a_silenced_incident_silent() -> None:
    incident = opened(ONE, a_silence()).incident
    change = add_event(incident, an_observation(3, report="a"), under(ONE, a_silence()), minute(3))
    assert (told(change), change.incident.due_at) == ([], minute(60))


def test_a_silence_that_is_gone_by_its_end_holds_nothing_back() -> None:
    incident = replace(opened(ONE, a_silence()).incident, due_at=minute(7))
    assert told(fire_deadline(incident, under(ONE), minute(7))) == ["critical-alerts"]


def test_a_silence_begun_meanwhile_is_waited_for() -> None:
    incident = opened(ONE, a_silence()).incident
    change = fire_deadline(incident, under(ONE, a_silence(), a_silence(50, 120)), minute(60))
    assert (told(change), change.incident.due_at) == ([], minute(120))


# --- explain -------------------------------------------------------------------------------------------------------


def test_the_plan_shows_a_silenced_send_as_one_that_tells_nobody() -> None:
    policy = replace(ONE, silences=(a_silence(end=10),))
    found = preview(an_observation(), "chat-prod", policy, minute(0))
    seen = [(one.at, one.step, len(one.notices), one.silenced_until) for one in found.plan]
    assert seen == [(minute(0), 1, 0, minute(10)), (minute(10), 1, 1, None)]
    assert found.restart_at == minute(40)


# --- Whatever silences there are -----------------------------------------------------------------------------------

SPANS = st.tuples(st.integers(-30, 120), st.integers(1, 90), st.booleans())
SILENCES = st.lists(SPANS.map(lambda span: a_silence(span[0], span[0] + span[1], is_for_critical=span[2])), max_size=5)
PATHS = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 2)), min_size=1, max_size=4).map(
    lambda steps: with_path(
        *(
            a_step("critical-alerts", after=after if at else 0, repeat=repeat if at else 0)
            for at, (after, repeat) in enumerate(steps)
        )
    )
)


def is_under(silences: Iterable[Silence], incident: Incident, at: float) -> bool:
    return any(
        one.starts_at <= minute(at) < one.ends_at and (one.is_for_critical or incident.severity != "critical")
        for one in silences
    )


@settings(max_examples=examples(150), derandomize=True, database=None, deadline=None)
@given(PATHS, SILENCES, st.sampled_from(["critical", "high"]))
def test_somebody_is_told_by_the_next_step_or_when_the_silence_is_over(policy, silences, severity) -> None:
    world = World(policy)
    world.rules = under(policy, *silences)
    said: list[tuple[float, int, int]] = []
    keep = world._keep

    def watched(change: Change, before: Incident) -> None:
        keep(change, before)
        now = (world.now - minute(0)) / timedelta(minutes=1)
        fired = [entry for entry in change.entries if entry.action in {"step.fired", "step.silenced"}]
        said.extend((now, int(entry.after["step"]), entry.action == "step.fired") for entry in fired)

    world._keep = watched
    world.hear(an_observation(0, text_severity=severity))
    world.wait(timedelta(hours=6))
    incident = world.only()
    path = policy.paths["only"]
    for place, (at, step, is_told) in enumerate(said):
        if is_told:
            continue
        is_first = place == 0 or said[place - 1][1] != step or said[place - 1][2]
        told_at = next(when for when, _step, is_loud in said[place:] if is_loud)
        free = next(when for when in range(int(at), 1000) if not is_under(silences, incident, when))
        assert is_under(silences, incident, at), "only what is under a silence is silenced"
        assert told_at <= free
        if is_first and step < len(path):
            here, following = path[step - 1], path[step]
            assert told_at <= at + here.repeat * (here.after / timedelta(minutes=1)) + following.after / timedelta(
                minutes=1
            )


def test_at_the_end_of_a_silence_a_step_still_waits_for_its_hours() -> None:
    office = replace(EXAMPLE_POLICY.hours["office"], holidays=None)
    policy = replace(with_path(replace(a_step("critical-alerts"), during="office")), hours={"office": office})
    silence = a_silence(0, 600)
    silenced = opened(policy, silence).incident
    over = fire_deadline(silenced, under(policy), silenced.due_at)
    assert (silenced.due_kind, silenced.due_at, told(over)) == (DueKind.SILENCE_END, silence.ends_at, [])
    at_nine = over.incident.due_at
    assert at_nine is not None
    assert at_nine.astimezone(office.timezone).strftime("%a %H:%M") == "Fri 09:00"
    assert told(fire_deadline(over.incident, under(policy), at_nine)) == ["critical-alerts"]
