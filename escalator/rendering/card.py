"""Incident -> card: at most eight lines on a phone, and the timeline so far for seniors."""

from collections.abc import Iterator
from datetime import datetime

from escalator.engine.silences import is_silenced
from escalator.engine.stream_actions import startable_actions
from escalator.model.incident import HELD_STATES, DueKind, Incident, Outcome, State
from escalator.model.levels import ContentRule
from escalator.model.message import Card, IncidentStatus, InlineTime, Line, Link, Occasion
from escalator.model.stream_action import ActionState
from escalator.rendering import push_text, webhook_payload
from escalator.rendering.buttons import buttons
from escalator.rendering.grouping import group_words
from escalator.rendering.redaction import Disclosure, dashboard_url, disclose
from escalator.rendering.silences import silenced_by
from escalator.rendering.stream_actions import action_line
from escalator.rendering.targets import join_with_and
from escalator.rendering.view import View
from escalator.stream import manual_incident

_FIRST_AGAIN = frozenset({Occasion.ONE_MORE, Occasion.HAND_OVER, Occasion.OVERDUE})
_FIRST_RUNG = (1, 0, 1)
_NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


def card(view: View) -> Card:
    """Return the full message: everything that may be shown, and the buttons of the incident's state."""
    rule = view.rule
    disclosure = disclose(view.incident, rule, view.now)
    return Card(
        text=text(view),
        header=view.headline,
        lines=tuple(_lines(view, disclosure, rule)),
        snippet=disclosure.snippet,
        buttons=buttons(
            view.incident,
            rule,
            can_reveal=disclosure.can_reveal,
            stream_actions=startable_actions(view.incident, view.running),
        ),
        mentions=view.mentions,
    )


def reply(full: Card) -> Card:
    """Return the reply in the thread of a full message: the locked phone's text and the mentions, no content."""
    return Card(text=full.text, header="", lines=((full.text,),), mentions=full.mentions)


def standing(view: View) -> IncidentStatus:
    """Return the incident's status, for vendors with fields of their own."""
    incident = view.incident
    is_over = incident.state is State.RESOLVED
    return IncidentStatus(
        incident_id=incident.id,
        number=incident.number,
        round=incident.round,
        state=incident.state,
        severity=incident.severity,
        headline=view.headline,
        by=incident.closed_by if is_over else incident.owner,
        since=incident.closed_at if is_over else incident.acknowledged_at,
        outcome=incident.outcome,
        is_superseded=view.is_superseded,
        is_first=view.rung == _FIRST_RUNG,
        data=webhook_payload.data(view) if view.channel.about.is_for_machines else {},
    )


def alarm(text: str, details: tuple[str, ...] = (), *, mentions: tuple[str, ...] = (), is_test: bool = False) -> Card:
    """Return the card of an operator alert. `details` are lines without content, ids and keys only."""
    shown = push_text.marked(text, is_test=is_test, is_drill=False)
    return Card(text=shown, header=shown, lines=tuple((detail,) for detail in details), mentions=mentions)


def text(view: View) -> str:
    """Return the text that a locked phone shows."""
    return _marked(view, _text(view))


def _marked(view: View, text: str) -> str:
    return push_text.marked(text, is_test=view.is_test, is_drill=view.is_drill)


def _text(view: View) -> str:
    incident = view.incident
    if incident.state is State.MERGED and view.others.merged_into is not None:
        return f"#{incident.number} is now part of #{view.others.merged_into}"
    if incident.state is State.GROUPED and view.others.group is not None:
        return f"#{incident.number} is now part of #{view.others.group}"
    if incident.state is State.RESOLVED and incident.outcome is not None:
        return push_text.resolved(incident.number, view.name(incident.closed_by), incident.outcome)
    if incident.state in HELD_STATES:
        return _taken_text(view)
    return _asking_text(view)


def _taken_text(view: View) -> str:
    incident = view.incident
    left = view.time_left
    if view.occasion is Occasion.ACTION_FAILED and incident.stream_actions:
        return f"#{incident.number}: {action_line(incident.stream_actions[-1], view.name)}"
    if view.occasion is Occasion.REMIND and left is not None:
        return push_text.resolve_soon(incident.severity, view.title, incident.number, left)
    taken_at = incident.acknowledged_at or view.now
    return push_text.taken(incident.number, view.name(incident.owner), taken_at - view.since)


def _asking_text(view: View) -> str:
    incident = view.incident
    subject = (incident.severity, view.title, incident.number)
    is_first = incident.step <= 0 and incident.send_number <= 1
    if view.occasion in _FIRST_AGAIN or (is_first and not incident.restarts):
        return push_text.first_page(*subject, view.time_left)
    if incident.send_number > 1 or is_first:
        return push_text.still_unanswered(*subject, view.waited)
    return push_text.nobody_answered(*subject, view.waited)


def _lines(view: View, disclosure: Disclosure, rule: ContentRule) -> Iterator[Line]:
    yield _subject_line(view.incident, disclosure)
    if view.incident.is_group:
        yield (group_words(view),)
    if disclosure.content is not None and disclosure.snippet is None:
        yield (disclosure.content,)
    judgement = " · ".join(part for part in (disclosure.did, disclosure.why, disclosure.labels) if part)
    if judgement:
        yield (judgement,)
    if disclosure.who is not None:
        yield (disclosure.who,)
    yield from _state(view, disclosure)
    if view.incident.stream_actions:
        yield (action_line(view.incident.stream_actions[-1], view.name),)
    yield from _next(view)
    links = _links(view, rule)
    if links:
        yield links
    if view.is_for_seniors and view.story:
        yield ("Timeline so far:",)
        yield from ((InlineTime(at), f" {event_text}") for at, event_text in view.story)


def _subject_line(incident: Incident, disclosure: Disclosure) -> Line:
    known = (f"#{incident.number}", incident.source, disclosure.kinds)
    return (" · ".join(part for part in known if part) + " · opened ", InlineTime(incident.opened_at))


def _state(view: View, disclosure: Disclosure) -> Iterator[Line]:
    incident = view.incident
    match incident.state:
        case State.TRIGGERED:
            yield _waiting_or_silenced(view)
        case State.ACKNOWLEDGED:
            taken_at = incident.acknowledged_at or view.now
            yield (f"Acknowledged by {view.name(incident.owner)} after {push_text.words(taken_at - view.since)}",)
        case State.SNOOZED:
            yield _until(f"Snoozed by {view.name(incident.owner)}", incident.due_at)
        case State.RESOLVED:
            yield (_resolved(view, disclosure),)
            if not _is_reviewed(incident):
                yield ("Still open in Stream: review it there too",)
        case _:
            yield (_continued_in(view),)


def _continued_in(view: View) -> str:
    """Return where a merged or grouped incident continues."""
    if view.incident.state is State.MERGED:
        number = view.others.merged_into
        return f"Merged into {f'#{number}' if number else 'another incident'}: continue there"
    if view.incident.state is State.GROUPED:
        number = view.others.group
        return f"Part of {f'group #{number}' if number else 'a group'}: acknowledge it there, with the others"
    return "Logged only: nobody is notified"


def _waiting_or_silenced(view: View) -> Line:
    """Return who must answer, and the silence because of which somebody was not notified."""
    incident = view.incident
    if view.silence is None or incident.silenced_step is None:
        return (_waiting(view),)
    silence_text = silenced_by(view.silence, view.running)
    lead = f"S{silence_text[1:]}" if is_silenced(incident) else f"{_waiting(view)} · {silence_text}"
    return (f"{lead} until ", InlineTime(view.silence.ends_at), f": step {incident.silenced_step + 1} is not sent")


def _waiting(view: View) -> str:
    waiting = f"Waiting for {join_with_and(view.waiting_for)}" if view.waiting_for else "Waiting for an acknowledgement"
    answered = list(dict.fromkeys(answer.person for answer in view.incident.acknowledgements))
    missing = view.incident.acks_needed - len(answered)
    if not answered or missing < 1:
        return waiting
    names = join_with_and(view.name(person) for person in answered)
    progress = f"{len(answered)} of {view.incident.acks_needed}: {names}"
    return f"{progress}; {_NUMBERS.get(missing, str(missing))} more needed"


def _until(text: str, at: datetime | None) -> Line:
    return (text,) if at is None else (f"{text} until ", InlineTime(at))


def _resolved(view: View, disclosure: Disclosure) -> str:
    outcome = push_text.OUTCOMES[view.incident.outcome] if view.incident.outcome else "closed"
    reference = f" ({disclosure.reference})" if disclosure.reference else ""
    return f"Resolved by {view.name(view.incident.closed_by)}: {outcome}{reference}"


def _is_reviewed(incident: Incident) -> bool:
    """Whether Stream's own queue is done with it, by a review that no later flag or report has outweighed, or never
    had it: drills and incidents opened by a person are not in that queue.
    """
    is_done_there = any(
        action.state is ActionState.DONE and action.round == incident.round for action in incident.stream_actions
    )
    is_ours = is_done_there or incident.drill is not None or incident.facts.values("event") == {manual_incident.TYPE}
    if incident.outcome is Outcome.REVIEWED_IN_STREAM or is_ours:
        return True
    reviewed_at = incident.reviewed_at
    if reviewed_at is None:
        return False
    flagged = [at for name in ("label", "report") for at in incident.facts.seen.get(name, {}).values()]
    return all(at < reviewed_at for at in flagged)


def _next(view: View) -> Iterator[Line]:
    incident, left = view.incident, view.time_left
    if incident.due_at is None or left is None:
        return
    when = f" (in {push_text.words_left(left)}): " if left.total_seconds() > 0 else " (now): "
    if incident.state is State.ACKNOWLEDGED:
        due = "a reminder" if incident.due_kind is DueKind.REMIND else "resolve by then, or it restarts from step 1"
        yield ("Next, ", InlineTime(incident.due_at), when, due)
    elif incident.state is State.TRIGGERED and view.next_what:
        yield ("Next, ", InlineTime(incident.due_at), when, view.next_what)


def _links(view: View, rule: ContentRule) -> Line:
    source = view.running.sources.get(view.incident.source) or view.frozen.sources.get(view.incident.source)
    template = view.expand(source.dashboard_url) if source and source.dashboard_url else ""
    runbook = view.expand(view.category.runbook) if view.category and view.category.runbook else ""
    stream = Link("Open in Stream", dashboard_url(template, view.incident, rule)) if template else None
    book = Link("Runbook", runbook) if runbook else None
    if stream and book:
        return (stream, " · ", book)
    return tuple(link for link in (stream, book) if link)
