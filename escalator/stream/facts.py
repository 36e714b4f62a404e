"""The facts that conditions can test, from one event, each with Stream's time for it.

Times decide whether something is newer than a review, so each fact has its own: a label has its flag's. Facts of the
whole item (its severity) have the time of its newest flag, not its `updated_at`, which changes with every review.
Facts that never change have the time of the item's creation.
"""

from collections.abc import Iterable
from datetime import datetime

from escalator.model.facts import AUTOMATIC, CALL_PREFIX, CUSTOM_PREFIX, Facts
from escalator.model.levels import Severity
from escalator.stream import events
from escalator.stream.actors import Actors
from escalator.stream.classifications import Classification
from escalator.stream.content import content_kinds_of
from escalator.stream.escalations import EscalationCall, action_names_of, escalation_calls_of
from escalator.stream.reviews import reviews_of
from escalator.stream.schemas import Appeal, ContentFlag, ReviewQueueItem, StreamEvent
from escalator.stream.sightings import FactCollector, confidence_text, severity_score_text
from escalator.stream.subject import EventSubject
from escalator.stream.text import normalized_word

USER_REPORT = "user_report"
_REPORTS = frozenset({events.MESSAGE_FLAGGED, events.USER_FLAGGED})
_SEVERITY_WORDS = frozenset(Severity) - {Severity.UNKNOWN}
_CALL_ACTIONS = {events.CALL_BLUR: "call_blur", events.CALL_WARNING: "call_warning"}
_BY_NO_ENGINE = frozenset({events.CUSTOM_ACTION, events.MARK_REVIEWED})


def facts_of(event: StreamEvent, subject: EventSubject, actors: Actors, at: datetime) -> Facts:
    """Return the facts in the event. `at` is the event's own time, for facts without one."""
    evidence = FactCollector()
    evidence.see("event", [event.type], at)
    if event.type not in events.ONLY_SHOWN:
        _see_item(evidence, event, subject, at)
        _see_flags(evidence, event.all_flags, at)
        _see_actions(evidence, event, actors, at)
        _see_judgement(evidence, event, at)
        _see_report(evidence, event, actors, at)
        _see_reporter(evidence, event, actors, at)
    return evidence.facts()


def _see_item(evidence: FactCollector, event: StreamEvent, subject: EventSubject, at: datetime) -> None:
    """Collect facts of the item that do not change."""
    item, appeal = event.snapshot, event.appeal
    since = (item.created_at if item else None) or at
    holders = [holder for holder in (event, item, appeal) if holder]
    call = item.call if item else None
    channels = [event.cid, *(message.cid for message in event.messages)]
    channels += [appeal.channel_cid if appeal else "", call.channel_cid if call else ""]
    teams = (event.team, *(item.teams if item else ()), call.team if call else "")
    evidence.see("kind", content_kinds_of(event, subject), since)
    evidence.see("entity_type", [subject.entity_type], since)
    evidence.see("author", [subject.author_id], since)
    evidence.see("channel", channels, since)
    evidence.see("stream_team", teams, since)
    evidence.see("config_key", [holder.config_key for holder in holders], since)
    evidence.see("language", item.languages if item else (), since)
    for custom in (event.custom, event.payload.custom):
        _see_custom(evidence, custom.items(), since)


def _see_custom(evidence: FactCollector, custom: Iterable[tuple[str, str]], at: datetime) -> None:
    for name, value in custom:
        evidence.see(CUSTOM_PREFIX + name, [value], at)


def _see_flags(evidence: FactCollector, flags: Iterable[ContentFlag], at: datetime) -> None:
    """Collect the facts of each flag, and the highest confidence so far: only that decides."""
    highest = 0.0
    for flagged_at, flag in sorted(((flag.created_at or at, flag) for flag in flags), key=lambda pair: pair[0]):
        labels = flag.labels or tuple(result.label for result in flag.result)
        evidence.see("label", labels, flagged_at)
        evidence.see("reason", [flag.reason], flagged_at)
        evidence.see("reporter", [flag_reporter(flag)], flagged_at)
        _see_custom(evidence, flag.custom.items(), flagged_at)
        if flag_reporter(flag) == "user":
            evidence.see("report", [flag.flagger_id], flagged_at)
        sure = max((float(confidence_text(result.confidence) or 0) for result in flag.result), default=0.0)
        if sure > highest:
            highest = sure
            evidence.see("confidence", [confidence_text(sure)], flagged_at)


def flag_reporter(flag: ContentFlag) -> str:
    """Return the reporter of a flag: user for a user's report, unless automod created it; else an engine."""
    return "user" if normalized_word(flag.type) == USER_REPORT and not flag.created_by_automod else "automod"


def _see_actions(evidence: FactCollector, event: StreamEvent, actors: Actors, at: datetime) -> None:
    """Collect actions and reviews, and by whom."""
    for action in event.all_actions:
        evidence.see("action", action_names_of(action), action.created_at or at)
        evidence.see("reporter", [normalized_word(action.reporter_type)], action.created_at or at)
    for call in escalation_calls_of(event, actors, at):
        _see_call(evidence, call, call.at or at)
    evidence.see("action", map(normalized_word, event.triggered_actions), at)
    evidence.see("action", [_CALL_ACTIONS.get(event.type, "")], at)
    if event.type == events.USER_BANNED:
        evidence.see("action", ["ban"], at)
    item = event.snapshot
    if item and item.escalation_metadata:
        evidence.see("reason", [item.escalation_metadata.reason], item.escalated_at or at)
        evidence.see(
            "escalation_priority", [normalized_word(item.escalation_metadata.priority)], item.escalated_at or at
        )
    for review in reviews_of(event, actors, at):
        evidence.see("review", [review.by], review.at)


def _see_call(evidence: FactCollector, call: EscalationCall, at: datetime) -> None:
    """Collect a call for people. Of those by people the newest counts, because each asks again."""
    evidence.see("action", call.names, at)
    _see_custom(evidence, call.options.items(), at)
    if "custom" in call.names:
        evidence.see("event", [events.CUSTOM_ACTION], at)
    if call.is_automatic:
        evidence.see(AUTOMATIC, call.names, at)
    elif call.at:
        for name in call.names:
            evidence.state(CALL_PREFIX + name, name, call.at)


def _see_judgement(evidence: FactCollector, event: StreamEvent, at: datetime) -> None:
    """Collect Stream's judgement: harms, severities, rules, recommendations."""
    item, appeal = event.snapshot, event.appeal
    since = judged_at(event, at)
    if item:
        evidence.see("confidence", [confidence_text(item.confidence_score)], since)
        evidence.state(
            "recommended_action", normalized_word(item.recommended_action), item.updated_at or item.created_at or at
        )
    if appeal:
        evidence.see("label", appeal.flag_labels, since)
        evidence.state("recommended_action", normalized_word(appeal.recommended_action), since)
    for judgement in (item, appeal):
        _see_severity(evidence, judgement, since)
    for content in (*event.messages, event.post):
        if content and content.moderation:
            evidence.see("label", content.moderation.text_harms + content.moderation.image_harms, since)
    if event.rule:
        evidence.see("rule", [event.rule.name, event.rule.id], at)
    evidence.state("recommended_action", normalized_word(event.recommended_action), at)
    _see_verdicts(evidence, event, at)


def judged_at(event: StreamEvent, at: datetime) -> datetime:
    """Return the time of facts of the whole item: that of its newest flag, else of its creation."""
    flagged = [flag.created_at for flag in event.all_flags if flag.created_at]
    held = event.snapshot or event.appeal
    return max(flagged) if flagged else (held.created_at if held else None) or at


def _see_severity(evidence: FactCollector, judgement: ReviewQueueItem | Appeal | None, at: datetime) -> None:
    if judgement:
        evidence.see("text_severity", [_severity_word(judgement.ai_text_severity)], at)
        evidence.see("severity_number", [severity_score_text(judgement.severity)], at)


def _severity_word(word: str) -> str:
    """Return Stream's word in lower case, or an empty text for a word that is no severity."""
    return normalized_word(word) if normalized_word(word) in _SEVERITY_WORDS else ""


def _see_verdicts(evidence: FactCollector, event: StreamEvent, at: datetime) -> None:
    """Collect the verdicts of an analysis, and of the contents that triggered a rule."""
    analysed = event.texts + event.images
    for verdict in analysed + event.matched_contents:
        evidence.see("language", [verdict.language], at)
        evidence.see("text_severity", [_severity_word(verdict.severity)], at)
        evidence.see("confidence", [confidence_text(verdict.confidence)], at)
        _see_classifications(evidence, verdict.classifications + verdict.ocr_classifications, at)
    advised = {normalized_word(verdict.action) for verdict in analysed} - {"", "keep"}
    if len(advised) == 1:
        evidence.state("recommended_action", advised.pop(), at)


def _see_classifications(evidence: FactCollector, classifications: Iterable[Classification], at: datetime) -> None:
    for classification in classifications:
        evidence.see("label", [classification.name], at)
        evidence.see("text_severity", [_severity_word(classification.severity)], at)
        evidence.see("confidence", [confidence_text(classification.confidence)], at)


def _see_report(evidence: FactCollector, event: StreamEvent, actors: Actors, at: datetime) -> None:
    """Collect a user's report, or the reason of a ban that was not by a person."""
    if event.type in _REPORTS:
        flag = event.flag
        flagged_at = (flag.created_at if flag else None) or at
        evidence.see("reason", [event.reason, flag.reason if flag else ""], flagged_at)
        if not (flag and flag.created_by_automod):
            evidence.see("report", [event.user.id if event.user else ""], flagged_at)
    elif event.type == events.USER_BANNED and not actors.banned_by(event):
        evidence.see("reason", [event.reason], at)


def _see_reporter(evidence: FactCollector, event: StreamEvent, actors: Actors, at: datetime) -> None:
    """Collect the reporter of an event without flags and actions (RULES 1, reporter)."""
    if event.type in _REPORTS:
        is_automod = event.flag is not None and event.flag.created_by_automod
        evidence.see("reporter", ["automod" if is_automod else "user"], at)
    elif event.type == events.USER_BANNED:
        evidence.see("reporter", ["moderator" if actors.banned_by(event) else "automod"], at)
    elif (
        not events.is_appeal(event.type)
        and event.type not in _BY_NO_ENGINE
        and not event.all_flags
        and not event.all_actions
    ):
        evidence.see("reporter", ["automod"], at)
