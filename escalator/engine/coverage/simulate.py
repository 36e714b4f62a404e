"""The live engine, run ahead for every opening at once, with nobody answering.

What `open_incident` and `fire` decide depends on the instant only by who is on call then and by which hours are open
or will open. So each is called once for every state of these (`timeline`), and not for every minute. What happens to
an opening is followed send by send until one of these instants, which move with it, comes to where something changes;
until then all openings fare alike.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from escalator.engine.coverage.reached import listeners_reached, unique_listeners
from escalator.engine.coverage.timeline import ChangeTimeline
from escalator.engine.coverage.values import CoverageInterval, Listener
from escalator.engine.deadlines import fire_deadline
from escalator.engine.incident_change import Change, NotificationRequest, Rules
from escalator.engine.preview import open_hypothetical_incident
from escalator.engine.steps import next_send
from escalator.engine.targets import last_resort_targets, schedules_of_targets
from escalator.model.facts import Observation
from escalator.model.incident import DueKind, Incident, State
from escalator.model.policy import Policy
from escalator.schedules.hours import is_open

FOLLOWED_FOR = timedelta(days=14)
"""How long an incident is followed: whoever is told later than this after its opening counts for nobody."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Moment:
    """A decision of the engine that is still to come, and what it amounts to in each state that it depends on."""

    decide: Callable[[datetime], Change]
    states: Sequence[Hashable]
    outcomes: dict[Hashable, "_Outcome"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a decision amounts to: whom it tells, and the next one: `delay` later, or `at` the opening of hours."""

    notices: tuple[NotificationRequest, ...]
    is_restart: bool
    is_silent: bool
    next_send: _Moment | None
    delay: timedelta
    at: datetime | None
    heard: dict[int, tuple[Listener, ...]] = field(default_factory=dict)


class _Sent(NamedTuple):
    """A send that somebody hears; `moves` with the opening, or stands where hours open."""

    at: datetime
    moves: bool
    is_restart: bool
    heard: tuple[Listener, ...]


class CoverageSimulation:
    """One incident of a policy that has one route, opened at any instant of a timeline."""

    def __init__(
        self, observation: Observation, source: str, rules: Rules, timeline: ChangeTimeline, target: timedelta
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
        """Yield what becomes of openings from start to end, without gap; two that follow each other differ."""
        last: CoverageInterval | None = None
        while start < end:
            found = self._from(start, end)
            if last is not None and _fares_alike(last, found):
                last = replace(last, end=found.end)
            else:
                if last is not None:
                    yield last
                last = found
            start = found.end
        if last is not None:
            yield last

    def _from(self, opened: datetime, end: datetime) -> CoverageInterval:
        """Return the longest interval from this instant on in which all openings fare alike."""
        sends: list[_Sent] = []
        moment, at, moves = self._opening, opened, True
        is_silent = False
        while True:
            span = self._timeline.span(at)
            if moves:
                end = min(end, opened + (self._timeline.starts[span + 1] - at))
            outcome = self._outcome(moment, span)
            is_silent = is_silent or outcome.is_silent
            heard = self._heard(outcome, span)
            if heard:
                sends.append(_Sent(at, moves, outcome.is_restart, heard))
            if outcome.next_send is None:
                break
            moment, moves = outcome.next_send, moves and outcome.at is None
            at = outcome.at or at + outcome.delay
            if at - opened > FOLLOWED_FOR:
                end = end if moves else min(end, at - FOLLOWED_FOR)
                break
        return self._interval(opened, end, sends, is_silent=is_silent)

    def _interval(self, opened: datetime, end: datetime, sends: list[_Sent], *, is_silent: bool) -> CoverageInterval:
        in_time = [one for one in sends if one.at - opened <= self._target]
        # As the opening comes nearer to what stands still, that comes within the target.
        comes_in_time = [one.at - self._target for one in sends if not one.moves and one not in in_time]
        first = sends[0] if sends else None
        return CoverageInterval(
            opened,
            min([end, *comes_in_time]),
            first.heard[0] if first else None,
            first.at - opened if first and first.moves else None,
            first.at if first and not first.moves else None,
            unique_listeners(heard for one in in_time for heard in one.heard),
            unique_listeners(heard for one in sends if not one.is_restart for heard in one.heard),
            is_silent,
        )

    def _outcome(self, moment: _Moment, span: int) -> _Outcome:
        state = moment.states[span]
        found = moment.outcomes.get(state)
        if found is None:
            at = self._timeline.middle(span)
            found = moment.outcomes[state] = self._decided(moment.decide(at), at)
        return found

    def _decided(self, change: Change, at: datetime) -> _Outcome:
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
        """Return the firing of this incident's deadline, one for all that differ only in their instants."""
        known = (incident.due_kind, incident.step, incident.sending)
        if known not in self._moments:
            send = next_send(incident, self._path)
            states = self._states(send.step if send else 0)
            self._moments[known] = _Moment(
                lambda at: fire_deadline(replace(incident, due_at=at), self._rules, at), states
            )
        return self._moments[known]

    def _states(self, step: int) -> Sequence[Hashable]:
        """Return what the firing of this step depends on: whom it can tell, and for what it or the next can wait."""
        policy = self._rules.running
        steps = self._path[step : step + 2]
        targets = (*(target for one in steps[:1] for target in one.notify), *end_of_path_targets(policy))
        asked = schedules_of_targets(targets, self._assign, policy)
        return self._timeline.states(asked, with_hours=any(one.during or one.outside for one in steps))

    def _heard(self, outcome: _Outcome, span: int) -> tuple[Listener, ...]:
        found = outcome.heard.get(span)
        if found is None:
            at = self._timeline.middle(span)
            found = outcome.heard[span] = listeners_reached(outcome.notices, self._rules.running, at)
        return found


def _fares_alike(one: CoverageInterval, other: CoverageInterval) -> bool:
    return (one.first, one.delay, one.at, one.is_silent, one.responders, one.reached) == (
        *(other.first, other.delay, other.at, other.is_silent, other.responders, other.reached),
    )


def end_of_path_targets(policy: Policy) -> tuple[str, ...]:
    """Return the targets that are told when a path begins again, or when it reaches nobody at all."""
    return (*policy.unanswered.tell, *last_resort_targets(policy))
