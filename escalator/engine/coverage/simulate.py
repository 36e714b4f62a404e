"""Simulate incidents with the live engine, for all openings at once, with nobody answering.

What `open_incident` and `fire_deadline` decide depends on the instant only through who is on call then and which
hours are open or will open. So each is called once for every state of these (`timeline`), not for every minute. An
opening is followed send by send. The instants of the sends move with the opening; until one of them comes to a
change of the timeline, all openings have the same result.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from escalator.engine.coverage.reached import reached_recipients, unique_recipients
from escalator.engine.coverage.timeline import ChangeTimeline
from escalator.engine.coverage.values import CoverageInterval, ReachedRecipient
from escalator.engine.deadlines import fire_deadline
from escalator.engine.incident_change import Change, NotificationRequest, PolicyPair
from escalator.engine.preview import open_hypothetical_incident
from escalator.engine.steps import next_send
from escalator.engine.targets import last_resort_targets, schedules_of_targets
from escalator.model.facts import Observation
from escalator.model.incident import DueKind, Incident, State
from escalator.model.policy import Policy
from escalator.schedules.hours import is_open

FOLLOWED_FOR = timedelta(days=14)
"""How long an incident is followed after its opening: later notifications do not count."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Moment:
    """A future decision of the engine, with its outcome in each state that it depends on."""

    decide: Callable[[datetime], Change]
    states: Sequence[Hashable]
    outcomes: dict[Hashable, "_Outcome"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The outcome of a decision: whom it notifies, and the next one: `delay` later, or `at` the opening of hours."""

    notices: tuple[NotificationRequest, ...]
    is_restart: bool
    is_silent: bool
    next_send: _Moment | None
    delay: timedelta
    at: datetime | None
    recipients: dict[int, tuple[ReachedRecipient, ...]] = field(default_factory=dict)


class _EffectiveSend(NamedTuple):
    """A send that reaches somebody; its instant `moves` with the opening, or is fixed where hours open."""

    at: datetime
    moves: bool
    is_restart: bool
    recipients: tuple[ReachedRecipient, ...]


class CoverageSimulation:
    """One incident of a policy that has one route, opened at any instant of a timeline."""

    def __init__(
        self, observation: Observation, source: str, rules: PolicyPair, timeline: ChangeTimeline, target: timedelta
    ) -> None:
        (route,) = rules.frozen.routes
        self._assign = route.assign
        self._path = rules.frozen.paths.get(route.path, ())
        self._rules = rules
        self._timeline = timeline
        self._target = target
        named = {key for step in self._path for key in (step.during, step.outside)}
        self._waited_for = [hours for key, hours in rules.running.hours.items() if key in named]
        self._moments: dict[Hashable, _Moment] = {}
        self._opening = _Moment(lambda at: open_hypothetical_incident(observation, source, rules, at), self._states(0))

    def intervals(self, start: datetime, end: datetime) -> Iterator[CoverageInterval]:
        """Yield intervals of openings from start to end, without gap; consecutive intervals differ."""
        last: CoverageInterval | None = None
        while start < end:
            interval = self._longest_interval(start, end)
            if last is not None and _has_equal_outcome(last, interval):
                last = replace(last, end=interval.end)
            else:
                if last is not None:
                    yield last
                last = interval
            start = interval.end
        if last is not None:
            yield last

    def _longest_interval(self, opened: datetime, end: datetime) -> CoverageInterval:
        """Return the longest interval from this instant on in which all openings have the same result."""
        sends: list[_EffectiveSend] = []
        moment, at, moves = self._opening, opened, True
        is_silent = False
        while True:
            span = self._timeline.span(at)
            if moves:
                end = min(end, opened + (self._timeline.starts[span + 1] - at))
            outcome = self._outcome(moment, span)
            is_silent = is_silent or outcome.is_silent
            recipients = self._listeners(outcome, span)
            if recipients:
                sends.append(_EffectiveSend(at, moves, outcome.is_restart, recipients))
            if outcome.next_send is None:
                break
            moment, moves = outcome.next_send, moves and outcome.at is None
            at = outcome.at or at + outcome.delay
            if at - opened > FOLLOWED_FOR:
                end = end if moves else min(end, at - FOLLOWED_FOR)
                break
        return self._build_interval(opened, end, sends, is_silent=is_silent)

    def _build_interval(
        self, opened: datetime, end: datetime, sends: list[_EffectiveSend], *, is_silent: bool
    ) -> CoverageInterval:
        in_time = [send for send in sends if send.at - opened <= self._target]
        # A later opening is nearer to a send at a fixed instant, which then comes within the target.
        comes_in_time = [send.at - self._target for send in sends if not send.moves and send not in in_time]
        first = sends[0] if sends else None
        return CoverageInterval(
            opened,
            min([end, *comes_in_time]),
            first.recipients[0] if first else None,
            first.at - opened if first and first.moves else None,
            first.at if first and not first.moves else None,
            unique_recipients(recipient for send in in_time for recipient in send.recipients),
            unique_recipients(recipient for send in sends if not send.is_restart for recipient in send.recipients),
            is_silent,
        )

    def _outcome(self, moment: _Moment, span: int) -> _Outcome:
        state = moment.states[span]
        outcome = moment.outcomes.get(state)
        if outcome is None:
            at = self._timeline.middle(span)
            outcome = moment.outcomes[state] = self._outcome_of(moment.decide(at), at)
        return outcome

    def _outcome_of(self, change: Change, at: datetime) -> _Outcome:
        incident, due = change.incident, change.incident.due_at
        is_restart = incident.round > 1
        follows = due is not None and incident.state is State.TRIGGERED and not is_restart
        stands = due if due is not None and self._is_opening(due) else None
        return _Outcome(
            change.notices,
            is_restart,
            incident.state is State.LOGGED,
            self._moment(incident) if follows else None,
            due - at if due is not None else timedelta(0),
            stands if incident.due_kind is DueKind.STEP else None,
        )

    def _is_opening(self, at: datetime) -> bool:
        """Whether hours that a step waits for open or close at this very instant."""
        return any(is_open(hours, at) != is_open(hours, at - _TICK) for hours in self._waited_for)

    def _moment(self, incident: Incident) -> _Moment:
        """Return the firing of this incident's deadline; incidents that differ only in their instants share one."""
        key = (incident.due_kind, incident.step, incident.send_number)
        if key not in self._moments:
            send = next_send(incident, self._path)
            states = self._states(send.step if send else 0)
            self._moments[key] = _Moment(lambda at: fire_deadline(incident.changed(due_at=at), self._rules, at), states)
        return self._moments[key]

    def _states(self, first: int) -> Sequence[Hashable]:
        """Return what the firing of this step depends on: whom it can notify, and which hours it or the next waits
        for.
        """
        policy = self._rules.running
        steps = self._path[first : first + 2]
        targets = (*(target for step in steps[:1] for target in step.notify), *end_of_path_targets(policy))
        schedules = schedules_of_targets(targets, self._assign, policy)
        return self._timeline.states(schedules, with_hours=any(step.during or step.outside for step in steps))

    def _listeners(self, outcome: _Outcome, span: int) -> tuple[ReachedRecipient, ...]:
        recipients = outcome.recipients.get(span)
        if recipients is None:
            at = self._timeline.middle(span)
            recipients = outcome.recipients[span] = reached_recipients(outcome.notices, self._rules.running, at)
        return recipients


def _has_equal_outcome(left: CoverageInterval, right: CoverageInterval) -> bool:
    return (left.first, left.delay, left.at, left.is_silent, left.responders, left.reached) == (
        *(right.first, right.delay, right.at, right.is_silent, right.responders, right.reached),
    )


def end_of_path_targets(policy: Policy) -> tuple[str, ...]:
    """Return the targets that are notified when a path restarts, or when it reaches nobody."""
    return (*policy.unanswered.tell, *last_resort_targets(policy))
